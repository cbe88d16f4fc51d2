"""Claims bordereaux (CRS 5.2)."""

import polars as pl

from reinsurance.models import Claim
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.claim_rules import CLAIM_RULES
from reinsurance.resources.positions import money, with_position
from reinsurance.resources.widgets import DateWidget, TextWidget

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
    """One claim a row, with its position to date or its payments of the period."""

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
        required=True,
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
    date_closed = Column(
        "date_closed",
        "Date closed",
        DateWidget(),
        synonyms=("Closed date", "Closing date", "Date claim closed"),
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
        default="OPEN",
    )
    currency = references.currency(
        synonyms=(
            "Ccy",
            "Currency code",
            "Original currency",
            "Claim currency",
            "Denomination",
            "CR0020",
        ),
        ask=("Settlement currency", "Settlement Ccy Code"),
        required=True,
    )
    paid_indemnity = money(
        "paid_indemnity",
        "Paid to date, indemnity",
        synonyms=(
            "Paid to date",
            "Total Paid",
            "Paid indemnity to date",
            "Total paid indemnity",
        ),
        ask=PAID_INDEMNITY,
        explanation="All that was ever paid, fees apart.",
    )
    paid_fees = money(
        "paid_fees",
        "Paid to date, fees",
        synonyms=("Paid fees to date", "Fees paid to date", "Total paid fees"),
        ask=PAID_FEES,
    )
    paid_indemnity_this_period = money(
        None,
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
        None,
        "Paid this period, fees",
        synonyms=("Paid this month - Fees", "Fees paid this month", "CR0127"),
        ask=PAID_FEES,
    )
    paid_indemnity_previously = money(
        None,
        "Previously paid, indemnity",
        synonyms=("Previously paid - Indemnity", "Previously Paid", "CR0128")
        + ("Prior Paid",),
    )
    paid_fees_previously = money(
        None,
        "Previously paid, fees",
        synonyms=("Previously paid - Fees", "CR0129"),
    )
    reserve_indemnity = money(
        "reserve_indemnity",
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
        "reserve_fees",
        "Reserve, fees",
        synonyms=("Reserve - Fees", "Fees reserve", "Outstanding fees", "CR0131"),
    )
    incurred_indemnity = money(
        None,
        "Incurred, indemnity",
        synonyms=("Total incurred - Indemnity", "Incurred indemnity", "CR0134"),
    )
    incurred_fees = money(
        None,
        "Incurred, fees",
        synonyms=("Total incurred - Fees", "Incurred fees", "CR0135"),
    )
    incurred = money(
        None,
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
    period_end = Column(
        None,
        "Reporting period end",
        DateWidget(),
        synonyms=("Reporting Period (End Date)", "Period end", "CR0002")
        + ("Reporting period end date",),
        ask=("Reporting Period", "Bordereau Month", "Accounting Period"),
    )

    related = {
        "treaty_reference": (
            "inception",
            "expiry",
            "basis",
            "loss_notification_threshold",
        ),
        "claim_status": ("is_open",),
    }
    rules = CLAIM_RULES

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Paid to date, the reserve and the position, as far as they are known."""
        return with_position(frame)

    class Meta(DomainResource.Meta):
        model = Claim
        import_id_fields = ("treaty_reference", "claim_reference")
