"""Claims bordereaux (CRS 5.2)."""

import polars as pl
from django.utils import timezone

from reinsurance.ledger.periods import with_periods
from reinsurance.models import Claim
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.claim_rules import CLAIM_RULES
from reinsurance.resources.contracts import locate_contracts
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.further import FURTHER_CLAIMS, further_columns
from reinsurance.resources.positions import STATEMENT_OF, fee_columns, money
from reinsurance.resources.rules import decimals_of_currency
from reinsurance.resources.widgets import DateWidget, IntegerWidget, TextWidget

PAID_INDEMNITY = (
    "Paid",
    "Amount Paid",
    "Paid Amount",
    "Indemnity Paid",
    "Paid Indemnity",
    "Cash Paid YTD",
)
"""Headers that leave open whether the amount is to date or of the period."""
PAID_FEES = ("Fees Paid", "Paid Fees")


class ClaimResource(DomainResource):
    """One position of a claim a row: money to date, or of a period, in one currency.

    What the money columns say goes into the ledger; nothing of it is stored on the
    claim.  An empty cell says nothing.
    """

    treaty_reference = references.treaty()
    claim_reference = Column(
        "reference",
        "Claim reference",
        TextWidget(60),
        synonyms=(
            "Claim Ref",
            "Claim No",
            "Claim Number",
            "Claim ID",
            "Claim Reference / Number",
            "Case ID",
            "Case Ref",
            "Unique Claim Reference",
            "UCR",
            "CR0104",
        ),
        ask=("Unique Identifier", "Reference"),
        required=True,
    )
    section = Column(
        None,
        "Section",
        TextWidget(20),
        synonyms=("Section No", "Section Number", "CR0007"),
    )
    risk_code = Column(
        None,
        "Risk code",
        TextWidget(20),
        synonyms=("Lloyd's Risk Code", "CR0016"),
    )
    policy_reference = Column(
        "policy_reference",
        "Policy reference",
        TextWidget(60),
        synonyms=(
            "Policy No",
            "Policy Number",
            "Policy Ref",
            "Pol #",
            "Policy Num",
            "Policy or Group Ref",
            "Risk Reference",
            "Cover Note Number",
            "CR0026",
        ),
    )
    certificate_reference = Column(
        "certificate_reference",
        "Certificate reference",
        TextWidget(60),
        synonyms=("Certificate Ref", "Certificate No", "Certificate", "CR0029"),
    )
    insured_name = Column(
        "insured_name",
        "Insured",
        TextWidget(200),
        synonyms=(
            "Insured Name",
            "Policyholder",
            "Named Insured",
            "Named Insured Party",
            "Insured Full Name",
            "Insured Full Name, Last Name or Company Name",
            "Insured Full Name or Company Name",
            "CR0035",
        ),
    )
    loss_event = references.loss_event(
        synonyms=("Event", "Event code", "Cat code", "Catastrophe name", "PCS code")
    )
    cause = Column(
        "cause",
        "Cause of loss",
        TextWidget(100),
        synonyms=("Cause", "Cause code", "Loss cause", "Peril"),
    )
    description = Column(
        "description",
        "Loss description",
        TextWidget(500),
        synonyms=("Description", "Loss details", "Description of loss"),
    )
    country = references.country(
        column_name="Country of loss",
        synonyms=("Loss country", "Location of loss country", "Country"),
    )
    date_of_loss = Column(
        "date_of_loss",
        "Date of loss",
        DateWidget(),
        synonyms=(
            "Loss Date",
            "DOL",
            "Incident Date",
            "Occurrence Date",
            "Date of Loss (From)",
            "Date of Loss From",
            "CR0119",
        ),
    )
    date_of_loss_to = Column(
        "date_of_loss_to",
        "Date of loss, to",
        DateWidget(),
        synonyms=("Date of Loss to", "Loss date to", "CR0120"),
    )
    date_notified = Column(
        "date_notified",
        "Date notified",
        DateWidget(),
        synonyms=(
            "Date First Notified",
            "Notification Date",
            "Date First Advised",
            "Reported On",
            "Date reported",
            "Notice Received Date",
            "Date Claim Made",
            "Date Claim First Advised / Date Claim Made",
            "CR0136",
        ),
    )
    date_opened = Column(
        "date_opened",
        "Date opened",
        DateWidget(),
        synonyms=("Date Claim Opened", "Opened date", "CR0300"),
    )
    date_closed = Column(
        "date_closed",
        "Date closed",
        DateWidget(),
        synonyms=("Closed date", "Closing date", "Date claim closed", "CR0137"),
    )
    policy_inception = Column(
        "policy_inception",
        "Policy inception",
        DateWidget(),
        synonyms=("Risk inception", "Risk Inception Date", "Inception", "CR0030"),
    )
    policy_expiry = Column(
        "policy_expiry",
        "Policy expiry",
        DateWidget(),
        synonyms=("Risk expiry", "Risk Expiry Date", "Expiry", "CR0031"),
    )
    claim_status = references.claim_status(
        synonyms=(
            "Status",
            "Case Status",
            "Claim State",
            "Case State",
            "Claim Status - See Drop Down List",
            "CR0105",
        ),
    )
    currency = references.currency(
        None,
        synonyms=(
            "Ccy",
            "Currency code",
            "Original currency",
            "Claim currency",
            "Denomination",
            "CR0020",
            "CR0109",
        ),
        ask=("Settlement currency", "Settlement Ccy Code", "CR0110"),
        required=True,
    )
    paid_indemnity = money(
        "Paid to date, indemnity",
        synonyms=(
            "Paid to date",
            "Paid indemnity to date",
            "Total paid indemnity",
        ),
        ask=(*PAID_INDEMNITY, "Total Paid"),
        explanation="All that was ever paid, fees apart.",
    )
    paid_fees = money(
        "Paid to date, fees",
        synonyms=("Paid fees to date", "Fees paid to date", "Total paid fees"),
        ask=PAID_FEES,
        explanation="All fees ever paid, whatever their kind.",
    )
    paid_indemnity_this_period = money(
        "Paid this period, indemnity",
        synonyms=(
            "Paid this month - Indemnity",
            "Paid this month",
            "Paid this period",
            "Period Paid",
            "Movement Paid",
            "CR0126",
        ),
        ask=PAID_INDEMNITY,
        explanation="Paid in the bordereau's period; say which period that is.",
    )
    paid_fees_this_period = money(
        "Paid this period, fees",
        synonyms=("Paid this month - Fees", "Fees paid this month", "CR0127"),
        ask=PAID_FEES,
    )
    paid_indemnity_previously = money(
        "Previously paid, indemnity",
        synonyms=(
            "Previously paid - Indemnity",
            "Previously Paid",
            "Prior Paid",
            "CR0128",
        ),
    )
    paid_fees_previously = money(
        "Previously paid, fees", synonyms=("Previously paid - Fees", "CR0129")
    )
    reserve_indemnity = money(
        "Reserve, indemnity",
        synonyms=(
            "Reserve",
            "Reserve - Indemnity",
            "Indemnity reserve",
            "O/S Reserve",
            "Outstanding",
            "Outstanding Reserve",
            "Outstanding Amount",
            "Case Reserve",
            "Outstanding Provision",
            "OS",
            "CR0130",
        ),
    )
    reserve_fees = money(
        "Reserve, fees",
        synonyms=("Reserve - Fees", "Fees reserve", "Outstanding fees", "CR0131"),
    )
    change_indemnity = money(
        "Change this period, indemnity",
        synonyms=("Change this month - Indemnity", "CR0132"),
        explanation="Kept as told; part of no sum.",
    )
    change_fees = money(
        "Change this period, fees",
        synonyms=("Change this month - Fees", "CR0133"),
        explanation="Kept as told; part of no sum.",
    )
    incurred_indemnity = money(
        "Incurred, indemnity",
        synonyms=("Total incurred - Indemnity", "Incurred indemnity", "CR0134"),
        explanation="Checked against paid plus reserve; not stored.",
    )
    incurred_fees = money(
        "Incurred, fees",
        synonyms=("Total incurred - Fees", "Incurred fees", "CR0135"),
        explanation="Checked against paid plus reserve; not stored.",
    )
    incurred = money(
        "Incurred",
        synonyms=(
            "Total Incurred",
            "Gross Incurred",
            "Incurred to date",
            "Incurred Amount",
            "Gross Position",
            "CR0155",
        ),
        explanation="Checked against paid plus reserve; not stored.",
    )
    amount_claimed = money("Amount claimed", synonyms=("Claimed amount", "CR0313"))
    recovered = money(
        "Recoveries received to date",
        synonyms=(
            "Gross third party recoveries received",
            "Recoveries received",
            "Recovered",
            "CR0375",
        ),
    )
    recovered_this_period = money(
        "Recoveries received this period",
        synonyms=("Recoveries received this month", "Recovered this month"),
    )
    recoverable = money(
        "Recoveries outstanding",
        synonyms=(
            "Gross third party recoveries outstanding",
            "Outstanding recoveries",
            "CR0376",
        ),
    )
    vars().update(fee_columns())
    period_start = Column(
        None,
        "Reporting period start",
        DateWidget(),
        synonyms=("Reporting Period Start Date", "Period start", "CR0001"),
    )
    period_end = Column(
        None,
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
        synonyms=("YOA", "Underwriting year", "UWY", "UW Year", "CR0010"),
        explanation="Tells renewals of one contract apart; not stored.",
    )
    vars().update(further_columns(FURTHER_CLAIMS))

    related = {
        "treaty_reference": (
            "inception",
            "expiry",
            "basis",
            "currency",
            "loss_notification_threshold",
            "cash_loss_limit",
        ),
        "loss_event": ("date_from", "date_to"),
    }
    rules = (*CLAIM_RULES, *decimals_of_currency(*STATEMENT_OF, "incurred"))

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The contract of each row, and the period that it is for."""
        conventions = context.conventions
        frame, unlocated = locate_contracts(
            frame, conventions=conventions, kind="claims"
        )
        frame, unclear = with_periods(
            frame,
            start=context.period_start,
            end=context.period_end,
            frequency=conventions.frequency,
        )
        return frame, pl.concat([unlocated, unclear])

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The day of the check, which no loss comes after."""
        return frame.with_columns(today=pl.lit(timezone.localdate()))

    class Meta(DomainResource.Meta):
        model = Claim
        import_id_fields = ("treaty_reference", "claim_reference")
