"""Premium bordereaux (CRS 5.2)."""

from typing import Any

import polars as pl
from django.core.exceptions import ValidationError

from reinsurance.choices import PremiumTransaction
from reinsurance.ledger.periods import before_contract, with_periods
from reinsurance.models import PremiumEntry
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.by_row import settle_period
from reinsurance.resources.contracts import locate_contracts
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.further import FURTHER_PREMIUMS, further_columns
from reinsurance.resources.premium_amounts import amounts, with_nil
from reinsurance.resources.premium_rules import PREMIUM_RULES, derived, signed
from reinsurance.resources.premium_terms import NO_PERIOD, against_terms, without_period
from reinsurance.resources.rules import not_whole
from reinsurance.resources.widgets import (
    ChoiceWidget,
    DateWidget,
    IntegerWidget,
    TextWidget,
)


class PremiumEntryResource(DomainResource):
    """One premium transaction a row; money is this transaction's, not the total.

    An empty cell says nothing: a commission that is not told is not nought.
    """

    treaty_reference = references.treaty(kind="premiums")
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
    section = Column(
        "section",
        "Section",
        TextWidget(20),
        synonyms=("Section No", "Section Number", "CR0007"),
    )
    risk_code = Column(
        "risk_code",
        "Risk code",
        TextWidget(20),
        synonyms=("Lloyd's Risk Code", "CR0016"),
    )
    instalment_number = Column(
        "instalment_number",
        "Instalment number",
        IntegerWidget(1, 32_767),
        synonyms=("Instalment No", "Instalment", "Installment number"),
        explanation="Which instalment this is; how many there are is another column.",
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
                "Cancelled": "CANCEL",
                "Cancellation premium": "CANCEL",
            },
        ),
        synonyms=(
            "Transaction type",
            "Type of transaction",
            "Transaction Type - Original Premium etc.",
            "CR0056",
        ),
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
        synonyms=(
            "Insured Name",
            "Policyholder",
            "Named Insured",
            "Insured Full Name",
            "Insured Full Name, Last Name or Company Name",
            "CR0035",
        ),
    )
    line_of_business = references.line_of_business()
    country = references.country(
        column_name="Country of risk",
        synonyms=(
            "Risk country",
            "Country",
            "CountryCode",
            "Location of risk - Country",
            "CR0050",
        ),
    )
    currency = references.currency(
        column_name="Original currency",
        synonyms=("Currency", "Ccy", "Currency code", "CR0020"),
        required=True,
    )
    vars().update(amounts())
    period_start = Column(
        "period_start",
        "Reporting period start",
        DateWidget(),
        synonyms=("Reporting Period Start Date", "Period start", "CR0001"),
    )
    period_end = Column(
        "period_end",
        "Reporting period end",
        DateWidget(),
        synonyms=(
            "Reporting Period (End Date)",
            "Reporting period end date",
            "Period end",
            "CR0002",
        ),
        ask=("Reporting Period", "Bordereau Month", "Accounting Period"),
    )
    year_of_account = Column(
        None,
        "Year of account",
        IntegerWidget(1900, 2199),
        shows="treaty__year_of_account",
        synonyms=("YOA", "Underwriting year", "UWY", "UW Year", "CR0010"),
        explanation="Tells renewals of one contract apart; not stored.",
    )
    treaty_cedant = references.party(
        None,
        "Treaty cedant",
        shows="treaty__cedant__code",
        explanation="Tells contracts of one reference apart; not stored.",
    )
    treaty_inception = Column(
        None,
        "Treaty inception",
        DateWidget(),
        shows="treaty__inception",
        explanation="Tells periods of one contract apart; not stored.",
    )
    further_cr0006 = references.agreement()
    vars().update(further_columns(FURTHER_PREMIUMS))

    related = {"treaty_reference": ("inception", "expiry", "basis")}
    rules = (*PREMIUM_RULES, *not_whole("commission_rate", "brokerage_rate"))

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The contract and the period of each row, and signs as the books have them."""
        conventions = context.conventions
        frame, unlocated = locate_contracts(
            frame, conventions=conventions, kind="premiums"
        )
        frame, unclear = with_periods(
            frame,
            start=context.period_start,
            end=context.period_end,
            frequency=conventions.frequency,
        )
        frame = signed(with_nil(frame, conventions), conventions)
        found = [unlocated, unclear, without_period(frame, unclear)]
        found.append(before_contract(frame))
        return frame, pl.concat([*found, against_terms(frame)])

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What commission, brokerage and rate are known to be, for the rules."""
        return derived(frame)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """The period of the row, as whole files are given it; there has to be one."""
        super().before_import_row(row, **kwargs)
        settle_period(row, self.fields)
        if not row.get(str(self.fields["period_end"].column_name)):
            raise ValidationError(NO_PERIOD)

    class Meta(DomainResource.Meta):
        model = PremiumEntry
        import_id_fields = (
            "treaty_reference",
            "policy_reference",
            "certificate_reference",
            "section",
            "risk_code",
            "transaction_type",
            "effective_date",
            "instalment_number",
            "currency",
            "period_end",
        )
