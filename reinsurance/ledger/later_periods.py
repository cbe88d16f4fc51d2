"""Periods beside those of the rows that the rows change.

A late or corrected row moves what was paid, and what incurred changes by, of the next
period as well.  So does what a row says was *previously* paid, from the end of the
period before its own on, told for by others or not.  The rules between periods are
asked there, too; what they say names the period and who told it.
"""

from collections.abc import Iterable

import polars as pl

from reinsurance.ledger.amounts import (
    AS_AT,
    PAID,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    told_as,
)
from reinsurance.ledger.beside import day_before
from reinsurance.ledger.tellers import teller
from reinsurance.ledger.timelines import KEY, MONEY

SIDES = ("at", "before", "was_at", "was_before")
_PARTS = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")


def later_periods(
    line: pl.DataFrame,
    was: pl.DataFrame,
    mine: pl.DataFrame,
    counting: pl.Series,
    good: pl.DataFrame,
) -> pl.DataFrame:
    """Other periods that rows change, each at the last row that reaches it.

    Later ones, and of rows that say what was paid before their period those from its
    end on; not the first one of a position: what was paid before it is no payment.

    ``line`` and ``was``: timelines with the rows and without them; ``mine``: the rows
    as statements, of which those ``counting`` count; ``good``: the rows with ``claim``
    and ``currency``.
    ``row``, ``claim``, ``currency``, ``position``, ``period_end``, ``number_later`` and
    ``row_later`` of who told the period, ``is_opened`` (the row alone speaks of it, by
    what was paid before its own), ``at_<amount>``, ``before_<amount>``, and the
    two without the rows: ``was_at_…``, ``was_before_…``; empty where there are none.
    """
    own = mine.filter(pl.col("row").is_in(counting.implode())).select(
        *KEY, "number", "row", since=_since(mine)
    )
    keys = _told_after(line, own)
    if not keys.height:
        return keys
    amounts = [n for n in (*PAID, *AS_AT) if n in line.columns]
    after = _sided(line.join(keys, on="position", how="semi", maintain_order="left"))
    before = _sided(was.join(keys, on="position", how="semi", maintain_order="left"))
    names = [f"{side}_{n}" for side in SIDES[:2] for n in amounts]
    found = _with_was(after.join(keys, on=KEY, how="semi"), before, amounts).filter(
        pl.any_horizontal(
            pl.lit(value=False),
            *(pl.col(n).fill_null(0) != pl.col(f"was_{n}").fill_null(0) for n in names),
        )
    )
    rows = _at_rows(found, own).join(
        good.select("row", "claim", "currency"), on="row", maintain_order="left"
    )
    return with_incurred(rows, SIDES)


def moves_by(amount: str) -> pl.Expr:
    """By how much more than before the rows an amount moves in the later period."""
    at, before, was_at, was_before = (
        pl.col(f"{side}_{amount}").fill_null(0) for side in SIDES
    )
    return (at - before) - (was_at - was_before)


def moved(amount: str) -> pl.Expr:
    """Whether the rows change by how much an amount moves in the later period."""
    return moves_by(amount) != 0


def told_where(before: str) -> pl.Expr:
    """In words, after ``before``: which other period, and who told it."""
    day = pl.col("period_end").cast(pl.String)
    own = pl.format(f"{before} to {{}}, by what the row says was paid before", day)
    told = pl.format(f"{before} to {{}}, which {{}} told", day, teller("_later"))
    return pl.when("is_opened").then(own).otherwise(told)


def with_incurred(frame: pl.DataFrame, sides: Iterable[str]) -> pl.DataFrame:
    """The frame with its parts and ``<side>_incurred``, of each side of the amounts."""
    for side in sides:
        untold = [n for n in _PARTS if f"{side}_{n}" not in frame.columns]
        frame = frame.with_columns(
            pl.lit(None, MONEY).alias(f"{side}_{n}") for n in untold
        ).with_columns(
            pl.sum_horizontal(pl.col(f"{side}_{n}").fill_null(0) for n in _PARTS)
            .cast(MONEY)
            .alias(f"{side}_incurred")
        )
    return frame


def _since(mine: pl.DataFrame) -> pl.Expr:
    """From the end of which period on a row says something: its own or the one before.

    The one before where it says what was paid by then, as such or as what was paid to
    date less what was paid this period.
    """
    says = [
        pl.all_horizontal(pl.col(n).is_not_null() for n in names)
        for amount in PAID
        for bases in ((PREVIOUSLY,), (TO_DATE, THIS_PERIOD))
        if {*(names := [told_as(amount, b) for b in bases])} <= {*mine.columns}
    ]
    is_said = pl.any_horizontal(pl.lit(value=False), *says)
    return pl.coalesce(pl.when(is_said).then(day_before()), "period_end")


def _told_after(line: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Keys of periods from where the rows begin to speak that they do not tell."""
    first = own.group_by("position").agg(
        since=pl.col("since").min(), first=pl.col("period_end").min()
    )
    is_next = pl.col("position") == pl.col("position").shift(1)
    return (
        line.select(*KEY, is_next=is_next.fill_null(value=False))
        .join(first, on="position")
        .filter(
            (pl.col("period_end") > pl.col("first"))
            | (pl.col("is_next") & (pl.col("period_end") >= pl.col("since")))
        )
        .join(own, on=KEY, how="anti")
        .select(KEY)
    )


def _sided(line: pl.DataFrame) -> pl.DataFrame:
    """``at_<amount>`` and ``before_<amount>`` of each period of a timeline."""
    amounts = [n for n in (*PAID, *AS_AT) if n in line.columns]
    is_next = pl.col("position") == pl.col("position").shift(1)
    return line.select(
        *KEY,
        pl.col("number", "row").name.suffix("_later"),
        *(pl.col(n).alias(f"at_{n}") for n in amounts),
        *(
            pl.when(is_next).then(pl.col(n).shift(1)).alias(f"before_{n}")
            for n in amounts
        ),
    )


def _with_was(
    found: pl.DataFrame, before: pl.DataFrame, amounts: list[str]
) -> pl.DataFrame:
    """With ``was_at_…`` and ``was_before_…``: what ``before`` holds of the periods.

    Of one that it does not have, what it holds at the last one before: nothing moved.
    """
    untold = [n for n in amounts if f"at_{n}" not in before.columns]
    held = before.with_columns(
        pl.lit(None, MONEY).alias(f"{side}_{n}") for side in SIDES[:2] for n in untold
    ).select(
        "position",
        was_end="period_end",
        **{f"was_{s}_{n}": f"{s}_{n}" for s in SIDES[:2] for n in amounts},
    )
    has_it = pl.col("was_end") == pl.col("period_end")
    return (
        found.sort("period_end")
        .join_asof(
            held.sort("was_end"),
            left_on="period_end",
            right_on="was_end",
            by="position",
            coalesce=False,
            check_sortedness=False,
        )
        .with_columns(
            pl.when(has_it)
            .then(f"was_before_{n}")
            .otherwise(f"was_at_{n}")
            .alias(f"was_before_{n}")
            for n in amounts
        )
        .drop("was_end")
    )


def _at_rows(found: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """With ``row``, the last one of the position that reaches it, and ``is_opened``."""
    reaching = own.sort("since", "period_end", "row").rename({"period_end": "its_end"})
    is_opened = (
        (pl.col("number_later") == pl.col("number"))
        & (pl.col("row_later") == pl.col("row"))
        & (pl.col("its_end") > pl.col("period_end"))
    )
    return (
        found.sort("period_end")
        .join_asof(
            reaching,
            left_on="period_end",
            right_on="since",
            by="position",
            coalesce=False,
            check_sortedness=False,
        )
        .with_columns(is_opened=is_opened)
        .drop("number", "its_end", "since")
    )
