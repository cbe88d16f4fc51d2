"""Amounts paid that something received later tells in another basis, and that stands.

A correction replaces what was told of an amount in every basis, and an amount to date
stands beside one of the period (:mod:`timelines`).  So a row may tell *to date* what
does not count, although nothing tells *to date* later.
"""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import BASES, PAID, THIS_PERIOD, TO_DATE, told_as
from reinsurance.ledger.beside import differs, plain
from reinsurance.ledger.timelines import KEY, MONEY

SCHEMA = {
    "row": pl.Int64(),
    "name": pl.String(),
    "value": MONEY,
    "number": pl.Int64(),
    "by": pl.Int64(),
    "stands": pl.String(),
    "is_equal": pl.Boolean(),
}
_WORDS = {
    "to_date": "to date",
    "this_period": "this period",
    "previously": "previously",
}


def told_otherwise(told: pl.DataFrame, live: pl.DataFrame, number: int) -> pl.DataFrame:
    """Amounts of rows (``told``) that another basis overrules.

    ``live``: all other statements that are live; ``number``: of the rows' ingestion.
    ``row`` and ``name`` of the amount, its ``value``, the receipt (``number``, ``by``
    its row) of who stands, what that tells (``stands``), and whether the books come to
    the same (``is_equal``).
    """
    whole = timelines.with_periods(pl.concat([live, told], how="diagonal_relaxed"))
    names = timelines.told_amounts(whole)
    line = timelines.timeline(whole)
    later = timelines.replaced_by_corrections(
        whole.filter(pl.col("number") > number), names
    )
    mine = whole.filter(pl.col("number") == number)
    found = [pl.DataFrame(schema=SCHEMA)]
    for amount in PAID:
        bases = [b for b in BASES if told_as(amount, b) in names]
        if len(bases) > 1 and amount in line.columns:
            stands = _standing(later, amount, bases)
            books = _books(line, amount)
            found += [_overruled(mine, stands, books, amount, basis) for basis in bases]
    return pl.concat(found)


def _standing(later: pl.DataFrame, amount: str, bases: list[str]) -> pl.DataFrame:
    """By position and period: what later words tell of an amount, and who."""
    tells = {b: pl.col(told_as(amount, b)).is_not_null() for b in bases}
    any_of = pl.any_horizontal(*tells.values())
    words = pl.coalesce(
        pl.when(pl.col(f"last_{b}").is_not_null()).then(
            pl.format(f"{{}} {_WORDS[b]}", plain(pl.col(f"last_{b}")))
        )
        for b in bases
    )
    return (
        later.filter(any_of)
        .sort(*timelines.ORDER)
        .group_by(*KEY, maintain_order=True)
        .agg(
            pl.col("number", "row").last(),
            pl.col("is_correction").any().alias("is_corrected"),
            *(
                pl.col(told_as(amount, b)).drop_nulls().last().alias(f"last_{b}")
                for b in bases
            ),
        )
        .with_columns(stands=words)
        .rename({"number": "number_later", "row": "row_later"})
    )


def _books(line: pl.DataFrame, amount: str) -> pl.DataFrame:
    """What the books come to by each basis, at the end of each period."""
    now, before = pl.col(amount).fill_null(0), pl.col(amount).shift(1).over("position")
    before = before.fill_null(0)
    return line.select(*KEY, to_date=now, this_period=now - before, previously=before)


def _overruled(
    mine: pl.DataFrame,
    stands: pl.DataFrame,
    books: pl.DataFrame,
    amount: str,
    basis: str,
) -> pl.DataFrame:
    name, to = told_as(amount, basis), told_as(amount, TO_DATE)
    is_over = pl.col("is_corrected")
    if basis == THIS_PERIOD and "last_to_date" in stands.columns:
        is_over = is_over | (
            pl.col("last_to_date").is_not_null() & pl.col(to).is_null()
        )
    return (
        mine.filter(pl.col(name).is_not_null())
        .join(stands, on=KEY)
        .filter(is_over & pl.col(f"last_{basis}").is_null())
        .join(books, on=KEY, suffix="_books")
        .select(
            "row",
            pl.lit(name).alias("name"),
            pl.col(name).cast(MONEY).alias("value"),
            pl.col("number_later").alias("number"),
            pl.col("row_later").alias("by"),
            "stands",
            is_equal=~differs(pl.col(name), pl.col(basis)),
        )
    )
