"""Receivers that are told of an ingestion's moves, and the log of what was sent."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from importers.models.choices import choices_of, is_one_of
from importers.models.ingestions import Event, Ingestion
from importers.models.secrets import SecretField
from importers.models.sources import Source
from importers.values import DeliveryStatus

_IS_WAITING = Q(status=DeliveryStatus.WAITING.value)


class Webhook(models.Model):
    """An address that is told of moves: of all files, or of one sender's.

    ``statuses`` are the statuses of which it is told; none: of all.  The secret signs
    what is sent; the one before it does so too until ``old_secret_until``.
    ``failing_since`` is when the first of nothing but failures happened.
    """

    cedant_paths = ("source__party",)

    name = models.CharField(max_length=120, unique=True)
    url = models.CharField("address", max_length=300)
    statuses = models.JSONField("told of", default=list, blank=True)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="webhooks"
    )
    is_active = models.BooleanField("active", default=True, editable=False)
    switched_off_reason = models.TextField(blank=True, editable=False)

    secret = SecretField(editable=False)
    old_secret = SecretField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["name"]
        permissions = [("send_webhook", "Can test webhooks and send again")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(switched_off_reason=""),
                name="webhook_active_without_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One move told to one webhook: what is sent, and what came of each try.

    ::

        waiting ──► delivered | failed ──► waiting (sent again)

    ``attempts`` is counted before each try; ``attempts_before`` are those before it
    was sent again.  A waiting delivery is due at ``next_try_at``; until
    ``offered_until`` a task of the queue has it.  ``story`` are lines of
    ``{"at", "said", "by"}``.
    """

    cedant_paths = ("webhook__source__party",)

    webhook = models.ForeignKey(
        Webhook, models.CASCADE, related_name="deliveries", db_index=False
    )
    ingestion = models.ForeignKey(Ingestion, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    identifier = models.CharField(max_length=40, unique=True)
    payload = models.JSONField()

    status = models.CharField(
        max_length=10,
        choices=choices_of(DeliveryStatus),
        default=DeliveryStatus.WAITING,
    )
    attempts = models.PositiveIntegerField(default=0)
    attempts_before = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    offered_until = models.DateTimeField(null=True, blank=True)

    last_answer = models.PositiveSmallIntegerField(null=True, blank=True)
    last_problem = models.TextField(blank=True)
    story = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    first_at = models.DateTimeField("first try", null=True, blank=True)
    last_at = models.DateTimeField("last try", null=True, blank=True)
    seconds = models.FloatField("took", null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["status", "-id"], name="delivery_status"),
            models.Index(
                fields=["next_try_at"],
                name="delivery_due",
                condition=_IS_WAITING,
            ),
            models.Index(
                fields=["last_at"],
                name="delivery_done",
                condition=Q(status=DeliveryStatus.DELIVERED.value),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "event"], name="delivery_once_an_event"
            ),
            models.CheckConstraint(
                condition=is_one_of("status", DeliveryStatus),
                name="delivery_status_known",
            ),
            models.CheckConstraint(
                condition=(_IS_WAITING & Q(next_try_at__isnull=False))
                | (~_IS_WAITING & Q(next_try_at__isnull=True)),
                name="delivery_waits_for_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk} to {self.webhook}"
