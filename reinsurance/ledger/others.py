"""Who else told of the same positions or premiums for the same periods."""

from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger.copying import copy_in, sought


def told_by_others(
    present: Iterable[pl.DataFrame], *, sender: int | None, most: int
) -> list[tuple[int, int]]:
    """Files (numbers) of other senders that stand, and how many records they told.

    ``present``: of what a file of ``sender`` tells, ``position`` and ``period_end``, or
    ``entry``, a premium that it tells again; the newest ``most`` files.
    """
    frames = [frame for frame in present if frame.height]
    premiums = [frame for frame in frames if "entry" in frame.columns]
    if premiums:
        return _premiums(pl.concat(premiums)["entry"], sender=sender, most=most)
    frames = [frame for frame in frames if "position" in frame.columns]
    if not frames:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS told_here; CREATE TEMPORARY TABLE told_here "
            "(position bigint, period_end date) ON COMMIT DROP"
        )
        for frame in frames:
            copy_in(cursor, "told_here", frame.select("position", "period_end"))
        cursor.execute("ANALYZE told_here")
        cursor.execute(
            "SELECT l.number, count(*) "
            "FROM (SELECT DISTINCT position, period_end FROM told_here) k "
            "JOIN reinsurance_claimstatement s ON s.position_id = k.position "
            "AND s.period_end = k.period_end "
            "JOIN reinsurance_load l ON l.id = s.load_id AND l.undone_at IS NULL "
            "AND l.user_id IS NULL WHERE l.sender IS DISTINCT FROM %s "
            "GROUP BY l.number ORDER BY l.number DESC LIMIT %s",
            [sender, most],
        )
        found: list[Any] = cursor.fetchall()
    return [(int(number), int(count)) for number, count in found]


def _premiums(
    entries: pl.Series, *, sender: int | None, most: int
) -> list[tuple[int, int]]:
    """The same of premium entries: who told them, as far as that is another sender."""
    with transaction.atomic(), connection.cursor() as cursor:
        sought(cursor, "told_here", entry=("bigint", entries.unique()))
        cursor.execute(
            "SELECT l.number, count(*) FROM told_here k "
            "JOIN reinsurance_premiumentry e ON e.id = k.entry "
            "JOIN reinsurance_load l ON l.id = e.load_id AND l.undone_at IS NULL "
            "AND l.user_id IS NULL WHERE l.sender IS DISTINCT FROM %s "
            "GROUP BY l.number ORDER BY l.number DESC LIMIT %s",
            [sender, most],
        )
        found: list[Any] = cursor.fetchall()
    return [(int(number), int(count)) for number, count in found]
