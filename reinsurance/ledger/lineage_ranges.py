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


def told_by(record: str, load: str, model: str, loads: str) -> str:
    """SQL: whether one of the loads told the record, or told it again in a repeat.

    ``load``: the key of the load that it stands by; ``loads``: a query of keys.
    """
    return (
        f"({load} IN ({loads}) OR EXISTS (SELECT FROM reinsurance_lineagerange r "  # noqa: S608
        f"WHERE r.model = '{model}' AND r.action = 'repeated' AND {holds(record)} "
        f"AND r.load_id IN ({loads})))"
    )


def loads_before(number: int | None, sender: int | None) -> str:
    """SQL: keys of a sender's files that stand and were received before a number.

    ``number`` None: of all of them.
    """
    whose = "NULL" if sender is None else int(sender)
    before = "" if number is None else f"AND number < {int(number)} "
    return (
        "SELECT id FROM reinsurance_load WHERE undone_at IS NULL "  # noqa: S608
        f"AND user_id IS NULL {before}AND sender IS NOT DISTINCT FROM {whose}"
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
