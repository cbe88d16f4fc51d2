"""Statements of positions as frames: those that are live, with what repeated them.

A statement is live where its load is not undone and no correction that stands, was
received later and speaks for its contract and period lacks its key.  A row that told
again word for word what a statement says is kept as a range of rows, and counts as a
statement of its own load.
"""

import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import TOLD
from reinsurance.ledger.claim_corrections import (
    CLAIMS,
    corrections_of,
    lacking_dropped,
)
from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.lineage_ranges import repeating
from reinsurance.ledger.timelines import MONEY

REPEATED = "claimstatement"

SCHEMA: dict[str, pl.DataType] = {
    "statement": pl.Int64(),
    "position": pl.Int64(),
    "claim": pl.Int64(),
    "treaty": pl.Int64(),
    "load": pl.Int64(),
    "number": pl.Int64(),
    "sender": pl.Int64(),
    "is_correction": pl.Boolean(),
    "row": pl.Int64(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "status": pl.String(),
    "told": pl.Int64(),
    "values": pl.String(),
    "details": pl.String(),
}
"""Columns of a frame of statements, beside the amounts that are told."""
_OWN = (
    "s.position_id, k.claim, k.treaty, l.id, l.number, l.sender, "
    "l.is_correction, {row}, s.period_start, s.period_end, s.status_id, s.told, "
    's."values", s.details'
)


def amounts_told(cursor: Any) -> tuple[str, ...]:
    """Names of the amounts that any statement of the books may tell."""
    cursor.execute(
        "SELECT told IS NULL, array_agg(DISTINCT name) FROM reinsurance_load "
        "LEFT JOIN LATERAL jsonb_array_elements_text(told) AS name ON true "
        "WHERE record_type = %s GROUP BY told IS NULL",
        [CLAIMS],
    )
    found: set[str] = set()
    for is_any, names in cursor.fetchall():
        if is_any:
            return TOLD
        found.update(name for name in names if name)
    return tuple(name for name in TOLD if name in found)


def _stands(known_at: datetime.datetime | None, also: int | None) -> str:
    """SQL: whether a load ``l`` stands, or stood at a moment; ``also`` does."""
    if known_at is None:
        stands = "l.undone_at IS NULL"
        return stands if also is None else f"({stands} OR l.id = {also:d})"
    with connection.cursor() as cursor:
        moment = cursor.mogrify("%s", [known_at]).decode()
    return (
        f"l.loaded_at <= {moment} AND (l.undone_at IS NULL OR l.undone_at > {moment})"
    )


def live_statements(
    cursor: Any,
    positions: pl.Series,
    *,
    places: pl.DataFrame | None = None,
    known_at: datetime.datetime | None = None,
    correction: int | None = None,
    also: int | None = None,
) -> pl.DataFrame:
    """What live statements tell of the positions (:data:`SCHEMA`).

    Inside a transaction.  ``places``: ``position``, its ``claim`` and ``treaty``, where
    they are known; ``known_at``: as it was known at that moment; ``correction``: as if
    this one (its number) had left nothing out; ``also``: as before this load (its key)
    was undone.
    """
    keys = positions.drop_nulls().unique()
    if not keys.len():
        return pl.DataFrame(schema=SCHEMA)
    names = amounts_told(cursor)
    schema = {**SCHEMA, **dict.fromkeys(names, MONEY)}
    amounts = "".join(f", s.{name}" for name in names)
    if places is None:
        places = places_of(cursor, keys)
    sought(
        cursor,
        "sought_position",
        id=("bigint", places["position"]),
        claim=("bigint", places["claim"]),
        treaty=("bigint", places["treaty"]),
    )
    stands = _stands(known_at, also)
    joined = (
        "FROM sought_position k CROSS JOIN LATERAL (SELECT s.* "
        "FROM reinsurance_claimstatement s WHERE s.position_id = k.id OFFSET 0) s "
    )
    with by_index(cursor):
        own = copy_out(
            cursor,
            f"SELECT s.id, {_OWN.format(row='s.row')}{amounts} {joined} "  # noqa: S608
            f"JOIN reinsurance_load l ON l.id = s.load_id WHERE {stands}",
            schema,
        )
        repeated = copy_out(
            cursor,
            f"SELECT s.id, {_OWN.format(row='r.first_row + (s.id - r.first_id)')}"  # noqa: S608
            f"{amounts} {joined} {repeating('s.id', REPEATED)} "
            f"JOIN reinsurance_load l ON l.id = r.load_id WHERE {stands}",
            schema,
        )
    told = pl.concat([own, repeated])
    return without_lacked(cursor, told, stands, but=correction)


def places_of(cursor: Any, positions: pl.Series) -> pl.DataFrame:
    """``position``, ``claim`` and ``treaty``: where the positions belong."""
    sought(cursor, "sought_place", id=("bigint", positions))
    with by_index(cursor):
        return copy_out(
            cursor,
            "SELECT k.id, p.claim_id, c.treaty_id FROM sought_place k "
            "CROSS JOIN LATERAL (SELECT p.claim_id FROM reinsurance_claimposition p "
            "WHERE p.id = k.id OFFSET 0) p "
            "CROSS JOIN LATERAL (SELECT c.treaty_id FROM reinsurance_claim c "
            "WHERE c.id = p.claim_id OFFSET 0) c",
            dict.fromkeys(("position", "claim", "treaty"), pl.Int64()),
        )


def without_lacked(
    cursor: Any,
    statements: pl.DataFrame,
    stands: str = "l.undone_at IS NULL",
    *,
    but: int | None = None,
) -> pl.DataFrame:
    """Without the statements that a later correction of their sender lacks."""
    corrections = corrections_of(cursor, statements.get_column("treaty"), stands)
    if but is not None:
        corrections = corrections.filter(pl.col("correction") != but)
    return lacking_dropped(statements, corrections)


def timelines_of(
    positions: list[int], *, known_at: datetime.datetime | None = None
) -> pl.DataFrame:
    """What held at the end of each told period (:func:`timelines.timeline`)."""
    keys = pl.Series(positions, dtype=pl.Int64)
    with transaction.atomic(), connection.cursor() as cursor:
        found = live_statements(cursor, keys, known_at=known_at)
    return timelines.timeline(found)
