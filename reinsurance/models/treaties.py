"""Reinsurance contracts: treaty, its layers, who carries them, what they cover.

Terms follow Open Exposure Data (ReinsInfo, ReinsScope) and the contract side of
the Coverholder Reporting Standards 5.2. A limit that is not set is unlimited.
"""

from django.core.exceptions import ValidationError
from django.db import models

from reinsurance.choices import AttachmentBasis, RiskLevel, TreatyType
from reinsurance.models.base import (
    MoneyField,
    Record,
    ShareField,
    code_key,
    in_order,
    not_negative,
    prefix_index,
    share_between_0_and_1,
    too_fine,
    word_start_index,
)
from reinsurance.models.parties import Party
from reinsurance.models.reference import Currency, LineOfBusiness
from reinsurance.validators import are_charges


class Treaty(Record):
    """A contract under which a cedant passes risks on, for one period.

    Known by cedant, reference and inception: renewals under the same reference stand
    side by side, and two cedants may use the same number.
    """

    cedant_paths = ("cedant",)

    reference = models.CharField(
        max_length=60, help_text="Unique market reference (UMR) or number."
    )
    name = models.CharField(max_length=200, blank=True)
    cedant = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="treaties_ceded"
    )
    broker = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="treaties_broked"
    )
    treaty_type = models.CharField(
        "type", max_length=6, choices=TreatyType, db_index=True
    )
    basis = models.CharField(
        max_length=2,
        choices=AttachmentBasis,
        blank=True,
        help_text="Losses occurring: the loss falls in the period. "
        "Risks attaching: the policy begins in the period. Empty: not known.",
    )
    inception = models.DateField(null=True, blank=True, db_index=True)
    expiry = models.DateField(null=True, blank=True, db_index=True)
    currency = code_key(Currency)
    line_of_business = models.ForeignKey(
        LineOfBusiness, models.PROTECT, null=True, blank=True, related_name="+"
    )
    territories = models.CharField(max_length=200, blank=True)
    perils = models.CharField(max_length=200, blank=True)
    year_of_account = models.PositiveSmallIntegerField(
        null=True, blank=True, db_index=True
    )
    premium_income_limit = MoneyField(null=True, blank=True)
    loss_notification_threshold = MoneyField(null=True, blank=True)
    cash_loss_limit = MoneyField(null=True, blank=True)
    brokerage = ShareField(null=True, blank=True, help_text="Fraction of premium.")

    class Meta:
        ordering = ["reference", "inception"]
        verbose_name_plural = "treaties"
        indexes = [
            prefix_index("reference", "treaty_reference_prefix"),
            word_start_index("name", "treaty_name_start"),
            models.Index(fields=["updated_at", "id"], name="treaty_updated"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "cedant", "inception"],
                nulls_distinct=False,
                name="treaty_once",
                violation_error_message="There is a contract of this cedant with "
                "this reference and inception already.",
            ),
            share_between_0_and_1("treaty_shares_0_to_1", "brokerage"),
            in_order(
                "treaty_expiry_after_inception",
                "inception",
                "expiry",
                "A treaty expires on or after its inception.",
            ),
            models.CheckConstraint(
                condition=models.Q(treaty_type__in=TreatyType.values),
                name="treaty_type_known",
            ),
            models.CheckConstraint(
                condition=models.Q(basis__in=["", *AttachmentBasis.values]),
                name="treaty_basis_known",
            ),
            not_negative(
                "treaty_amounts_not_negative",
                "premium_income_limit",
                "loss_notification_threshold",
                "cash_loss_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        """Amounts have no more decimals than the currency has; ValidationError."""
        if wrong := too_fine(self, self.currency if self.currency_id else None):
            raise ValidationError(wrong)


class Layer(Record):
    """A slice of a treaty with terms of its own; amounts in the treaty's currency.

    Terms apply in this order: ceded share, risk terms, occurrence terms, aggregate
    terms, placed share; layers of a lower inuring priority first (OED).
    """

    cedant_paths = ("treaty__cedant",)

    treaty = models.ForeignKey(Treaty, models.CASCADE, related_name="layers")
    number = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=200, blank=True)
    ceded_share = ShareField(default=1, help_text="Fraction of each risk ceded.")
    risk_level = models.CharField(max_length=3, choices=RiskLevel, blank=True)
    risk_attachment = MoneyField(null=True, blank=True)
    risk_limit = MoneyField(null=True, blank=True, help_text="Empty: unlimited.")
    occurrence_attachment = MoneyField(null=True, blank=True)
    occurrence_limit = MoneyField(null=True, blank=True, help_text="Empty: unlimited.")
    aggregate_attachment = MoneyField(null=True, blank=True)
    aggregate_limit = MoneyField(null=True, blank=True, help_text="Empty: unlimited.")
    aggregate_period_days = models.PositiveIntegerField(null=True, blank=True)
    reinstatements = models.PositiveIntegerField(null=True, blank=True)
    reinstatement_charges = models.CharField(
        max_length=100, blank=True, help_text="One share for each, as in 0;0.5;1."
    )
    deposit_premium = MoneyField(null=True, blank=True)
    rate = ShareField(null=True, blank=True, help_text="Fraction of subject premium.")
    commission = ShareField(null=True, blank=True)
    brokerage = ShareField(null=True, blank=True)
    placed_share = ShareField(default=1, help_text="Fraction placed in the market.")
    inuring_priority = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["treaty", "number"]
        indexes = [models.Index(fields=["updated_at", "id"], name="layer_updated")]
        constraints = [
            models.UniqueConstraint(fields=["treaty", "number"], name="layer_once"),
            share_between_0_and_1(
                "layer_shares_0_to_1",
                "ceded_share",
                "placed_share",
                "rate",
                "commission",
                "brokerage",
            ),
            not_negative(
                "layer_amounts_not_negative",
                "risk_attachment",
                "risk_limit",
                "occurrence_attachment",
                "occurrence_limit",
                "aggregate_attachment",
                "aggregate_limit",
                "deposit_premium",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.treaty} layer {self.number}"

    def clean(self) -> None:
        """Decimals as the treaty's currency has, charges as shares; ValidationError."""
        treaty: Treaty | None = getattr(self, "treaty", None)
        is_known = treaty is not None and bool(treaty.currency_id)
        if wrong := too_fine(self, treaty.currency if treaty and is_known else None):
            raise ValidationError(wrong)
        if self.reinstatement_charges and not are_charges(self.reinstatement_charges):
            raise ValidationError(
                {
                    "reinstatement_charges": "Write a fraction from 0 to 1 for each "
                    "reinstatement, as in 0;0.5;1, where 1 is 100%."
                },
                code="bad_share",
            )


class Participation(Record):
    """A reinsurer's line on a layer; signed lines of a bound contract total 1."""

    cedant_paths = ("layer__treaty__cedant",)

    layer = models.ForeignKey(Layer, models.CASCADE, related_name="participations")
    reinsurer = models.ForeignKey(Party, models.PROTECT, related_name="participations")
    written_line = ShareField(null=True, blank=True)
    signed_line = ShareField(null=True, blank=True)
    is_lead = models.BooleanField("lead", default=False)

    class Meta:
        ordering = ["layer", "-is_lead", "reinsurer"]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="participation_updated")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["layer", "reinsurer"], name="participation_once"
            ),
            share_between_0_and_1(
                "participation_lines_0_to_1", "written_line", "signed_line"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reinsurer} on {self.layer}"


class TreatyScope(Record):
    """What a treaty covers: the filters of a row all hold, rows are alternatives."""

    cedant_paths = ("treaty__cedant",)

    treaty = models.ForeignKey(Treaty, models.CASCADE, related_name="scopes")
    portfolio = models.CharField(max_length=40, blank=True)
    account = models.CharField(max_length=40, blank=True)
    policy = models.CharField(max_length=40, blank=True)
    location_group = models.CharField(max_length=40, blank=True)
    location = models.CharField(max_length=40, blank=True)
    cedant_name = models.CharField(max_length=200, blank=True)
    producer_name = models.CharField(max_length=200, blank=True)
    line_of_business = models.CharField(max_length=80, blank=True)
    country_code = models.CharField(max_length=20, blank=True)
    tag = models.CharField(max_length=80, blank=True)
    risk_level = models.CharField(max_length=3, choices=RiskLevel, blank=True)
    ceded_share = ShareField(null=True, blank=True, help_text="Surplus treaties only.")

    class Meta:
        ordering = ["treaty", "id"]
        indexes = [
            prefix_index("portfolio", "scope_portfolio_prefix"),
            models.Index(fields=["updated_at", "id"], name="scope_updated"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "treaty",
                    "portfolio",
                    "account",
                    "policy",
                    "location_group",
                    "location",
                    "cedant_name",
                    "producer_name",
                    "line_of_business",
                    "country_code",
                    "tag",
                ],
                name="treaty_scope_once",
            ),
            share_between_0_and_1("scope_share_0_to_1", "ceded_share"),
        ]

    def __str__(self) -> str:
        parts = [
            self.portfolio,
            self.account,
            self.policy,
            self.location_group,
            self.location,
            self.cedant_name,
            self.producer_name,
            self.line_of_business,
            self.country_code,
            self.tag,
        ]
        return f"{self.treaty}: {' · '.join(filter(None, parts)) or 'everything'}"
