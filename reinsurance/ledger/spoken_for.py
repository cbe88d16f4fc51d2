"""The contracts and periods that a file speaks for, as a correction."""

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out

Period = tuple[Any, Any, Any]
"""Contract, start and end."""


def by_end(periods: Mapping[Period, int]) -> dict[Period, int]:
    """Rows of a file by contract and end of the period, with its start.

    Where periods of several starts end on one day, the start is None: the file speaks
    for each that ends then.
    """
    starts: dict[tuple[Any, Any], set[Any]] = {}
    counts: dict[tuple[Any, Any], int] = {}
    for (treaty, start, end), count in periods.items():
        starts.setdefault((treaty, end), set()).add(start)
        counts[treaty, end] = counts.get((treaty, end), 0) + count
    return {
        (treaty, next(iter(found)) if len(found) == 1 else None, end): counts[
            treaty, end
        ]
        for (treaty, end), found in starts.items()
    }


def not_spoken_for(
    periods: Mapping[Period, int], others: Collection[Period]
) -> dict[Period, int]:
    """Periods as of :func:`by_end`, without those that others speak for whole."""
    taken = set(others)
    return {
        (treaty, start, end): count
        for (treaty, start, end), count in by_end(periods).items()
        if not {(treaty, start, end), (treaty, None, end)} & taken
    }


def spoken_for(cursor: Any, load: int, *, listing: Collection[int]) -> pl.Series:
    """Keys of all premium entries of the contracts and periods that a load is for.

    ``listing``: keys of senders whose files list the year to date; such a file speaks
    for the year up to its period.
    """
    entries = (
        "SELECT e.id FROM reinsurance_loadperiod p "  # noqa: S608 our numbers
        "JOIN reinsurance_load l ON l.id = p.load_id "
        "JOIN reinsurance_premiumentry e ON e.treaty_id = p.treaty_id "
        f"WHERE p.load_id = {load} AND p.leaves_out "
    )
    query = (
        f"{entries} AND e.period_end = p.period_end "
        "AND (p.period_start IS NULL OR e.period_start = p.period_start)"
    )
    if listing:
        query += (
            f" UNION {entries} AND l.sender IN ({', '.join(map(str, listing))}) "
            "AND e.period_end BETWEEN date_trunc('year', p.period_end)::date "
            "AND p.period_end"
        )
    found = copy_out(cursor, query, {"id": pl.Int64()})
    return found["id"].unique()
