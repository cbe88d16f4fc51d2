"""Premium of lists of the year to date that stands now, or stood at an earlier end.

A later list replaces what earlier ones told, which stood until then all the same: a
list that comes late counts beside that.
"""

import datetime
from collections.abc import Iterable
from typing import Any

import polars as pl

from reinsurance.ledger.lacking_then import stood_then


def may_have_stood(ends: Iterable[datetime.date | None], *, lists_year: bool) -> str:
    """SQL: whether entry ``e`` stands, or a load ``g`` for a later end replaced it.

    ``ends``: of the periods of a file that entries are held against; a list later than
    those, so that nothing of the kind is found where no list comes late.
    """
    stands = "g.id IS NULL"
    first = min((end for end in ends if end is not None), default=None)
    if not lists_year or first is None:
        return stands
    return (
        f"({stands} OR EXISTS (SELECT FROM reinsurance_loadperiod q "  # noqa: S608
        "WHERE q.load_id = g.id AND q.treaty_id = e.treaty_id "
        f"AND q.period_end > greatest(e.period_end, DATE '{first!s}')))"
    )


def only_stood(
    cursor: Any, entries: pl.DataFrame, *, number: int, sender: int | None
) -> pl.DataFrame:
    """Without entries that neither stand now nor stood as at their list, or the file.

    ``entries``: ``key``, ``treaty``, ``policy``, ``period_end``, ``own_end`` of the
    file (``number``) that they are held against, and whether one ``is_replaced``.
    """
    replaced = entries.filter("is_replaced")
    if not replaced.height or sender is None:
        return entries.filter(~pl.col("is_replaced"))
    missing = replaced.select(
        "treaty",
        "policy",
        entry="key",
        day=pl.max_horizontal("period_end", "own_end"),
    ).unique()
    gone = pl.Series(dtype=pl.Int64)
    stood = stood_then(cursor, missing, gone=gone, number=number, sender=sender)
    has_stood = pl.col("key").is_in(stood["entry"].implode())
    return entries.filter(~pl.col("is_replaced") | has_stood)
