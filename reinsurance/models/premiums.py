"""Premium ledger lines as premium bordereaux report them (CRS 5.2)."""

from django.db import models

from reinsurance.choices import PremiumTransaction
from reinsurance.models.base import (
    ZERO,
    MoneyField,
    Record,
    ShareField,
    code_key,
    in_order,
    prefix_index,
    share_between_0_and_1,
    word_start_index,
)
from reinsurance.models.bordereaux import Bordereau
from reinsurance.models.reference import Country, Currency, LineOfBusiness
from reinsurance.models.treaties import Treaty


class PremiumEntry(Record):
    """One premium transaction of a policy: money is this transaction's, not total."""

    cedant_paths = ("treaty__cedant",)

    treaty = models.ForeignKey(
        Treaty, models.PROTECT, related_name="premiums", db_index=False
    )
    bordereau = models.ForeignKey(
        Bordereau, models.PROTECT, null=True, blank=True, related_name="premiums"
    )
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
    taxes = MoneyField(null=True, blank=True)
    net_premium = MoneyField(null=True, blank=True)
    settlement_currency = code_key(Currency, null=True, blank=True)
    rate_of_exchange = models.DecimalField(
        max_digits=20, decimal_places=10, null=True, blank=True
    )
    net_premium_settlement = MoneyField(
        "net premium in settlement currency", null=True, blank=True
    )

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "premium entries"
        indexes = [
            prefix_index("policy_reference", "premium_policy_prefix"),
            prefix_index("certificate_reference", "premium_certificate_prefix"),
            word_start_index("insured_name", "premium_insured_start"),
            models.Index(fields=["updated_at", "id"], name="premium_updated"),
            models.Index(fields=["effective_date", "id"], name="premium_effective"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "treaty",
                    "policy_reference",
                    "certificate_reference",
                    "transaction_type",
                    "effective_date",
                ],
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
