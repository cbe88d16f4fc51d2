"""Which clusters are at work: each has a row here and says so every few seconds."""

from django.db import models


class Beat(models.Model):
    """A watchdog's sign of life while its clusters run; ``queues`` they serve."""

    cedant_paths = ()

    name = models.CharField(max_length=120, unique=True, help_text="Host and process.")
    host = models.CharField(max_length=100)
    queues = models.JSONField(default=list)
    workers = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["name"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
