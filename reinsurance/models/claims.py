"""Losses: events, claims, their positions, and the statements that make these.

Field names follow the Coverholder Reporting Standards 5.2 (claims bordereau).
"""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Value

from reinsurance.ledger.amounts import AS_AT, MAIN, PAID, POSITION, TOLD, label_of
from reinsurance.models.base import (
    ZERO,
    MoneyField,
    Record,
    StandingManager,
    code_key,
    in_order,
    load_key,
    prefix_index,
    word_start_index,
)
from reinsurance.models.loads import Load
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


_IN_ORDER = (
    (
        "date_of_loss",
        "date_of_loss_to",
        "A loss ends on or after its beginning.",
    ),
    (
        "date_of_loss",
        "date_notified",
        "A claim is notified on or after the date of loss.",
    ),
    (
        "date_of_loss",
        "date_closed",
        "A claim is closed on or after the date of loss.",
    ),
    (
        "policy_inception",
        "policy_expiry",
        "A policy expires on or after its inception.",
    ),
)


_KEPT = (
    "The contract had a claim {} that was undone or left out by a correction. Its "
    "reference is kept for it, so no other can take its place: hand in a file "
    "with it."
)


class Claim(Record):  # type: ignore[django-manager-missing]
    """A claim: the loss and what describes it; its money is in its positions.

    Each value is the one told for the latest period, then the latest received, so the
    order of dates is looked at where one is told: an undo may leave two that different
    files told.  A claim stands while ``load`` does, one of the loads whose statements
    it stands by; one without stands by a person's word.
    """

    cedant_paths = ("treaty__cedant",)

    treaty = models.ForeignKey(
        Treaty, models.PROTECT, related_name="claims", db_index=False
    )
    reference = models.CharField("claim reference", max_length=60)
    load = load_key()
    lacked_by = load_key(help_text="The correction that left it out.")
    policy_reference = models.CharField(max_length=60, blank=True)
    certificate_reference = models.CharField(max_length=60, blank=True)
    insured_name = models.CharField(max_length=200, blank=True)
    loss_event = models.ForeignKey(
        LossEvent,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        db_index=False,
    )
    cause = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=500, blank=True)
    country = code_key(Country, null=True, blank=True, verbose_name="country of loss")
    date_of_loss = models.DateField(null=True, blank=True)
    date_of_loss_to = models.DateField("date of loss, to", null=True, blank=True)
    date_notified = models.DateField(null=True, blank=True)
    date_opened = models.DateField(null=True, blank=True)
    date_closed = models.DateField(null=True, blank=True)
    policy_inception = models.DateField(null=True, blank=True)
    policy_expiry = models.DateField(null=True, blank=True)
    status = code_key(ClaimStatus)
    details = models.JSONField(
        "further details",
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        help_text="Fields of the sender that have no place of their own, by name.",
    )

    replaced_field = "lacked_by"
    objects: ClassVar[models.Manager[Any]] = StandingManager()
    all_objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering = ["-id"]
        base_manager_name = "all_objects"
        indexes = [
            prefix_index("reference", "claim_reference_prefix"),
            prefix_index("policy_reference", "claim_policy_prefix"),
            word_start_index("insured_name", "claim_insured_start"),
            models.Index(fields=["status", "id"], name="claim_status"),
            models.Index(fields=["date_of_loss", "id"], name="claim_date_of_loss"),
            models.Index(
                fields=["loss_event"],
                name="claim_loss_event",
                condition=models.Q(loss_event__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["treaty", "reference"], name="claim_once"),
        ]

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        """Raise ValidationError where a person's dates contradict each other.

        Or where a new claim has the reference of one that is hidden.
        """
        wrong = {}
        if self._state.adding and self._is_hidden():
            wrong["reference"] = _KEPT.format(self.reference)
        for first, then, message in _IN_ORDER:
            before, after = getattr(self, first), getattr(self, then)
            if before and after and after < before:
                wrong[then] = message
        if wrong:
            raise ValidationError(wrong)

    def _is_hidden(self) -> bool:
        same = {"treaty": self.treaty_id, "reference": self.reference}
        hidden = Claim.all_objects.exclude(pk__in=Claim.objects.filter(**same))
        return hidden.filter(**same).exists()


def _amounts(names: tuple[str, ...], *, always: tuple[str, ...] = ()) -> type:
    """An abstract model that has an amount of each name; ``always``: nil, not null."""
    fields: dict[str, Any] = {
        name: MoneyField(label_of(name), default=ZERO, db_default=ZERO)
        if name in always
        else MoneyField(
            label_of(name) if name in POSITION else name.replace("_", " "),
            null=True,
            blank=True,
        )
        for name in names
    }
    meta = type("Meta", (), {"abstract": True})
    fields |= {"Meta": meta, "__module__": __name__}
    return type("Amounts", (models.Model,), fields)


class ClaimPosition(_amounts((*PAID, *AS_AT), always=MAIN)):  # type: ignore[misc]
    """The money of a claim in one section, risk code and currency, as it stands now.

    Worked out from the statements, never accumulated: the position at the latest
    period told.  Fees are the total of their kinds and of what is told in one sum.
    Incurred is paid plus reserve, indemnity and fees, gross of recoveries.
    """

    cedant_paths = ("claim__treaty__cedant",)

    claim = models.ForeignKey(
        Claim,
        models.CASCADE,
        related_name="positions",
        db_index=False,
    )
    section = models.CharField(max_length=20, blank=True, db_default="")
    risk_code = models.CharField(max_length=20, blank=True, db_default="")
    currency = code_key(Currency)
    load = load_key()
    lacked_by = load_key(help_text="The correction that left it out.")
    status = code_key(ClaimStatus, null=True, blank=True)
    period_end = models.DateField(
        null=True, blank=True, help_text="End of the latest period told."
    )
    incurred = models.GeneratedField(
        expression=F("paid_indemnity")
        + F("paid_fees")
        + F("reserve_indemnity")
        + F("reserve_fees"),
        output_field=MoneyField(),
        db_persist=True,
    )

    replaced_field = "lacked_by"
    objects: ClassVar[models.Manager[Any]] = StandingManager()
    all_objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering = ["claim", "section", "risk_code", "currency"]
        base_manager_name = "all_objects"
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "section", "risk_code", "currency"],
                name="claim_position_once",
                # At the end of a statement: two positions may swap their sections.
                deferrable=models.Deferrable.IMMEDIATE,
            )
        ]

    def __str__(self) -> str:
        parts = (str(self.claim), self.section, self.risk_code, self.currency_id)
        return " ".join(part for part in parts if part)


class ClaimStatement(_amounts(TOLD)):  # type: ignore[misc]
    """What one row of a file, or a person, told of a position for a period.

    Only ever added.  Null: not told.  ``told`` has a bit for each descriptive field of
    the claim that the row told; ``values`` has what it told where that is not what
    the claim says now.
    """

    cedant_paths = ("position__claim__treaty__cedant",)

    position = models.ForeignKey(
        ClaimPosition, models.CASCADE, related_name="statements", db_index=False
    )
    load = models.ForeignKey(
        Load, models.PROTECT, related_name="statements", db_index=False
    )
    row = models.PositiveIntegerField()
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    status = code_key(ClaimStatus, null=True, blank=True)
    told = models.IntegerField(default=0, db_default=0)
    values = models.JSONField(null=True, blank=True)
    details = models.JSONField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering = ["position", "period_end", "id"]
        indexes = [
            models.Index(fields=["position", "period_end"], name="statement_position"),
            BrinIndex(fields=["load"], name="statement_load", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"Statement of {self.position} for {self.period_end}"
