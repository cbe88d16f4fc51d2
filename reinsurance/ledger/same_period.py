"""What rows tell of a period beside what other files told of the same one."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    FIRST_ROW_BY_HAND,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.beside import Beside, corrected, differs, plain
from reinsurance.ledger.openings import openings_left_out
from reinsurance.ledger.tellers import teller
from reinsurance.ledger.timelines import KEY, MONEY
from reinsurance.resources.issues import issues_at, no_issues


def same_period(beside: Beside) -> list[pl.DataFrame]:
    """Words that do not count, or take others away, without saying so: warnings."""
    if not (beside.old_told.height and beside.rows.height):
        return []
    known = [a for a in beside.paid if a in beside.line.columns]
    found = [_beside_to_date(beside, amount) for amount in known]
    if beside.rows["is_correction"].any():
        found += openings_left_out(beside, known)
        found += [_others_left_out(beside, amount) for amount in known]
    return found


def _beside_to_date(beside: Beside, amount: str) -> pl.DataFrame:
    """Payments of a period for which another row told the amount to date."""
    to, this = told_as(amount, TO_DATE), told_as(amount, THIS_PERIOD)
    if to not in beside.old_told.columns:
        return no_issues()
    stands = beside.old_told.select(
        *KEY,
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
        .join(stands, on=KEY)
        # What was received later is named by later_words.
        .filter(pl.col("number_other") < beside.rows["number"].min())
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


def _others_left_out(beside: Beside, amount: str) -> pl.DataFrame:
    """A correction in another basis than what somebody else told to date."""
    to, told = told_as(amount, TO_DATE), corrected(beside)
    said = timelines.replaced_by_corrections(
        timelines.with_periods(told), timelines.told_amounts(told)
    )
    if to not in said.columns:
        return no_issues()
    own = pl.col("sender").is_in(beside.rows["sender"].unique().implode())
    last = (
        said.filter(pl.col(to).is_not_null())
        .sort(*timelines.ORDER)
        .group_by(*KEY, maintain_order=True)
        .agg(pl.col("number", "row", "sender", to).last())
        .filter((pl.col("row") >= FIRST_ROW_BY_HAND) | ~own.fill_null(value=False))
        .select(*KEY, stood=to, number_other="number", row_other="row")
    )
    here = (
        beside.mine(amount, THIS_PERIOD, PREVIOUSLY)
        .filter(pl.col("is_correction") & pl.col("to").is_null())
        .join(last, on=KEY)
        .join(beside.now[amount], on=KEY)
        .filter(differs(pl.col("stood"), pl.col("books")))
    )
    return issues_at(
        here,
        column=amount,
        value=pl.coalesce("this", "prev"),
        code="to_date_left_out",
        severity="warning",
        message=pl.format(
            "For this period {} told {} to date "
            f"({label_of(amount)}); the correction tells it otherwise, so that does "
            "not count any more, and {} is paid by its end. If it still holds, tell "
            "what was paid to date in the correction.",
            teller("_other"),
            plain(pl.col("stood")),
            plain(pl.col("books")),
        ),
    )
