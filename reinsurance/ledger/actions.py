"""What loading does to the books by each row, and rows that change nothing."""

import polars as pl

from reinsurance.ledger.amounts import (
    AS_AT,
    MAIN,
    PAID,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    TOLD,
    told_as,
)
from reinsurance.ledger.timelines import MONEY

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


def actions(
    mine: pl.DataFrame,
    told_before: pl.DataFrame | None,
    standing: pl.Series,
    changed_rows: pl.Series,
    counting: pl.Series,
    line_before: pl.DataFrame | None = None,
    *,
    is_correction: bool,
) -> pl.DataFrame:
    """``row`` and ``__action``: what loading does to the books by each row.

    A row changes nothing either that tells what the books have come to for its period
    (``line_before``), in whatever basis they were told: an export handed in again.
    A row that does not count, for a later correction lacks its key, changes nothing.
    """
    amounts = [n for n in TOLD if n in mine.columns]
    if told_before is None:
        same = pl.lit(value=False)
        seen = mine
    else:
        seen = mine.join(
            told_before.rename(
                {
                    n: f"{n}_before"
                    for n in told_before.columns
                    if n not in {"position", "period_end"}
                }
            ),
            on=["position", "period_end"],
            how="left",
            maintain_order="left",
        )
        books = None if is_correction else line_before
        seen = _beside_books(seen, books)
        same = pl.all_horizontal(
            pl.col("number_before").is_not_null(),
            pl.col("status").is_null()
            | pl.col("status").eq_missing(pl.col("status_before"))
            | _stands("status", seen),
            *(
                pl.col(n).is_null()
                | (
                    pl.col(n).eq_missing(pl.col(f"{n}_before"))
                    if f"{n}_before" in seen.columns
                    else pl.lit(value=False)
                )
                | _stands(n, seen)
                for n in amounts
            ),
            *(_only_basis(a, seen) for a in PAID if is_correction),
        )
    is_standing = pl.col("position").is_in(standing.implode())
    # As a column: within a window it would be worked out for each position.
    seen = seen.with_columns(__counts=pl.col("row").is_in(counting.implode()))
    counts = pl.col("__counts")
    is_first = pl.col("row") == pl.when(counts).then("row").min().over("position")
    changes = pl.col("row").is_in(changed_rows.implode())
    return seen.select(
        "row",
        pl.when(~counts)
        .then(pl.lit(UNCHANGED))
        .when(~is_standing & is_first)
        .then(pl.lit(CREATED))
        .when(is_standing & same & ~changes)
        .then(pl.lit(UNCHANGED))
        .otherwise(pl.lit(UPDATED))
        .alias("__action"),
    )


BOOKS = "books."
"""Before the names of what the books have come to."""


def _beside_books(rows: pl.DataFrame, line: pl.DataFrame | None) -> pl.DataFrame:
    """The rows with what the books have come to for their position and period."""
    if line is None:
        return rows
    key = ["position", "period_end"]
    held = [n for n in line.columns if n in {"status", *PAID, *AS_AT}]
    nil = [n for n in MAIN if n not in held]
    books = line.select(
        *key,
        *(
            (pl.col(n).fill_null(0) if n in MAIN else pl.col(n)).alias(BOOKS + n)
            for n in held
        ),
        *(pl.lit(0, MONEY).alias(BOOKS + n) for n in nil),
    )
    return rows.join(books, on=key, how="left", maintain_order="left")


def _stands(name: str, rows: pl.DataFrame) -> pl.Expr:
    """Whether what a row tells, as at or to date, is what the books have come to."""
    held = BOOKS + name.removesuffix(f"_{TO_DATE}")
    if held not in rows.columns or name in PAID:
        return pl.lit(value=False)
    return pl.col(name).eq(pl.col(held)).fill_null(value=False)


def _only_basis(amount: str, seen: pl.DataFrame) -> pl.Expr:
    """Whether a correction leaves no other basis of an amount that it tells."""
    names = [told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY)]
    here = [n for n in names if n in seen.columns]
    if not here:
        return pl.lit(value=True)
    tells = pl.any_horizontal(pl.col(n).is_not_null() for n in here)
    others = [
        pl.col(f"{n}_before").is_not_null()
        & (pl.col(n).is_null() if n in seen.columns else pl.lit(value=True))
        for n in names
        if f"{n}_before" in seen.columns
    ]
    return ~(tells & pl.any_horizontal(others)) if others else pl.lit(value=True)


def repeats(
    statements: pl.DataFrame,
    old: pl.DataFrame,
    actions: pl.DataFrame,
    *,
    is_off: bool,
) -> pl.DataFrame:
    """``row`` and ``statement``: rows that tell word for word what one says already.

    It has to be the last word for its position and period.  A correction always has
    statements of its own.
    """
    nothing = pl.DataFrame(schema={"row": pl.Int64(), "statement": pl.Int64()})
    if is_off or not old.height:
        return nothing
    candidates = statements.join(
        actions.filter(pl.col("__action") == UNCHANGED), on="row"
    ).filter(pl.col("values").is_null())
    if not candidates.height:
        return nothing
    last = (
        old.sort("number", "row")
        .group_by("position", "period_end", maintain_order=True)
        .last()
        .filter(pl.col("values").is_null())
    )
    joined = candidates.join(
        last, on=["position", "period_end"], nulls_equal=True, suffix="_old"
    )
    compared = [
        "period_start",
        "status",
        "told",
        "details",
        *(n for n in TOLD if n in statements.columns),
    ]
    untold = [n for n in TOLD if n not in statements.columns]
    same = joined.filter(
        pl.all_horizontal(
            *(
                pl.col(n).eq_missing(pl.col(f"{n}_old"))
                if f"{n}_old" in joined.columns
                else pl.col(n).is_null()
                for n in compared
            ),
            *(pl.col(n).is_null() for n in untold if n in joined.columns),
        )
    )
    return same.select("row", "statement")
