"""Claims bordereaux (CRS 5.2), the claims ledger, and loss events."""

from decimal import Decimal
from typing import Any

import polars as pl

from reinsurance.models import Claim, ClaimMovement, LossEvent
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.rules import Rule, off_by_more_than
from reinsurance.resources.widgets import AmountWidget, DateWidget, TextWidget

MONEY = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")
"""The amounts of a claim's position; the ledger holds the changes of each."""

NOTHING = Decimal("0.00")


def money(attribute: str | None, column_name: str, **options: Any) -> Column:
    """An amount of the claim; a control total."""
    if not (attribute is None and column_name.startswith("Incurred")):
        options.setdefault("default", NOTHING)
    return Column(attribute, column_name, AmountWidget(), total=True, **options)


def _sum(names: list[str]) -> pl.Expr:
    """The sum of the columns; null where one of them is not understood."""
    first, *others = [pl.col(name) for name in names]
    return sum(others, first)


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
        ask=(
            "Paid",
            "Amount Paid",
            "Paid Amount",
            "Indemnity Paid",
            "Paid Indemnity",
            "Cash Paid YTD",
        ),
        explanation="All that was ever paid, fees apart.",
    )
    paid_fees = money(
        "paid_fees",
        "Paid to date, fees",
        synonyms=("Paid fees to date", "Fees paid to date", "Total paid fees"),
        ask=("Fees Paid", "Paid Fees"),
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
        ask=(
            "Paid",
            "Amount Paid",
            "Paid Amount",
            "Indemnity Paid",
            "Paid Indemnity",
            "Cash Paid YTD",
        ),
        explanation="Paid in the bordereau's period; say which period that is.",
    )
    paid_fees_this_period = money(
        None,
        "Paid this period, fees",
        synonyms=("Paid this month - Fees", "Fees paid this month", "CR0127"),
        ask=("Fees Paid", "Paid Fees"),
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
    _treaty = "treaty_reference__"
    rules = (
        Rule(
            "notified_before_loss",
            "error",
            "date_notified",
            "Notified on {date_notified}, before the loss on {date_of_loss}. "
            "Correct one of the dates.",
            pl.col("date_notified") < pl.col("date_of_loss"),
        ),
        Rule(
            "closed_before_loss",
            "error",
            "date_closed",
            "Closed on {date_closed}, before the loss on {date_of_loss}. "
            "Correct one of the dates.",
            pl.col("date_closed") < pl.col("date_of_loss"),
        ),
        Rule(
            "policy_expiry_before_inception",
            "error",
            "policy_expiry",
            "The policy expires on {policy_expiry}, before its inception on "
            "{policy_inception}. Correct one of the dates.",
            pl.col("policy_expiry") < pl.col("policy_inception"),
        ),
        Rule(
            "loss_outside_treaty_period",
            "error",
            "date_of_loss",
            "The loss of {date_of_loss} is outside the treaty's period, "
            f"{{{_treaty}inception}} to {{{_treaty}expiry}} (losses occurring). "
            "Correct the date or the treaty reference.",
            (pl.col(f"{_treaty}basis") == "LO")
            & (
                (pl.col("date_of_loss") < pl.col(f"{_treaty}inception"))
                | (pl.col("date_of_loss") > pl.col(f"{_treaty}expiry"))
            ).fill_null(value=False),
        ),
        Rule(
            "policy_outside_treaty_period",
            "error",
            "policy_inception",
            "The policy begins on {policy_inception}, outside the treaty's period, "
            f"{{{_treaty}inception}} to {{{_treaty}expiry}} (risks attaching). "
            "Correct the date or the treaty reference.",
            (pl.col(f"{_treaty}basis") == "RA")
            & (
                (pl.col("policy_inception") < pl.col(f"{_treaty}inception"))
                | (pl.col("policy_inception") > pl.col(f"{_treaty}expiry"))
            ).fill_null(value=False),
        ),
        Rule(
            "loss_before_treaty",
            "error",
            "date_of_loss",
            "The loss of {date_of_loss} is before the treaty's inception on "
            f"{{{_treaty}inception}}. Correct the date or the treaty reference.",
            (pl.col(f"{_treaty}basis") == "RA")
            & (pl.col("date_of_loss") < pl.col(f"{_treaty}inception")),
        ),
        Rule(
            "indemnity_does_not_add_up",
            "error",
            "incurred_indemnity",
            "Incurred {incurred_indemnity} is not paid {paid_indemnity} plus reserve "
            "{reserve_indemnity} (indemnity). Correct the amounts.",
            off_by_more_than(
                pl.col("incurred_indemnity"),
                pl.col("paid_indemnity") + pl.col("reserve_indemnity"),
            ),
        ),
        Rule(
            "fees_do_not_add_up",
            "error",
            "incurred_fees",
            "Incurred {incurred_fees} is not paid {paid_fees} plus reserve "
            "{reserve_fees} (fees). Correct the amounts.",
            off_by_more_than(
                pl.col("incurred_fees"), pl.col("paid_fees") + pl.col("reserve_fees")
            ),
        ),
        Rule(
            "incurred_does_not_add_up",
            "error",
            "incurred",
            "Incurred {incurred} is not paid plus reserve, which make {position}. "
            "Correct the amounts.",
            off_by_more_than(pl.col("incurred"), pl.col("position")),
        ),
        Rule(
            "no_money",
            "warning",
            "reserve_indemnity",
            "The claim has neither a payment nor a reserve.",
            pl.col("position") == 0,
        ),
        Rule(
            "closed_with_reserve",
            "warning",
            "reserve_indemnity",
            "The claim is closed but still has a reserve.",
            ~pl.col("claim_status__is_open") & (pl.col("reserve") != 0),
        ),
        Rule(
            "above_notification_threshold",
            "breach",
            "date_of_loss",
            "The claim stands at {position}, at or above the treaty's loss "
            f"notification threshold of {{{_treaty}loss_notification_threshold}}.",
            pl.col("position") >= pl.col(f"{_treaty}loss_notification_threshold"),
        ),
    )

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Paid to date from *previously* and *this period*; reserve; position.

        The position is all paid and reserved; it is not known where only the
        period's payments are given, for then it takes the ledger to tell.
        """
        is_known = True
        for kind in ("indemnity", "fees"):
            previously, this = f"paid_{kind}_previously", f"paid_{kind}_this_period"
            if {previously, this} <= set(frame.columns):
                paid = pl.col(previously) + pl.col(this)
                frame = frame.with_columns(paid.alias(f"paid_{kind}"))
            elif this in frame.columns and f"paid_{kind}" not in frame.columns:
                is_known = False
        present = [name for name in MONEY if name in frame.columns]
        reserves = [name for name in present if name.startswith("reserve")]
        if reserves:
            frame = frame.with_columns(reserve=_sum(reserves))
        if is_known and len(present) > 1:
            frame = frame.with_columns(position=_sum(present))
        return frame

    class Meta(DomainResource.Meta):
        model = Claim
        import_id_fields = ("treaty_reference", "claim_reference")
        fields = (
            "treaty_reference",
            "claim_reference",
            "policy_reference",
            "certificate_reference",
            "insured_name",
            "loss_event",
            "cause",
            "description",
            "country",
            "date_of_loss",
            "date_notified",
            "date_closed",
            "policy_inception",
            "policy_expiry",
            "claim_status",
            "currency",
            "paid_indemnity",
            "paid_fees",
            "paid_indemnity_this_period",
            "paid_fees_this_period",
            "paid_indemnity_previously",
            "paid_fees_previously",
            "reserve_indemnity",
            "reserve_fees",
            "incurred_indemnity",
            "incurred_fees",
            "incurred",
            "period_end",
        )


class ClaimMovementResource(DomainResource):
    """The claims ledger as exported; it is written by loading claims alone."""

    treaty_reference = references.treaty("claim__treaty_id", shows="claim__treaty")
    claim_reference = Column(
        "claim_id", "Claim reference", TextWidget(60), shows="claim__reference"
    )
    period_end = Column("period_end", "Reporting period end", DateWidget())
    claim_status = references.claim_status()
    paid_indemnity = money("paid_indemnity", "Paid, indemnity: change")
    paid_fees = money("paid_fees", "Paid, fees: change")
    reserve_indemnity = money("reserve_indemnity", "Reserve, indemnity: change")
    reserve_fees = money("reserve_fees", "Reserve, fees: change")

    class Meta(DomainResource.Meta):
        model = ClaimMovement
        import_id_fields = ("claim_reference", "period_end")
        fields = (
            "treaty_reference",
            "claim_reference",
            "period_end",
            "claim_status",
            *MONEY,
        )


class LossEventResource(DomainResource):
    """One loss event a row."""

    event_code = Column(
        "code",
        "Event code",
        TextWidget(40),
        synonyms=("Code", "Event", "Event ID", "Loss event"),
        required=True,
    )
    event_name = Column(
        "name",
        "Event name",
        TextWidget(200),
        synonyms=("Name", "Catastrophe name"),
        required=True,
    )
    catastrophe_code = Column(
        "catastrophe_code",
        "Catastrophe code",
        TextWidget(20),
        synonyms=("Cat code", "PCS code", "Lloyd's cat code"),
    )
    peril = Column("peril", "Peril", TextWidget(80))
    date_from = Column(
        "date_from", "Date from", DateWidget(), synonyms=("From", "Start date", "Date")
    )
    date_to = Column("date_to", "Date to", DateWidget(), synonyms=("To", "End date"))
    country = references.country(synonyms=("Country code",))

    rules = (
        Rule(
            "event_ends_before_start",
            "error",
            "date_to",
            "The event ends on {date_to}, before it begins on {date_from}. "
            "Correct one of the dates.",
            pl.col("date_to") < pl.col("date_from"),
        ),
    )

    class Meta(DomainResource.Meta):
        model = LossEvent
        import_id_fields = ("event_code",)
        fields = (
            "event_code",
            "event_name",
            "catastrophe_code",
            "peril",
            "date_from",
            "date_to",
            "country",
        )
