"""A premium told for a period that overlaps another one it was told for."""

import polars as pl

from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.periods import END, START
from reinsurance.ledger.premium_keys import FIRM, PARTS, fitting
from reinsurance.ledger.premium_writings import TEXTS
from reinsurance.ledger.written_parts import plain_part
from reinsurance.resources.issues import issues_at, no_issues

PERIOD = ["same_period", "same_start", "same_sender"]
SAME = [n for n in FIRM if n not in PERIOD]
TOLD = ["number", "row", *PERIOD, "period_start"]
COLUMNS = [*SAME, *PARTS, *TOLD, "period_end"]
ONE_END = (
    " A file for another period does not replace it, not even as a correction: if it "
    "is the same period, write its start as there."
)


def overlapping(rows: pl.DataFrame, known: pl.DataFrame, number: int) -> pl.DataFrame:
    """Rows of a quarter over those of its months, or the reverse: they would add.

    A list of the year to date is of the year up to its period.  Not where the same
    period is told anew, or the same year of such a list by its sender.
    """
    told = rows.with_columns(
        number=pl.lit(number, pl.Int64),
        period_start=pl.col(START),
        period_end=pl.col(END),
    )
    mine = told.select(
        pl.col(n).cast(known.schema[n]) if n != "row" else "row" for n in COLUMNS
    )
    books = known.filter("is_standing").select(
        pl.col(n).cast(mine.schema[n]) for n in COLUMNS
    )
    mine, books = _with_years(mine), _with_years(books)
    mine, books = (f.with_columns(map(plain_part, TEXTS)) for f in (mine, books))
    pairs = _pairs(mine, pl.concat([books, mine]))
    if not pairs.height:
        return no_issues()
    days = ("period_start", "period_end", "period_start_other", "period_end_other")
    start, end, other_start, other_end = (pl.col(n).cast(pl.String) for n in days)
    return issues_at(
        pairs.sort("row"),
        column="period_end",
        value=pl.col("period_end"),
        code="periods_overlap",
        severity="error",
        message=pl.format(
            "The row tells the premium from {} to {}; number {} told the same "
            "transaction from {} to {}. The periods overlap, so it would count twice. "
            "Ask which holds; if this one does, have the other undone or corrected.{}",
            *(start, end, "number_other", other_start, other_end),
            pl.when(_differ_in_start()).then(pl.lit(ONE_END)).otherwise(pl.lit("")),
        ),
    )


def require_no_overlap(back: pl.DataFrame, standing: pl.DataFrame) -> None:
    """Raise CountsTwiceError where entries that come back overlap those that stand."""
    pairs = _pairs(*(_with_years(f.select(COLUMNS)) for f in (back, standing)))
    if not pairs.height:
        return
    first = pairs.sort("number_other", "row").row(-1, named=True)
    periods = (
        f"number {first[f'number{whose}']} {{}}from {first[f'period_start{whose}']} to "
        f"{first[f'period_end{whose}']}"
        for whose in ("", "_other")
    )
    mine, other = periods
    raise CountsTwiceError(
        "Premium would count twice: "
        + mine.format(f"told policy {first['policy_reference']} ")
        + f" and {other.format('')}, of {pairs.height} transaction(s). "
        f"Undo number {first['number_other']} first."
    )


def _with_years(told: pl.DataFrame) -> pl.DataFrame:
    """The frame with the year up to its period as that of a list of the year."""
    is_list = pl.col("same_sender").is_not_null()
    year = pl.min_horizontal("period_start", "same_period")
    start = pl.when(is_list).then(year).otherwise("period_start")
    return told.with_columns(period_start=start)


def _pairs(mine: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """Each of the rows beside one that it overlaps (``<column>_other``).

    First by the few periods that there are, as a policy may have very many rows.
    """
    by_period = [*SAME, *(n for n in TOLD if n not in {"number", "row"}), "period_end"]
    periods = [frame.select(by_period).unique() for frame in (mine, every)]
    clash = (
        periods[0]
        .join(periods[1], on=SAME, nulls_equal=True, suffix="_other")
        .filter(_is_overlap())
    )
    others = clash.select(
        *SAME, *(pl.col(f"{n}_other").alias(n) for n in by_period if n not in SAME)
    )
    mine, every = (
        frame.join(keys.unique(), on=by_period, how="semi", nulls_equal=True)
        for frame, keys in ((mine, clash.select(by_period)), (every, others))
    )
    found = fitting(mine, every, SAME).filter(_is_overlap())
    return found.sort("row", "number_other").unique(
        "row", keep="first", maintain_order=True
    )


def _is_overlap() -> pl.Expr:
    """Whether two periods overlap, and the one is not told anew by the other."""
    return (
        (pl.col("period_start") <= pl.col("period_end_other"))
        & (pl.col("period_start_other") <= pl.col("period_end"))
        & ~_replaces()
    )


def _replaces() -> pl.Expr:
    """Whether the one replaces the other: the same period, or year of one's lists."""
    return _are_same(PERIOD)


def _differ_in_start() -> pl.Expr:
    """Whether two periods end on one day, none of them that of a list of the year."""
    is_list = pl.col("same_sender").is_not_null()
    return ~is_list & _are_same([n for n in PERIOD if n != "same_start"])


def _are_same(names: list[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(n).eq_missing(pl.col(f"{n}_other")) for n in names)
