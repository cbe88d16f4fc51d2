"""Periods told already that end later than those of the rows, and that rows change.

A late or corrected row moves what was paid, and what incurred changes by, of the next
period as well.  The rules between periods are asked there, too; what they say names the
period and who told it.
"""

from collections.abc import Iterable

import polars as pl

from reinsurance.ledger.amounts import AS_AT, PAID
from reinsurance.ledger.overlaps import teller
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
    """Later periods that rows change, each at the last row of its position before it.

    ``line`` and ``was``: timelines with the rows and without them; ``mine``: the rows
    as statements, of which those ``counting`` count; ``good``: the rows with ``claim``
    and ``currency``.
    ``row``, ``claim``, ``currency``, ``position``, ``period_end``, ``number_later`` and
    ``row_later`` of who told the period, ``at_<amount>``, ``before_<amount>``, and the
    two without the rows: ``was_at_…``, ``was_before_…``; empty where there are none.
    """
    own = mine.filter(pl.col("row").is_in(counting.implode())).select(*KEY, "row")
    keys = _told_after(line, own)
    if not keys.height:
        return keys
    amounts = [n for n in (*PAID, *AS_AT) if n in line.columns]
    after = _sided(line.join(keys, on="position", how="semi", maintain_order="left"))
    before = _sided(was.join(keys, on="position", how="semi", maintain_order="left"))
    names = [f"{side}_{n}" for side in SIDES[:2] for n in amounts]
    untold = [n for n in names if n not in before.columns]
    before = before.with_columns(pl.lit(None, MONEY).alias(n) for n in untold)
    found = (
        after.join(keys, on=KEY, how="semi", maintain_order="left")
        .join(
            before.select(*KEY, pl.col(names).name.prefix("was_")),
            on=KEY,
            how="left",
            maintain_order="left",
        )
        .filter(
            pl.any_horizontal(
                pl.lit(value=False),
                *(
                    pl.col(n).fill_null(0) != pl.col(f"was_{n}").fill_null(0)
                    for n in names
                ),
            )
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
    """In words, after ``before``: which later period, and who told it."""
    day = pl.col("period_end").cast(pl.String)
    return pl.format(f"{before} to {{}}, which {{}} told", day, teller("_later"))


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


def _told_after(line: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Keys of periods after the first one that the rows tell, which they do not."""
    first = own.group_by("position").agg(first=pl.col("period_end").min())
    return (
        line.select(KEY)
        .join(first, on="position")
        .filter(pl.col("period_end") > pl.col("first"))
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


def _at_rows(found: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """With ``row``: the last one of the position before the period."""
    return found.sort("period_end").join_asof(
        own.sort("period_end", "row"),
        on="period_end",
        by="position",
        check_sortedness=False,
    )
