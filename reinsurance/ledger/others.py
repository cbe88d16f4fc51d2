"""Who else told of the same positions or premiums for the same periods."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger.copying import by_index, copy_in, sought
from reinsurance.ledger.lineage_ranges import repeating
from reinsurance.ledger.statements import REPEATED


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
        return _by_number(
            cursor,
            "(SELECT DISTINCT position, period_end FROM told_here) k "
            "JOIN reinsurance_claimstatement s ON s.position_id = k.position "
            "AND s.period_end = k.period_end",
            REPEATED,
            sender=sender,
            most=most,
        )


def _premiums(
    entries: pl.Series, *, sender: int | None, most: int
) -> list[tuple[int, int]]:
    """The same of premium entries: who told them, as far as that is another sender."""
    with transaction.atomic(), connection.cursor() as cursor:
        sought(cursor, "told_here", entry=("bigint", entries.unique()))
        return _by_number(
            cursor,
            "told_here k JOIN reinsurance_premiumentry s ON s.id = k.entry",
            "premiumentry",
            sender=sender,
            most=most,
        )


def _by_number(
    cursor: Any, told: str, model: str, *, sender: int | None, most: int
) -> list[tuple[int, int]]:
    """Numbers of other senders' files, and how many of the records ``s`` they told.

    Those that told them again, word for word, as well.
    """
    others = (
        "SELECT id FROM reinsurance_load WHERE undone_at IS NULL "
        "AND user_id IS NULL AND sender IS DISTINCT FROM %(sender)s"
    )
    counted = "GROUP BY l.number ORDER BY l.number DESC LIMIT %(most)s"
    values = {"sender": sender, "most": most, "model": model}
    cursor.execute(
        f"SELECT l.number, count(*) FROM {told} "  # noqa: S608 our names
        f"JOIN reinsurance_load l ON l.id = s.load_id AND l.id IN ({others}) {counted}",
        values,
    )
    found = Counter(dict(cursor.fetchall()))
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM ({others}) l CROSS JOIN LATERAL "  # noqa: S608
        "(SELECT FROM reinsurance_lineagerange r WHERE r.load_id = l.id "
        "AND r.model = %(model)s AND r.action = 'repeated' LIMIT 1) r)",
        values,
    )
    if cursor.fetchone()[0]:
        with by_index(cursor):
            cursor.execute(
                f"SELECT l.number, count(*) FROM {told} "  # noqa: S608 our names
                f"{repeating('s.id', model)} JOIN reinsurance_load l "
                f"ON l.id = r.load_id AND l.id <> s.load_id AND l.id IN ({others}) "
                f"{counted}",
                values,
            )
            found.update(dict(cursor.fetchall()))
    return sorted(found.items(), reverse=True)[:most]
