"""Premium ledger lines as premium bordereaux report them (CRS 5.2)."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q, Value

from reinsurance.choices import AmountsAre, PremiumTransaction
from reinsurance.models.base import (
    ZERO,
    MoneyField,
    Record,
    ShareField,
    StandingManager,
    code_key,
    in_order,
    load_key,
    prefix_index,
    share_between_0_and_1,
    word_start_index,
)
from reinsurance.models.reference import Country, Currency, LineOfBusiness
from reinsurance.models.treaties import Treaty


class PremiumEntry(Record):
    """One premium transaction of a policy, as one row told it for a period.

    Money is this transaction's, not the risk's total.  The same transaction told again
    for the same period is a new entry that replaces this one (``replaced_by``); told
    for another period it stands beside it.
    """

    cedant_paths = ("treaty__cedant",)

    treaty = models.ForeignKey(
        Treaty, models.PROTECT, related_name="premiums", db_index=False
    )
    load = load_key()
    row = models.PositiveIntegerField(default=0, editable=False)
    replaced_by = load_key()
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    section = models.CharField(max_length=20, blank=True)
    risk_code = models.CharField(max_length=20, blank=True)
    instalment_number = models.PositiveSmallIntegerField(null=True, blank=True)
    policy_reference = models.CharField(max_length=60)
    certificate_reference = models.CharField(max_length=60, blank=True)
    transaction_type = models.CharField(
        max_length=10,
        choices=PremiumTransaction,
        default=PremiumTransaction.ORIGINAL,
        db_index=True,
    )
    effective_date = models.DateField()
    expiry_date = models.DateField(null=True, blank=True)
    risk_inception = models.DateField(null=True, blank=True)
    risk_expiry = models.DateField(null=True, blank=True)
    insured_name = models.CharField(max_length=200, blank=True)
    line_of_business = models.ForeignKey(
        LineOfBusiness, models.PROTECT, null=True, blank=True, related_name="+"
    )
    country = code_key(Country, null=True, blank=True, verbose_name="country of risk")
    currency = code_key(Currency, verbose_name="original currency")
    gross_premium = MoneyField(
        default=ZERO, db_default=ZERO, help_text="Gross premium paid this time."
    )
    commission_rate = ShareField(null=True, blank=True)
    commission = MoneyField(null=True, blank=True)
    brokerage_rate = ShareField(null=True, blank=True)
    brokerage = MoneyField(null=True, blank=True)
    other_fees = MoneyField("other fees and deductions", null=True, blank=True)
    taxes = MoneyField(null=True, blank=True)
    net_premium = MoneyField(null=True, blank=True)
    settlement_currency = code_key(Currency, null=True, blank=True)
    rate_of_exchange = models.DecimalField(
        max_digits=20, decimal_places=10, null=True, blank=True
    )
    net_premium_settlement = MoneyField(
        "net premium in settlement currency", null=True, blank=True
    )
    amounts_are = models.CharField(
        "amounts are", max_length=5, choices=AmountsAre, blank=True
    )
    written_premium = MoneyField(
        "total gross written premium",
        null=True,
        blank=True,
        help_text="Of the whole risk, as the sender tells it; part of no sum.",
    )
    sum_insured = MoneyField(null=True, blank=True)
    sum_insured_currency = code_key(Currency, null=True, blank=True)
    deductible = MoneyField(null=True, blank=True)
    instalments = models.PositiveSmallIntegerField(
        "number of instalments", null=True, blank=True
    )
    details = models.JSONField(
        "further details",
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        help_text="Fields of the sender that have no place of their own, by name.",
    )
    told = models.BigIntegerField(default=0, db_default=0, editable=False)

    replaced_field = "replaced_by"
    objects: ClassVar[models.Manager[Any]] = StandingManager()
    all_objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "premium entries"
        base_manager_name = "all_objects"
        indexes = [
            prefix_index("policy_reference", "premium_policy_prefix"),
            prefix_index("certificate_reference", "premium_certificate_prefix"),
            word_start_index("insured_name", "premium_insured_start"),
            models.Index(fields=["updated_at", "id"], name="premium_updated"),
            models.Index(fields=["effective_date", "id"], name="premium_effective"),
            BrinIndex(fields=["load"], name="premium_load", pages_per_range=32),
            models.Index(
                fields=["replaced_by"],
                name="premium_replaced",
                condition=Q(replaced_by__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "treaty",
                    "policy_reference",
                    "certificate_reference",
                    "section",
                    "risk_code",
                    "transaction_type",
                    "effective_date",
                    "instalment_number",
                    "currency",
                    "period_end",
                    "load",
                    "row",
                ],
                nulls_distinct=False,
                name="premium_once",
            ),
            models.CheckConstraint(
                condition=models.Q(transaction_type__in=PremiumTransaction.values),
                name="premium_transaction_known",
            ),
            in_order(
                "premium_risk_in_order",
                "risk_inception",
                "risk_expiry",
                "A risk expires on or after its inception.",
            ),
            share_between_0_and_1("premium_commission_0_to_1", "commission_rate"),
        ]

    def __str__(self) -> str:
        return f"{self.policy_reference} {self.get_transaction_type_display()}"
