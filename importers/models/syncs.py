"""Syncs: each fetch of a feed, what it cost, brought and ended with."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from importers.models.choices import choices_of, is_one_of
from importers.models.ingestions import Ingestion
from importers.models.leased import Leased
from importers.models.webservices import Feed
from importers.values import RUNNING, SyncStatus


class Sync(Leased):
    """One fetch of a feed, which may take several attempts.

    ::

        waiting ──► fetching ──► handed in | nothing new
           ▲           └──► failed ──► waiting (next run: goes on) | cancelled
           └── (worker lost, or the next run)

    The pages fetched so far lie in storage under the keys of ``parts``; ``progress``
    says where to go on after them.  Both are written together.  ``settings_print`` is
    the fingerprint of what was asked for: a changed feed begins anew.
    """

    cedant_paths = ("feed__source__party",)

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="syncs")
    status = models.CharField(
        max_length=12, choices=choices_of(SyncStatus), default=SyncStatus.WAITING
    )
    door = models.CharField("started by", max_length=20)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    ingestion = models.ForeignKey(
        Ingestion, models.SET_NULL, null=True, blank=True, related_name="syncs"
    )

    pages = models.PositiveIntegerField(default=0)
    records = models.PositiveIntegerField(default=0)
    discarded = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    waited_seconds = models.FloatField(default=0)

    progress = models.JSONField(default=dict, blank=True)
    parts = models.JSONField(default=list, blank=True)
    discarded_parts = models.JSONField(default=list, blank=True)
    settings_print = models.CharField(max_length=64, blank=True)
    cursor_before = models.CharField(max_length=200, blank=True)
    cursor_after = models.CharField(max_length=200, blank=True)
    drift = models.JSONField(default=list, blank=True)
    deviations = models.JSONField(default=dict, blank=True)
    story = models.JSONField(default=list, blank=True)
    problem = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    details = models.TextField(blank=True)
    payload = models.CharField(
        max_length=200, blank=True, help_text="Storage key of the answer to blame."
    )

    asked_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["feed", "-id"], name="sync_of_feed"),
            models.Index(fields=["status", "-id"], name="sync_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=is_one_of("status", SyncStatus), name="sync_status_known"
            ),
            models.UniqueConstraint(
                fields=["feed"],
                condition=Q(status__in=[status.value for status in RUNNING]),
                name="sync_one_running_per_feed",
            ),
        ]

    def __str__(self) -> str:
        return f"Sync {self.pk} of {self.feed}"
