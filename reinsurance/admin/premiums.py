"""Premium entries in the admin: read and corrected in words, never in amounts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from reinsurance.admin.base import Panel, RecordAdmin, year_filter
from reinsurance.admin.claim_panels import details_of
from reinsurance.admin.editing import EditedAdmin, ReasonForm
from reinsurance.admin.values import currency_column, inception_column, money_column
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.premiums import PremiumEntryResource

IDENTITY = (
    "treaty",
    "policy_reference",
    "certificate_reference",
    "section",
    "risk_code",
    "transaction_type",
    "effective_date",
    "instalment_number",
    "period_start",
    "period_end",
)
"""What tells one entry from another."""
MONEY = (
    "currency",
    "amounts_are",
    "gross_amount",
    "commission_rate",
    "commission_amount",
    "brokerage_rate",
    "brokerage_amount",
    "other_fees_amount",
    "taxes_amount",
    "net_amount",
    "settlement_currency",
    "rate_of_exchange",
    "settled_amount",
    "written_amount",
    "sum_insured_amount",
    "sum_insured_currency",
    "deductible_amount",
    "instalments",
)
"""What only a bordereau states."""


@admin.register(PremiumEntry)
class PremiumEntryAdmin(EditedAdmin, RecordAdmin):
    """Premium transactions; their amounts come from bordereaux alone."""

    form = ReasonForm
    resource_classes = (PremiumEntryResource,)
    import_slug = "premiums"
    list_display = (
        "policy_reference",
        "transaction_type",
        "treaty",
        "inception",
        "section",
        "insured_name",
        "effective_date",
        "period_end",
        "currency_code",
        "gross_amount",
        "net_amount",
    )
    list_filter = ("transaction_type", year_filter("effective_date", "effective year"))
    list_select_related = ("treaty",)
    search_fields = (
        "policy_reference__startswith",
        "certificate_reference__startswith",
        "insured_name__istartswith",
    )
    search_related = {"treaty_id": (Treaty, "reference__startswith")}
    search_details = True
    search_help_text = (
        "Policy, certificate, insured or treaty begins with; a further detail as "
        'name=value, in quotes where it has blanks: "Insured State=New York"'
    )
    autocomplete_fields = ("line_of_business", "country")
    readonly_fields = (*IDENTITY, *MONEY)
    fieldsets = (
        ("Transaction", {"fields": (*IDENTITY, "expiry_date")}),
        (
            "Risk",
            {
                "fields": (
                    "insured_name",
                    "risk_inception",
                    "risk_expiry",
                    "line_of_business",
                    "country",
                )
            },
        ),
        (
            "Money",
            {
                "description": "Amounts come from bordereaux; to correct one, load a "
                "corrected bordereau.",
                "fields": MONEY,
            },
        ),
    )

    gross_amount = money_column("gross_premium", "gross premium")
    commission_amount = money_column("commission", "commission")
    brokerage_amount = money_column("brokerage", "brokerage")
    other_fees_amount = money_column("other_fees", "other fees and deductions")
    taxes_amount = money_column("taxes", "taxes")
    net_amount = money_column("net_premium", "net premium")
    settled_amount = money_column(
        "net_premium_settlement",
        "net premium, settled",
        currency="settlement_currency_id",
    )
    written_amount = money_column("written_premium", "total gross written premium")
    sum_insured_amount = money_column(
        "sum_insured", "sum insured", currency="sum_insured_currency_id"
    )
    deductible_amount = money_column("deductible", "deductible")
    currency_code = currency_column()
    inception = inception_column("treaty")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Premium comes in by bordereaux."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: PremiumEntry | None = None
    ) -> bool:
        """What was booked stays booked; a return premium takes it back."""
        return False

    def panels(self, record: Any) -> list[Panel]:
        """Further details."""
        return details_of(record.details)
