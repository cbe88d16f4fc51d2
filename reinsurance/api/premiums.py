"""Premium entries in the API."""

from typing import ClassVar

from reinsurance.api.base import Fields, ListDoor, text_of
from reinsurance.api.filters import (
    ListFilters,
    Searched,
    changed_since,
    choice,
    day_from,
    day_to,
    key_of,
    one_of,
)
from reinsurance.api.treaties import TREATY
from reinsurance.choices import PremiumTransaction
from reinsurance.models import PremiumEntry


class PremiumSerializer(Fields):
    """A premium transaction: money is this transaction's, not the risk's total."""

    treaty = text_of("treaty.reference", TREATY)

    class Meta:
        model = PremiumEntry
        fields = (
            "id", "treaty", "bordereau", "policy_reference", "certificate_reference",
            "transaction_type", "effective_date", "expiry_date", "risk_inception",
            "risk_expiry", "insured_name", "line_of_business", "country", "currency",
            "gross_premium", "commission_rate", "commission", "taxes", "net_premium",
            "settlement_currency", "rate_of_exchange", "net_premium_settlement",
            "created_at", "updated_at",
        )  # fmt: skip


class PremiumFilters(ListFilters):
    """How the list of premiums is narrowed."""

    treaty = one_of("treaty__reference", TREATY)
    cedant = one_of("treaty__cedant__code", "Code of the cedant.")
    bordereau = key_of("bordereau_id", "The bordereau that brought it.")
    policy_reference = one_of("policy_reference", "Reference of the policy.")
    certificate_reference = one_of("certificate_reference", "Of the certificate.")
    transaction_type = choice(
        "transaction_type", PremiumTransaction.choices, "Type of transaction."
    )
    currency = one_of("currency_id", "ISO 4217 code of the original currency.")
    effective_date_from = day_from("effective_date", "Effective then or later.")
    effective_date_to = day_to("effective_date", "Effective then or earlier.")
    search = Searched("policy_reference", "certificate_reference", "insured_name")
    updated_since = changed_since("updated_at")


class PremiumDoor(ListDoor):
    """Premium ledger lines."""

    queryset = PremiumEntry.objects.select_related("treaty")
    serializer_class = PremiumSerializer
    filterset_class = PremiumFilters
    orderings: ClassVar = ("-id", "effective_date")
    called = "premiums"
