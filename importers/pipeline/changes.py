"""What a chunk of rows does to the books, record by record and row by row.

Staging asks it to know, loading asks it to write: the same walk, so that what was
previewed is what is loaded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from importers.pipeline.check import full_key, has_record
from importers.pipeline.compare import ID, PARENT, Compared, compare
from importers.pipeline.frames import ROW
from importers.pipeline.limits_removed import limits_removed
from importers.record_types import RecordType
from importers.values import Action
from reinsurance.resources.base import DomainResource
from reinsurance.resources.conventions import FileContext

ACTION = "__action"
PARENT_IS_NEW = "__parent_is_new"
RANK = {Action.UNCHANGED: 0, Action.UPDATED: 1, Action.CREATED: 2}


def carries(index: int) -> str:
    """Column that says whether a row brings the record of that resource."""
    return f"__carries_{index}"


@dataclass(frozen=True, slots=True)
class Change:
    """One resource's records of a chunk beside the books.

    ``created`` and ``updated`` are the rows that bring a new record or a different
    one, ``repeated`` those that say what the books say already; ``issues`` are what has
    to be looked at; ``updated`` has the record's id and ``was.<name>`` values.
    """

    resource: type[DomainResource]
    compared: Compared
    issues: pl.DataFrame
    created: pl.DataFrame
    updated: pl.DataFrame
    repeated: pl.DataFrame


Write = Callable[[Change], pl.Series]
"""Writes a change; the ids of its created rows, in their order."""


def walk(
    cursor: Any,
    record_type: RecordType,
    frame: pl.DataFrame,
    *,
    context: FileContext,
    write: Write | None = None,
) -> Iterator[Change | pl.DataFrame]:
    """Each resource's Change, outermost first; last a frame of ``row`` and action.

    ``frame`` holds good rows with their ``carries`` columns.  With ``write`` each
    change is written before the next is looked at, so that children find parents.
    """
    ids: dict[type[DomainResource], pl.DataFrame] = {}
    rank = frame.select(ROW, __rank=pl.lit(0, dtype=pl.Int8))
    for index, resource in enumerate(record_type.resources):
        rows = frame.filter(has_record(resource, frame))
        if resource.is_optional and not rows.height:
            continue  # no row has one; the file may lack even its columns
        if resource.parent in ids:
            rows = rows.join(
                ids[resource.parent], on=ROW, how="left", maintain_order="left"
            )
        change = _change(cursor, resource, rows, index, context)
        done = change.compared.frame.select(ROW, ID)
        if write is not None:
            new_ids = write(change)
            done = _with_new(record_type, change, new_ids)
        was_there = change.compared.frame.get_column(ID).is_not_null()
        ids[resource] = done.rename({ID: PARENT}).with_columns(
            (~was_there).alias(PARENT_IS_NEW)
        )
        rank = _raised(rank, change.created, RANK[Action.CREATED])
        rank = _raised(rank, change.updated, RANK[Action.UPDATED])
        yield change
    names = {number: action.value for action, number in RANK.items()}
    yield rank.select(
        ROW,
        pl.col("__rank").replace_strict(names, return_dtype=pl.String).alias(ACTION),
    )


def _change(
    cursor: Any,
    resource: type[DomainResource],
    rows: pl.DataFrame,
    index: int,
    context: FileContext,
) -> Change:
    compared = compare(cursor, resource, rows, context)
    carried = compared.frame.filter(pl.col(carries(index)))
    is_new = pl.col(ID).is_null()
    if PARENT_IS_NEW in carried.columns:
        is_new &= pl.col(PARENT_IS_NEW) | resource.is_told(carried)
    updated = carried.filter(pl.col(ID).is_not_null() & compared.any_change)
    judged = resource().judge(compared.frame, context)
    return Change(
        resource,
        compared,
        issues=pl.concat([judged, limits_removed(resource, updated)]),
        created=carried.filter(is_new),
        updated=updated,
        repeated=carried.filter(pl.col(ID).is_not_null() & ~compared.any_change),
    )


def _with_new(
    record_type: RecordType, change: Change, new_ids: pl.Series
) -> pl.DataFrame:
    """``row`` and ``__id`` of all rows, those of records just created included."""
    frame = change.compared.frame
    if not change.created.height:
        return frame.select(ROW, ID)
    key = full_key(record_type, change.resource)
    new = change.created.select(key).with_columns(__new=new_ids)
    joined = frame.join(
        new, on=key, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.select(ROW, pl.coalesce(ID, "__new").alias(ID))


def _raised(rank: pl.DataFrame, rows: pl.DataFrame, to: int) -> pl.DataFrame:
    if not rows.height:
        return rank
    here = pl.col(ROW).is_in(rows.get_column(ROW).implode())
    return rank.with_columns(
        pl.when(here & (pl.col("__rank") < to))
        .then(pl.lit(to, dtype=pl.Int8))
        .otherwise("__rank")
        .alias("__rank")
    )
