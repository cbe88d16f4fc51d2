"""Rows beside what stands in the books after them, for rules to look at."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    AS_AT,
    BASES,
    PAID,
    PAID_FEES,
    RESERVE_FEES,
    told_as,
)
from reinsurance.ledger.change_rules import changes_of
from reinsurance.ledger.later_periods import with_incurred


def settled_frame(
    good: pl.DataFrame,
    mine: pl.DataFrame,
    line: pl.DataFrame,
    counting: pl.Series,
) -> pl.DataFrame:
    """The rows beside what stands in the books after them, for rules.

    ``row``, ``claim``, ``position``, ``period_end``; ``told``: the bits of the fields
    that the row tells; ``paid_by_kind`` and ``reserve_by_kind``: it tells fees by kind
    and not their total; ``at_<amount>``: at the row's period; ``before_<amount>``: at
    the period told before; ``now_<amount>``: at the latest; ``told_incurred…``;
    ``status_now``; ``is_live``: the row counts; ``is_last``: nobody told the position
    and period after it.  Where rows tell changes of the period, what
    :mod:`change_rules` looks at.
    """
    amounts = [n for n in (*PAID, *AS_AT) if n in line.columns]
    changes = changes_of(mine)
    # The line is in order; a window for each of so many positions costs far more.
    is_next = pl.col("position") == pl.col("position").shift(1)
    at = line.select(
        "position",
        "period_end",
        pl.col("number").alias("at_number"),
        *(pl.col(n).alias(f"at_{n}") for n in amounts),
        *(
            pl.when(is_next).then(pl.col(n).shift(1)).alias(f"before_{n}")
            for n in amounts
        ),
        *(
            pl.when(is_next).then(pl.col("period_end").shift(1)).alias("before_end")
            for _ in changes[:1]
        ),
    )
    base = mine.select(
        "row",
        "position",
        "period_end",
        "number",
        "told",
        *changes,
        paid_by_kind=_by_kind(mine, "paid_fees", PAID_FEES),
        reserve_by_kind=_by_kind(mine, "reserve_fees", RESERVE_FEES),
        is_live=pl.col("row").is_in(counting.implode()),
    )
    told = [n for n in good.columns if n.startswith("told_")]
    frame = (
        base.join(at, on=["position", "period_end"], how="left", maintain_order="left")
        .join(_latest(line, amounts), on="position", how="left", maintain_order="left")
        .join(
            good.select("row", "claim", "currency", *told),
            on="row",
            maintain_order="left",
        )
    )
    frame = frame.with_columns(
        is_last=pl.col("number") == pl.col("at_number"),
    ).drop("number", "at_number")
    return with_incurred(frame, ("at", "before", "now"))


def _latest(line: pl.DataFrame, amounts: list[str]) -> pl.DataFrame:
    """The positions as they stand: ``status_now`` and ``now_<amount>``."""
    return timelines.latest(line).select(
        "position",
        pl.col("status").alias("status_now"),
        *(pl.col(n).alias(f"now_{n}") for n in amounts),
    )


def _by_kind(mine: pl.DataFrame, total: str, kinds: tuple[str, ...]) -> pl.Expr:
    """Whether a row tells fees by kind and not their total."""

    def tells(*amounts: str) -> pl.Expr:
        names = [told for a in amounts for told in (a, *(told_as(a, b) for b in BASES))]
        here = [pl.col(n).is_not_null() for n in names if n in mine.columns]
        return pl.any_horizontal(pl.lit(value=False), *here)

    return tells(*kinds) & ~tells(total)
