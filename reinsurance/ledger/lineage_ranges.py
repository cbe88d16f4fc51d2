"""Rows and the records that they made or repeat, as ranges without a gap."""

from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_in
from reinsurance.models import LineageRange

RANGES = LineageRange._meta.db_table


def write_repeats(cursor: Any, repeats: pl.DataFrame, *, model: str, load: int) -> None:
    """Rows that repeat records, as ranges: ``row`` and ``id`` that rise together."""
    write_ranges(cursor, repeats, model=model, load=load, action="repeated")


def write_ranges(
    cursor: Any, pairs: pl.DataFrame, *, model: str, load: int, action: str
) -> None:
    """``row`` and ``id`` as ranges without a gap."""
    if not pairs.height:
        return
    step = pl.col("id") - pl.col("row")
    ranges = (
        pairs.sort("row")
        .with_columns(
            __run=(
                (step != step.shift(1)) | (pl.col("row") != pl.col("row").shift(1) + 1)
            )
            .fill_null(value=True)
            .cum_sum()
        )
        .group_by("__run", maintain_order=True)
        .agg(
            first_row=pl.col("row").first(),
            first_id=pl.col("id").first(),
            last_id=pl.col("id").last(),
        )
    )
    copy_in(
        cursor,
        RANGES,
        ranges.select(
            pl.lit(load, dtype=pl.Int64).alias("load_id"),
            pl.lit(model).alias("model"),
            pl.lit(action).alias("action"),
            "first_row",
            "first_id",
            "last_id",
        ),
    )
