"""What rows tell of a period beside what other files told of the same one."""

import polars as pl

from reinsurance.ledger.amounts import (
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.beside import Beside, differs, plain
from reinsurance.ledger.overlaps import teller
from reinsurance.ledger.timelines import MONEY
from reinsurance.resources.issues import issues_at, no_issues


def same_period(beside: Beside) -> list[pl.DataFrame]:
    """Words that do not count, or take others away, without saying so: warnings."""
    if not beside.old_told.height:
        return []
    known = [a for a in beside.paid if a in beside.line.columns]
    return [
        *(_beside_to_date(beside, amount) for amount in known),
        *(_opening_left_out(beside, amount) for amount in known),
    ]


def _beside_to_date(beside: Beside, amount: str) -> pl.DataFrame:
    """Payments of a period for which another row told the amount to date."""
    to, this = told_as(amount, TO_DATE), told_as(amount, THIS_PERIOD)
    if to not in beside.old_told.columns:
        return no_issues()
    key = ["position", "period_end"]
    stands = beside.old_told.select(
        *key,
        pl.col("number").alias("number_other"),
        pl.col("row").alias("row_other"),
        stands=pl.col(to),
        was_this=pl.col(this)
        if this in beside.old_told.columns
        else pl.lit(None, MONEY),
    ).filter(pl.col("stands").is_not_null())
    rows = beside.mine(amount, THIS_PERIOD).filter(
        pl.col("to").is_null() & ~pl.col("is_correction")
    )
    here = (
        beside.first_told(rows, amount)
        .join(stands, on=key)
        .filter(differs(pl.col("stands"), pl.col("this")))
        .filter(pl.col("this").ne_missing(pl.col("was_this")))
    )
    return issues_at(
        here,
        column=told_as(amount, THIS_PERIOD),
        value=pl.col("this"),
        code="to_date_stands",
        severity="warning",
        message=pl.format(
            "The row tells {} for this period; {} told {} to date for it "
            f"({label_of(amount)}), and that is what counts. If it is wrong, tell "
            "the amount to date, or declare the file a correction.",
            plain(pl.col("this")),
            teller("_other"),
            plain(pl.col("stands")),
        ),
    )


def _opening_left_out(beside: Beside, amount: str) -> pl.DataFrame:
    """A correction that does not say again what was paid before the period.

    It was told as such, or as what was paid to date less what was paid this period.
    """
    to, this, prev = (
        pl.col(name) if name in beside.old_told.columns else pl.lit(None, MONEY)
        for name in (told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY))
    )
    key = ["position", "period_end"]
    opening = beside.old_told.select(*key, opening=pl.coalesce(prev, to - this)).filter(
        pl.col("opening") != 0
    )
    says_so = (
        pl.col("prev").is_not_null() | (pl.col("to") - pl.col("this")).is_not_null()
    )
    rows = beside.mine(amount, THIS_PERIOD, TO_DATE).filter(
        pl.col("is_correction") & ~says_so
    )
    here = beside.first_told(rows, amount).join(opening, on=key)
    return issues_at(
        here,
        column=amount,
        value=pl.coalesce("this", "to"),
        code="previously_left_out",
        severity="warning",
        message=pl.format(
            "The file that this corrects said that {} was paid before the period "
            f"({label_of(amount)}); the correction does not, so it does not count "
            "any more. If it still holds, add what was previously paid.",
            plain(pl.col("opening")),
        ),
    )
