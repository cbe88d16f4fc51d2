"""Premium entries in the API."""

from typing import ClassVar

from reinsurance.api.base import (
    Fields,
    ListDoor,
    cedant_of,
    inception_of,
    number_of,
    text_of,
)
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
    """A premium transaction: money is this transaction's, not the risk's total.

    Only entries that count: neither undone, nor replaced by what was told again.
    """

    treaty = text_of("treaty.reference", TREATY)
    treaty_cedant = cedant_of("treaty")
    treaty_inception = inception_of("treaty")
    year_of_account = number_of("treaty.year_of_account", "The treaty's.")
    ingestion = number_of("load.number", "The file that told it; null: a person.")

    class Meta:
        model = PremiumEntry
        fields = (
            "id", "treaty", "treaty_cedant",
            "treaty_inception", "year_of_account", "ingestion", "row",
            "period_start", "period_end", "policy_reference", "certificate_reference",
            "section", "risk_code", "transaction_type", "effective_date",
            "expiry_date", "instalment_number", "instalments", "risk_inception",
            "risk_expiry", "insured_name", "line_of_business", "country", "currency",
            "amounts_are", "gross_premium", "commission_rate", "commission",
            "brokerage_rate", "brokerage", "other_fees", "taxes", "net_premium",
            "settlement_currency", "rate_of_exchange", "net_premium_settlement",
            "written_premium", "sum_insured", "sum_insured_currency", "deductible",
            "details", "created_at", "updated_at",
        )  # fmt: skip


class PremiumFilters(ListFilters):
    """How the list of premiums is narrowed."""

    treaty = one_of("treaty__reference", TREATY)
    cedant = one_of("treaty__cedant__code", "Code of the cedant.")
    ingestion = key_of("load__number", "Number of the file that told it.")
    policy_reference = one_of("policy_reference", "Reference of the policy.")
    certificate_reference = one_of("certificate_reference", "Of the certificate.")
    section = one_of("section", "Section of the contract.")
    risk_code = one_of("risk_code", "Risk code.")
    transaction_type = choice(
        "transaction_type", PremiumTransaction.choices, "Type of transaction."
    )
    currency = one_of("currency_id", "ISO 4217 code of the original currency.")
    effective_date_from = day_from("effective_date", "Effective then or later.")
    effective_date_to = day_to("effective_date", "Effective then or earlier.")
    period_end_from = day_from("period_end", "Of a period that ends then or later.")
    period_end_to = day_to("period_end", "Of a period that ends then or earlier.")
    search = Searched("policy_reference", "certificate_reference", "insured_name")
    updated_since = changed_since("updated_at")


class PremiumDoor(ListDoor):
    """Premium ledger lines."""

    queryset = PremiumEntry.objects.select_related("treaty__cedant", "load")
    serializer_class = PremiumSerializer
    filterset_class = PremiumFilters
    orderings: ClassVar = ("-id", "effective_date")
    called = "premiums"
