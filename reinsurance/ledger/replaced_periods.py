"""Corrections of a period that would replace payments of another one.

A month and its quarter end on one day.  What a correction of the month tells takes the
place of all that was told for that end: the rest of the quarter would be gone.
"""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import PAID, PREVIOUSLY, THIS_PERIOD, TO_DATE, told_as
from reinsurance.ledger.tellers import teller
from reinsurance.resources.issues import issues_at, no_issues

_COLUMNS = {
    "position": pl.Int64(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "number": pl.Int64(),
    "row": pl.Int64(),
    "is_new": pl.Boolean(),
    "amount": pl.String(),
}
_SAID = (
    "What {} told as paid from {} to {} would be replaced by what {}, a correction, "
    "tells as paid from {} on."
)
_WAY = (
    " These are two periods: write the beginning as there, tell what was paid to date "
    "in the correction as well, or have one of the two undone first."
)


def replacing(statements: pl.DataFrame) -> pl.DataFrame:
    """Issues of new rows of a correction that replace others, or are replaced by it.

    ``statements`` as in :mod:`timelines`; those without ``statement`` are new.
    """
    pairs = _pairs(statements)
    if not pairs.height:
        return no_issues()
    mine = [
        pairs.filter("is_new_other").with_columns(of="row_other"),
        pairs.filter("is_new").with_columns(of="row"),
    ]
    rows = pl.concat(mine).unique("of", keep="first", maintain_order=True)
    said = pl.concat_str(_said(), pl.lit(_WAY))
    return issues_at(
        rows.with_columns(said=said, row="of"),
        column="period_start",
        value=pl.when("is_new_other")
        .then("period_start_other")
        .otherwise("period_start"),
        code="periods_overlap",
        severity="error",
        message=pl.col("said"),
    )


def replaced(statements: pl.DataFrame) -> str:
    """In words: the first payments that a correction of another period replaces."""
    pairs = _pairs(statements)
    return pairs.select(_said()).item(0, 0) if pairs.height else ""


def _pairs(statements: pl.DataFrame) -> pl.DataFrame:
    """Payments and the correction that replaces them (``_other``).

    They are of one position and end, and begin on different days.  A correction that
    tells what was paid to date, or previously, leaves nothing out.
    """
    schema = {**_COLUMNS, **{f"{n}_other": t for n, t in _COLUMNS.items()}}
    if not statements.filter("is_correction")["period_start"].drop_nulls().len():
        return pl.DataFrame(schema=schema)
    names = timelines.told_amounts(statements)
    rows = timelines.with_periods(statements).filter(
        pl.col("period_start").is_not_null()
    )
    found = [pl.DataFrame(schema=schema)]
    for amount in PAID:
        to, this, previously = (
            pl.col(name).is_not_null() if name in names else pl.lit(value=False)
            for name in (told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY))
        )
        every = rows.with_columns(
            is_new=pl.col("statement").is_null(), amount=pl.lit(amount)
        )
        others = every.filter("is_correction", this & ~to & ~previously)
        found.append(
            every.filter(this | previously)
            .select(*_COLUMNS)
            .join(
                others.select(*_COLUMNS),
                on=[*timelines.KEY, "amount"],
                suffix="_other",
                coalesce=False,
            )
            .filter(
                pl.col("period_start") != pl.col("period_start_other"),
                pl.col("number") < pl.col("number_other"),
            )
            .select(*schema)
        )
    return pl.concat(found)


def _said() -> pl.Expr:
    return pl.format(
        _SAID,
        _who(""),
        pl.col("period_start").cast(pl.String),
        pl.col("period_end").cast(pl.String),
        _who("_other"),
        pl.col("period_start_other").cast(pl.String),
    )


def _who(suffix: str) -> pl.Expr:
    """Who told it: a new row is of this file."""
    told = pl.lit("this file")
    return pl.when(f"is_new{suffix}").then(told).otherwise(teller(suffix))
