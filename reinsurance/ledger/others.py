"""Who else told of the same positions or premiums for the same periods.

Not what a sender's own later correction left out: that word does not count any more.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger.copying import by_index, copy_in, copy_out, sought
from reinsurance.ledger.lineage_ranges import repeating
from reinsurance.ledger.live_words import (
    is_corrected,
    live_of_claims,
    live_of_premiums,
)
from reinsurance.ledger.matching import stands_by_sets
from reinsurance.ledger.statements import REPEATED


def told_by_others(
    present: Iterable[pl.DataFrame],
    *,
    sender: int | None,
    most: int,
    listing: Callable[[], Collection[int]],
) -> list[tuple[int, int]]:
    """Files (numbers) of other senders that stand, and how many records they told.

    ``present``: of what a file of ``sender`` tells, ``position`` and ``period_end``, or
    ``entry``, a premium that it tells again; the newest ``most`` files.  ``listing``:
    keys of the senders who list premium of the year to date.
    """
    frames = [frame for frame in present if frame.height]
    premiums = [frame for frame in frames if "entry" in frame.columns]
    if premiums:
        entries = pl.concat(premiums)["entry"].unique()
        return _premiums(entries, sender=sender, most=most, listing=listing)
    frames = [frame for frame in frames if "position" in frame.columns]
    if not frames:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        told = [frame.select("position", "period_end") for frame in frames]
        _fill(cursor, "told_here", "position bigint, period_end date", told)
        cursor.execute("ANALYZE told_here")
        positions = pl.concat(told)["position"].unique()
        return _by_live_word(
            cursor,
            "(SELECT DISTINCT position, period_end FROM told_here) k "
            "JOIN reinsurance_claimstatement s ON s.position_id = k.position "
            "AND s.period_end = k.period_end",
            REPEATED,
            lambda: live_of_claims(cursor, positions),
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
        return _by_live_word(
            cursor,
            "(SELECT DISTINCT ON (k.claim, k.period_end, s.load_id) s.id, s.load_id "  # noqa: S608
            "FROM (SELECT DISTINCT claim, period_end FROM told_of) k "
            "JOIN reinsurance_claimposition p ON p.claim_id = k.claim "
            f"AND {stands_by_sets('p')} "
            "JOIN reinsurance_claimstatement s ON s.position_id = p.id "
            "AND s.period_end = k.period_end "
            f"WHERE NOT EXISTS (SELECT {same} AND o.position = p.id) {{live}} "
            f"AND EXISTS (SELECT {same} AND (o.position IS NULL OR NOT EXISTS "
            "(SELECT FROM reinsurance_claimstatement t "
            "WHERE t.position_id = o.position "
            "AND t.period_end = k.period_end AND t.load_id = s.load_id)))) s",
            REPEATED,
            lambda: live_of_claims(cursor, _positions(cursor)),
            sender=sender,
            most=most,
        )


def _positions(cursor: Any) -> pl.Series:
    """All positions of the claims that a file tells of (``told_of``)."""
    found = copy_out(
        cursor,
        "SELECT p.id FROM (SELECT DISTINCT claim FROM told_of) k "
        "JOIN reinsurance_claimposition p ON p.claim_id = k.claim",
        {"position": pl.Int64()},
    )
    return found["position"]


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
    entries: pl.Series,
    *,
    sender: int | None,
    most: int,
    listing: Callable[[], Collection[int]],
) -> list[tuple[int, int]]:
    """The same of premium entries: who told them, as far as that is another sender."""
    with transaction.atomic(), connection.cursor() as cursor:
        sought(cursor, "told_here", entry=("bigint", entries))
        return _by_live_word(
            cursor,
            "told_here k JOIN reinsurance_premiumentry s ON s.id = k.entry",
            "premiumentry",
            lambda: live_of_premiums(cursor, entries, listing=listing()),
            sender=sender,
            most=most,
        )


def _by_live_word(
    cursor: Any,
    told: str,
    model: str,
    words: Callable[[], pl.DataFrame],
    *,
    sender: int | None,
    most: int,
) -> list[tuple[int, int]]:
    """As :func:`_by_number`, of what counts (``words``: of :mod:`live_words`).

    That is worked out only where a sender has a correction.
    """
    found = _by_number(cursor, told.format(live=""), model, sender=sender, most=most)
    if not is_corrected(cursor, [number for number, _ in found]):
        return found
    live = words()
    columns = {n: ("bigint", live[n]) for n in ("record", "number")}
    sought(cursor, "live_word", **columns)
    cursor.execute("CREATE INDEX ON live_word (record, number)")
    among = told.format(live="AND s.id IN (SELECT record FROM live_word)")
    return _by_number(cursor, among, model, sender=sender, most=most, is_live=True)


def _by_number(
    cursor: Any,
    told: str,
    model: str,
    *,
    sender: int | None,
    most: int,
    is_live: bool = False,
) -> list[tuple[int, int]]:
    """Numbers of other senders' files, and how many of the records ``s`` they told.

    Those that told them again, word for word, as well.  ``is_live``: of the words in
    ``live_word`` alone.
    """
    others = (
        "SELECT id FROM reinsurance_load WHERE undone_at IS NULL "
        "AND user_id IS NULL AND sender IS DISTINCT FROM %(sender)s"
    )
    counted = "GROUP BY l.number ORDER BY l.number DESC LIMIT %(most)s"
    if is_live:
        word = "SELECT FROM live_word w WHERE w.record = s.id AND w.number = l.number"
        counted = f"WHERE EXISTS ({word}) {counted}"
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
