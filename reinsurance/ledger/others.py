"""Who else told of the same positions or premiums for the same periods."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger.copying import by_index, copy_in, sought
from reinsurance.ledger.lineage_ranges import repeating
from reinsurance.ledger.matching import stands_by_sets
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
        told = [frame.select("position", "period_end") for frame in frames]
        _fill(cursor, "told_here", "position bigint, period_end date", told)
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


def told_beside(
    beside: Iterable[pl.DataFrame], *, sender: int | None, most: int
) -> list[tuple[int, int]]:
    """The same of claims that others told under other positions alone.

    ``beside``: ``claim``, ``position`` (null: a new one) and ``period_end`` of what a
    file tells.  Not where all positions of one of the two are among the other's.
    """
    frames = [frame for frame in beside if frame.height]
    if not frames:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        columns = "claim bigint, position bigint, period_end date"
        _fill(cursor, "told_of", columns, frames)
        cursor.execute("CREATE INDEX ON told_of (claim, period_end); ANALYZE told_of")
        same = "FROM told_of o WHERE o.claim = k.claim AND o.period_end = k.period_end"
        return _by_number(
            cursor,
            "(SELECT DISTINCT ON (k.claim, k.period_end, s.load_id) s.id, s.load_id "  # noqa: S608
            "FROM (SELECT DISTINCT claim, period_end FROM told_of) k "
            "JOIN reinsurance_claimposition p ON p.claim_id = k.claim "
            f"AND {stands_by_sets('p')} "
            "JOIN reinsurance_claimstatement s ON s.position_id = p.id "
            "AND s.period_end = k.period_end "
            f"WHERE NOT EXISTS (SELECT {same} AND o.position = p.id) "
            f"AND EXISTS (SELECT {same} AND (o.position IS NULL OR NOT EXISTS "
            "(SELECT FROM reinsurance_claimstatement t "
            "WHERE t.position_id = o.position "
            "AND t.period_end = k.period_end AND t.load_id = s.load_id)))) s",
            REPEATED,
            sender=sender,
            most=most,
        )


def counted_beside(
    beside: Iterable[pl.DataFrame], *, most: int
) -> list[tuple[int, int]]:
    """Files (``number``) and how many of their premiums (``count``), of all parts."""
    found: Counter[int] = Counter()
    for frame in beside:
        for number, count in frame.select("number", "count").iter_rows():
            found[number] += count
    return sorted(found.items(), reverse=True)[:most]


def _fill(cursor: Any, table: str, columns: str, frames: list[pl.DataFrame]) -> None:
    """A table of this transaction, filled with the frames."""
    cursor.execute(
        f"DROP TABLE IF EXISTS {table}; "
        f"CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DROP"
    )
    for frame in frames:
        copy_in(cursor, table, frame)


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
