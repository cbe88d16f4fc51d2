"""What a worker can have in its hands: who has it, and whether that one still lives."""

from django.db import models
from django.db.models.functions import Now


class Leased(models.Model):
    """Work that one worker at a time does, see :mod:`importers.services.leases`.

    ``attempts`` is counted before the work begins; ``lease`` names the worker and
    ``heartbeat_at`` is fresh as long as it lives.  ``offered_at``: when it was put into
    the queue last; none where it stands back for others (``services/turns.py``).
    """

    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.CharField(max_length=80, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    offered_at = models.DateTimeField(null=True, blank=True, db_default=Now())

    class Meta:
        abstract = True
