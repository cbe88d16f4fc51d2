"""Premium bordereaux (CRS 5.2)."""

from decimal import Decimal

import polars as pl

from reinsurance.choices import PremiumTransaction
from reinsurance.models import PremiumEntry
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.rules import Rule, off_by_more_than
from reinsurance.resources.widgets import (
    AmountWidget,
    ChoiceWidget,
    DateWidget,
    RateWidget,
    ShareWidget,
    TextWidget,
)


class PremiumEntryResource(DomainResource):
    """One premium transaction a row; money is this transaction's, not the total."""

    treaty_reference = references.treaty()
    policy_reference = Column(
        "policy_reference",
        "Policy reference",
        TextWidget(60),
        synonyms=(
            "Policy No",
            "Policy Number",
            "PolicyNumber",
            "Policy Ref",
            "Pol #",
            "Policy Num",
            "Policy or Group Ref",
            "Risk Reference",
            "Cover Note Number",
            "CR0026",
        ),
        required=True,
    )
    certificate_reference = Column(
        "certificate_reference",
        "Certificate reference",
        TextWidget(60),
        synonyms=("Certificate Ref", "Certificate No", "Certificate", "CR0029"),
    )
    transaction_type = Column(
        "transaction_type",
        "Premium transaction type",
        ChoiceWidget(
            PremiumTransaction,
            {
                "Original premium": "ORIGINAL",
                "New Business": "ORIGINAL",
                "Renewal": "ORIGINAL",
                "Additional premium": "ADDITIONAL",
                "AP": "ADDITIONAL",
                "RP": "RETURN",
                "Return": "RETURN",
                "Cancellation": "RETURN",
            },
        ),
        synonyms=("Transaction type", "Type of transaction", "CR0056"),
        default=PremiumTransaction.ORIGINAL.value,
    )
    effective_date = Column(
        "effective_date",
        "Effective date",
        DateWidget(),
        synonyms=("Effective Date of Transaction", "Transaction date", "CR0057"),
        required=True,
    )
    expiry_date = Column(
        "expiry_date",
        "Expiry date of transaction",
        DateWidget(),
        synonyms=("Transaction expiry", "CR0058"),
    )
    risk_inception = Column(
        "risk_inception",
        "Risk inception",
        DateWidget(),
        synonyms=("Risk Inception Date", "Inception", "Inception Date", "Start Date")
        + ("Policy inception", "InceptionDate", "CR0030"),
    )
    risk_expiry = Column(
        "risk_expiry",
        "Risk expiry",
        DateWidget(),
        synonyms=("Risk Expiry Date", "Expiry", "Expiry Date", "End Date")
        + ("Policy expiry", "ExpiryDate", "CR0031"),
    )
    insured_name = Column(
        "insured_name",
        "Insured",
        TextWidget(200),
        synonyms=("Insured Name", "Policyholder", "Named Insured", "CR0035"),
    )
    line_of_business = references.line_of_business()
    country = references.country(
        column_name="Country of risk",
        synonyms=("Risk country", "Country", "CountryCode", "CR0050"),
    )
    currency = references.currency(
        column_name="Original currency",
        synonyms=("Currency", "Ccy", "Currency code", "CR0020"),
        required=True,
    )
    gross_premium = Column(
        "gross_premium",
        "Gross premium this time",
        AmountWidget(),
        synonyms=("Gross premium paid this time", "Gross premium", "CR0059"),
        ask=("GWP", "G.P.", "Gross Written Premium", "Written Premium", "Premium"),
        required=True,
        total=True,
        explanation="This transaction's gross premium, not the whole risk's.",
    )
    commission_rate = Column(
        "commission_rate",
        "Commission %",
        ShareWidget(),
        synonyms=("Commission rate", "Commission percentage", "CR0061"),
    )
    commission = Column(
        "commission",
        "Commission amount",
        AmountWidget(),
        synonyms=("Commission", "Acquisition cost", "CR0062"),
        default=Decimal("0.00"),
        total=True,
    )
    taxes = Column(
        "taxes",
        "Taxes and levies",
        AmountWidget(),
        synonyms=("Total taxes and levies", "Taxes", "Tax", "CR0064"),
        total=True,
    )
    net_premium = Column(
        "net_premium",
        "Net premium",
        AmountWidget(),
        synonyms=("Net premium to London in original currency", "CR0065")
        + ("Net premium to London",),
        total=True,
    )
    settlement_currency = references.currency(
        "settlement_currency_id",
        "Settlement currency",
        synonyms=("Settlement Ccy", "Settlement Ccy Code", "CR0066"),
    )
    rate_of_exchange = Column(
        "rate_of_exchange",
        "Rate of exchange",
        RateWidget(),
        synonyms=("ROE", "Exchange rate", "CR0067"),
    )
    net_premium_settlement = Column(
        "net_premium_settlement",
        "Net premium in settlement currency",
        AmountWidget(),
        synonyms=("Net premium to London in settlement currency", "CR0068"),
    )

    rules = (
        Rule(
            "risk_expiry_before_inception",
            "error",
            "risk_expiry",
            "The risk expires on {risk_expiry}, before its inception on "
            "{risk_inception}. Correct one of the dates.",
            pl.col("risk_expiry") < pl.col("risk_inception"),
        ),
        Rule(
            "effective_before_inception",
            "error",
            "effective_date",
            "The original premium takes effect on {effective_date}, before the risk's "
            "inception on {risk_inception}. Correct one of the dates.",
            (pl.col("transaction_type") == PremiumTransaction.ORIGINAL.value)
            & (pl.col("effective_date") < pl.col("risk_inception")),
        ),
        Rule(
            "commission_does_not_add_up",
            "error",
            "commission",
            "Commission {commission} is not {commission_rate} of the gross premium "
            "{gross_premium}. Correct the amounts.",
            off_by_more_than(
                pl.col("commission"),
                pl.col("gross_premium").cast(pl.Float64)
                * pl.col("commission_rate").cast(pl.Float64),
            ),
        ),
        Rule(
            "net_does_not_add_up",
            "warning",
            "net_premium",
            "Net premium {net_premium} is not gross {gross_premium} less commission "
            "{commission}; a deduction such as brokerage or tax may explain it.",
            off_by_more_than(
                pl.col("net_premium"),
                pl.col("gross_premium") - pl.col("commission"),
            ),
        ),
        Rule(
            "settlement_does_not_add_up",
            "error",
            "net_premium_settlement",
            "Net premium {net_premium_settlement} in settlement currency is not "
            "{net_premium} at the rate {rate_of_exchange}. Correct the amounts.",
            off_by_more_than(
                pl.col("net_premium_settlement"),
                pl.col("net_premium").cast(pl.Float64)
                * pl.col("rate_of_exchange").cast(pl.Float64),
            ),
        ),
    )

    class Meta(DomainResource.Meta):
        model = PremiumEntry
        import_id_fields = (
            "treaty_reference",
            "policy_reference",
            "certificate_reference",
            "transaction_type",
            "effective_date",
        )
