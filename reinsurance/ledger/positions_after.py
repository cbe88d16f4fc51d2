"""The positions that rows touch, as they stand after them."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import MAIN, POSITION
from reinsurance.ledger.matching import WAS
from reinsurance.ledger.timelines import MONEY


def positions_after(
    good: pl.DataFrame,
    positions: pl.DataFrame,
    line: pl.DataFrame,
    fills: pl.DataFrame,
) -> pl.DataFrame:
    """The positions that rows touch, as they stand after them.

    ``position``, ``claim``, key parts, ``status``, ``period_end``, amounts, ``stands``
    (before), ``is_live`` (some statement of it counts), ``is_changed``, ``is_filled``
    (a part of its key is told that was not).
    """
    parts = ["section", "risk_code"]
    touched = good.select("position", "claim", "treaty", *parts, "currency").unique(
        "position", keep="first", maintain_order=True
    )
    now = timelines.latest(line).rename({"number": "told_by", "row": "told_row"})
    after = touched.join(now, on="position", how="left", maintain_order="left")
    for name in POSITION:
        if name not in after.columns:
            after = after.with_columns(pl.lit(None, MONEY).alias(name))
    known = positions.select(
        "position",
        "stands",
        *(pl.col(n).alias(f"its_{n}") for n in parts),
        "was_status",
        "was_period_end",
        *(WAS + name for name in POSITION),
    )
    after = after.join(known, on="position", how="left", maintain_order="left").join(
        fills.rename({n: f"fill_{n}" for n in parts}),
        on="position",
        how="left",
        maintain_order="left",
    )
    after = after.with_columns(
        [
            pl.col("stands").fill_null(value=False),
            pl.when(pl.col("period_end") != timelines.NO_PERIOD)
            .then("period_end")
            .alias("period_end"),
            *(pl.coalesce(f"fill_{n}", f"its_{n}", n).alias(n) for n in parts),
        ]
    )
    after = after.with_columns(pl.col(name).fill_null(0).cast(MONEY) for name in MAIN)
    differs = pl.any_horizontal(
        pl.col("status").ne_missing(pl.col("was_status")),
        pl.col("period_end").ne_missing(pl.col("was_period_end")),
        *(pl.col(name).ne_missing(pl.col(WAS + name)) for name in POSITION),
        *(pl.col(n).ne_missing(pl.col(f"its_{n}")) for n in parts),
    )
    is_live = pl.col("position").is_in(now["position"].implode())
    is_filled = pl.any_horizontal(
        pl.col(n).ne_missing(pl.col(f"its_{n}")) for n in parts
    )
    return after.with_columns(
        is_live=is_live,
        is_changed=is_live & (differs | ~pl.col("stands")),
        is_filled=is_live & is_filled & pl.col("its_section").is_not_null(),
    )
