"""Periodic lists that cedants and brokers send, and when they are due."""

from django.db import models

from reinsurance.choices import BordereauKind, BordereauStatus
from reinsurance.models.base import Record, in_order
from reinsurance.models.loads import Load
from reinsurance.models.parties import Party
from reinsurance.models.treaties import Treaty


class Bordereau(Record):
    """One sender's list of claims or premiums of one contract for one period.

    A file counts for each contract it has rows for; ``load`` is the last that did.
    """

    cedant_paths = ("treaty__cedant", "party")

    kind = models.CharField(max_length=10, choices=BordereauKind)
    party = models.ForeignKey(
        Party,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bordereaux",
        verbose_name="sender",
    )
    treaty = models.ForeignKey(
        Treaty, models.PROTECT, null=True, blank=True, related_name="bordereaux"
    )
    load = models.ForeignKey(
        Load,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="bordereaux",
        editable=False,
    )
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True, db_index=True)
    due_date = models.DateField(null=True, blank=True, db_index=True)
    received_date = models.DateField(null=True, blank=True, db_index=True)
    is_nil = models.BooleanField(
        "nil return", default=False, help_text="The sender reported nothing to report."
    )
    status = models.CharField(
        max_length=10,
        choices=BordereauStatus,
        default=BordereauStatus.EXPECTED,
        db_index=True,
    )

    class Meta:
        ordering = ["-period_end", "-id"]
        verbose_name_plural = "bordereaux"
        indexes = [models.Index(fields=["updated_at", "id"], name="bordereau_updated")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "party", "treaty", "period_end"],
                condition=models.Q(period_end__isnull=False),
                nulls_distinct=False,
                name="bordereau_once_a_period",
            ),
            in_order(
                "bordereau_period_in_order",
                "period_start",
                "period_end",
                "A period ends on or after its start.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=BordereauKind.values),
                name="bordereau_kind_known",
            ),
        ]

    def __str__(self) -> str:
        sender = self.party.name if self.party else "unnamed sender"
        period = f" to {self.period_end}" if self.period_end else ""
        return f"{self.get_kind_display()} bordereau of {sender}{period}"
