"""Losses: events, claims as they stand, and the ledger of what changed them.

Field names follow the Coverholder Reporting Standards 5.2 (claims bordereau).
"""

from django.db import models
from django.db.models import F

from reinsurance.models.base import (
    ZERO,
    MoneyField,
    Record,
    code_key,
    in_order,
    prefix_index,
    word_start_index,
)
from reinsurance.models.bordereaux import Bordereau
from reinsurance.models.reference import ClaimStatus, Country, Currency
from reinsurance.models.treaties import Treaty


class LossEvent(Record):
    """A happening that causes many claims, such as a storm."""

    cedant_paths = ()

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    catastrophe_code = models.CharField(
        max_length=20, blank=True, help_text="Lloyd's or PCS catastrophe code."
    )
    peril = models.CharField(max_length=80, blank=True)
    date_from = models.DateField(null=True, blank=True, db_index=True)
    date_to = models.DateField(null=True, blank=True)
    country = code_key(Country, null=True, blank=True)

    class Meta:
        ordering = ["-date_from", "code"]
        indexes = [
            prefix_index("catastrophe_code", "loss_event_cat_prefix"),
            word_start_index("name", "loss_event_name_start"),
            models.Index(fields=["updated_at", "id"], name="loss_event_updated"),
        ]
        constraints = [
            in_order(
                "loss_event_in_order",
                "date_from",
                "date_to",
                "An event ends on or after its beginning.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Claim(Record):
    """A claim as it stands now; money in the claim's currency, paid *to date*.

    Incurred is paid plus reserve, for indemnity and fees together, and is worked
    out by the database.
    """

    cedant_paths = ("treaty__cedant",)

    treaty = models.ForeignKey(
        Treaty, models.PROTECT, related_name="claims", db_index=False
    )
    reference = models.CharField("claim reference", max_length=60)
    bordereau = models.ForeignKey(
        Bordereau,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        help_text="The bordereau that last changed the claim.",
    )
    policy_reference = models.CharField(max_length=60, blank=True)
    certificate_reference = models.CharField(max_length=60, blank=True)
    insured_name = models.CharField(max_length=200, blank=True)
    loss_event = models.ForeignKey(
        LossEvent, models.PROTECT, null=True, blank=True, related_name="claims"
    )
    cause = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=500, blank=True)
    country = code_key(Country, null=True, blank=True, verbose_name="country of loss")
    date_of_loss = models.DateField()
    date_notified = models.DateField(null=True, blank=True)
    date_closed = models.DateField(null=True, blank=True)
    policy_inception = models.DateField(null=True, blank=True)
    policy_expiry = models.DateField(null=True, blank=True)
    status = code_key(ClaimStatus)
    currency = code_key(Currency)
    paid_indemnity = MoneyField("paid, indemnity", default=ZERO, db_default=ZERO)
    paid_fees = MoneyField("paid, fees", default=ZERO, db_default=ZERO)
    reserve_indemnity = MoneyField("reserve, indemnity", default=ZERO, db_default=ZERO)
    reserve_fees = MoneyField("reserve, fees", default=ZERO, db_default=ZERO)
    incurred = models.GeneratedField(
        expression=F("paid_indemnity")
        + F("paid_fees")
        + F("reserve_indemnity")
        + F("reserve_fees"),
        output_field=MoneyField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            prefix_index("reference", "claim_reference_prefix"),
            prefix_index("policy_reference", "claim_policy_prefix"),
            word_start_index("insured_name", "claim_insured_start"),
            models.Index(fields=["updated_at", "id"], name="claim_updated"),
            models.Index(fields=["status", "id"], name="claim_status"),
            models.Index(fields=["date_of_loss", "id"], name="claim_date_of_loss"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["treaty", "reference"], name="claim_once"),
            in_order(
                "claim_loss_before_notified",
                "date_of_loss",
                "date_notified",
                "A claim is notified on or after the date of loss.",
            ),
            in_order(
                "claim_loss_before_closed",
                "date_of_loss",
                "date_closed",
                "A claim is closed on or after the date of loss.",
            ),
            in_order(
                "claim_policy_in_order",
                "policy_inception",
                "policy_expiry",
                "A policy expires on or after its inception.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class ClaimMovement(models.Model):
    """One entry of the claims ledger: by how much a bordereau changed a claim.

    Entries are only ever added; a claim's money is the sum of its movements.
    """

    cedant_paths = ("claim__treaty__cedant",)

    claim = models.ForeignKey(
        Claim, models.CASCADE, related_name="movements", db_index=False
    )
    bordereau = models.ForeignKey(
        Bordereau, models.PROTECT, null=True, blank=True, related_name="movements"
    )
    period_end = models.DateField(null=True, blank=True)
    status = code_key(ClaimStatus, verbose_name="status after")
    paid_indemnity = MoneyField("paid, indemnity: change", default=ZERO)
    paid_fees = MoneyField("paid, fees: change", default=ZERO)
    reserve_indemnity = MoneyField("reserve, indemnity: change", default=ZERO)
    reserve_fees = MoneyField("reserve, fees: change", default=ZERO)
    recorded_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        ordering = ["claim", "id"]
        indexes = [
            models.Index(fields=["claim", "period_end"], name="movement_claim_period"),
            models.Index(fields=["recorded_at", "id"], name="movement_recorded"),
        ]

    def __str__(self) -> str:
        return f"Movement of {self.claim} on {self.recorded_at:%d %B %Y}"
