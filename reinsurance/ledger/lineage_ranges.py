"""Rows and the records that they made or repeat, as ranges without a gap."""

from typing import Any

import polars as pl
from django.db.models import Q

from reinsurance.ledger.copying import copy_in
from reinsurance.models import LineageRange

RANGES = LineageRange._meta.db_table


def holds(record: str, ranges: str = "r") -> str:
    """SQL: whether a range holds the record of that key; one seek in the index."""
    last = f"({record} | {LineageRange.BLOCK - 1})"
    return (
        f"({ranges}.last_id BETWEEN {record} AND {last} "
        f"AND {ranges}.first_id <= {record})"
    )


def repeating(record: str, model: str) -> str:
    """SQL: joins ``r``, the ranges of rows that tell again what the record says.

    Record by record (OFFSET keeps the planner to it): a load adds many ranges that the
    statistics do not know of.
    """
    return (
        "CROSS JOIN LATERAL (SELECT r.* FROM reinsurance_lineagerange r "  # noqa: S608
        f"WHERE r.model = '{model}' AND r.action = 'repeated' AND {holds(record)} "
        "OFFSET 0) r"
    )


def holding(record: int) -> Q:
    """The ranges that hold the record of that key."""
    last = record | LineageRange.BLOCK - 1
    return Q(first_id__lte=record, last_id__range=(record, last))


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
    block = pl.col("id") // LineageRange.BLOCK
    ranges = (
        pairs.sort("row")
        .with_columns(
            __run=(
                (step != step.shift(1))
                | (pl.col("row") != pl.col("row").shift(1) + 1)
                | (block != block.shift(1))
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
