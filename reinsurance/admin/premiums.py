"""Premium entries in the admin: read and corrected in words, never in amounts."""

from django.contrib import admin
from django.http import HttpRequest

from reinsurance.admin.base import RecordAdmin, year_filter
from reinsurance.admin.values import currency_column, money_column
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.premiums import PremiumEntryResource

IDENTITY = (
    "treaty",
    "policy_reference",
    "certificate_reference",
    "transaction_type",
    "effective_date",
)
"""What tells one entry from another."""
MONEY = (
    "currency",
    "gross_amount",
    "commission_rate",
    "commission_amount",
    "taxes_amount",
    "net_amount",
    "settlement_currency",
    "rate_of_exchange",
    "settled_amount",
)
"""What only a bordereau states."""


@admin.register(PremiumEntry)
class PremiumEntryAdmin(RecordAdmin):
    """Premium transactions; their amounts come from bordereaux alone."""

    resource_classes = (PremiumEntryResource,)
    import_slug = "premiums"
    list_display = (
        "policy_reference",
        "transaction_type",
        "treaty",
        "insured_name",
        "effective_date",
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
    search_help_text = "Policy, certificate, insured or treaty begins with"
    autocomplete_fields = ("line_of_business", "country")
    readonly_fields = (*IDENTITY, *MONEY, "bordereau")
    fieldsets = (
        (
            "Transaction",
            {"fields": (*IDENTITY, "expiry_date", "bordereau")},
        ),
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
    taxes_amount = money_column("taxes", "taxes")
    net_amount = money_column("net_premium", "net premium")
    settled_amount = money_column("net_premium_settlement", "net premium, settled")
    currency_code = currency_column()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Premium comes in by bordereaux."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: PremiumEntry | None = None
    ) -> bool:
        """What was booked stays booked; a return premium takes it back."""
        return False
