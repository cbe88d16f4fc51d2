"""Columns of a claim's money, by kind and basis (CRS 5.2)."""

import polars as pl

from reinsurance.ledger.amounts import PAID_FEES as PAID_FEES_BY_KIND
from reinsurance.ledger.amounts import RESERVE_FEES
from reinsurance.resources.base import Column
from reinsurance.resources.positions import fee_columns, money

MONEY = pl.Decimal(20, 4)
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


def money_columns() -> dict[str, Column]:
    """Indemnity, fees in total and by kind, incurred and recoveries."""
    return {
        "paid_indemnity": money(
            "Paid to date, indemnity",
            synonyms=(
                "Paid to date",
                "Paid indemnity to date",
                "Total paid indemnity",
            ),
            ask=(*PAID_INDEMNITY, "Total Paid"),
            explanation="All that was ever paid, fees apart.",
        ),
        "paid_fees": money(
            "Paid to date, fees",
            synonyms=("Paid fees to date", "Fees paid to date", "Total paid fees"),
            ask=PAID_FEES,
            explanation="All fees ever paid, whatever their kind.",
        ),
        "paid_unallocated": money(
            "Paid to date, fees of no kind",
            explanation="What the fees in total have beyond those by kind.",
        ),
        "paid_indemnity_this_period": money(
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
        ),
        "paid_fees_this_period": money(
            "Paid this period, fees",
            synonyms=("Paid this month - Fees", "Fees paid this month", "CR0127"),
            ask=PAID_FEES,
        ),
        "paid_indemnity_previously": money(
            "Previously paid, indemnity",
            synonyms=(
                "Previously paid - Indemnity",
                "Previously Paid",
                "Prior Paid",
                "CR0128",
            ),
        ),
        "paid_fees_previously": money(
            "Previously paid, fees", synonyms=("Previously paid - Fees", "CR0129")
        ),
        "reserve_indemnity": money(
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
        ),
        "reserve_fees": money(
            "Reserve, fees",
            synonyms=("Reserve - Fees", "Fees reserve", "Outstanding fees", "CR0131"),
        ),
        "reserve_unallocated": money(
            "Reserve, fees of no kind",
            explanation="What the reserve for fees has beyond those by kind.",
        ),
        "change_indemnity": money(
            "Change this period, indemnity",
            synonyms=("Change this month - Indemnity", "CR0132"),
            explanation="Held against the reserves and incurred; moves nothing.",
        ),
        "change_fees": money(
            "Change this period, fees",
            synonyms=("Change this month - Fees", "CR0133"),
            explanation="Held against the reserves and incurred; moves nothing.",
        ),
        "incurred_indemnity": money(
            "Incurred, indemnity",
            synonyms=("Total incurred - Indemnity", "Incurred indemnity", "CR0134"),
            explanation="Checked against paid plus reserve; not stored.",
        ),
        "incurred_fees": money(
            "Incurred, fees",
            synonyms=("Total incurred - Fees", "Incurred fees", "CR0135"),
            explanation="Checked against paid plus reserve; not stored.",
        ),
        "incurred": money(
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
        ),
        "amount_claimed": money(
            "Amount claimed", synonyms=("Claimed amount", "CR0313")
        ),
        "recovered": money(
            "Recoveries received to date",
            synonyms=(
                "Gross third party recoveries received",
                "Recoveries received",
                "Recovered",
                "CR0375",
            ),
        ),
        "recovered_this_period": money(
            "Recoveries received this period",
            synonyms=("Recoveries received this month", "Recovered this month"),
        ),
        "recoverable": money(
            "Recoveries outstanding",
            synonyms=(
                "Gross third party recoveries outstanding",
                "Outstanding recoveries",
                "CR0376",
            ),
        ),
        **fee_columns(),
    }


_TOTALS = (
    ("paid_fees", "paid_unallocated", PAID_FEES_BY_KIND),
    ("reserve_fees", "reserve_unallocated", RESERVE_FEES),
)


def with_fee_totals(frame: pl.DataFrame) -> pl.DataFrame:
    """Fees in total where a row tells them by kind and the rest, and no total."""
    for total, rest, kinds in _TOTALS:
        if rest not in frame.columns:
            continue
        here = [name for name in kinds if name in frame.columns]
        told = pl.col(total) if total in frame.columns else pl.lit(None)
        whole = pl.sum_horizontal(pl.col(n).fill_null(0) for n in (rest, *here))
        frame = frame.with_columns(
            pl.when(told.is_null() & pl.col(rest).is_not_null())
            .then(whole)
            .otherwise(told)
            .cast(MONEY)
            .alias(total)
        )
    return frame
