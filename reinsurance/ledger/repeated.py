"""Rows that say word for word what stands: nothing has to be settled for them.

Most rows of a file that is sent twice, and many of a bordereau that lists the year to
date, are of this kind.  They are found by one query; what has to be said of what stands
was said when it came.
"""

from collections.abc import Collection
from typing import Any

import polars as pl
from django.db import connection

from reinsurance.ledger.amounts import TOLD
from reinsurance.ledger.claim_corrections import corrections_of
from reinsurance.ledger.contradictions import UNALLOCATED
from reinsurance.ledger.copying import by_index, copy_in, copy_out
from reinsurance.ledger.descriptions import (
    FIELDS,
    PARTS,
    is_told,
    model_field,
    table_column,
)
from reinsurance.ledger.matching import stands_by_sets
from reinsurance.ledger.statements import amounts_told
from reinsurance.models import ClaimStatement
from reinsurance.resources.conventions import Conventions

SCHEMA = {
    "row": pl.Int64(),
    "claim": pl.Int64(),
    "position": pl.Int64(),
    "statement": pl.Int64(),
    "period_end": pl.Date(),
}
_CLAIM = ("treaty", "reference")
_KEY = (*_CLAIM, *PARTS, "currency", "period_end")
_SAMPLE = 500
"""Rows that are tried first: where none of them is known, none of the chunk is."""
_SUMS = {
    "told_incurred": "p.incurred",
    "told_incurred_indemnity": "p.paid_indemnity + p.reserve_indemnity",
    "told_incurred_fees": "p.paid_fees + p.reserve_fees",
}
_JOINED = """
CROSS JOIN LATERAL (
    SELECT * FROM reinsurance_claim c
    WHERE c.treaty_id = k.treaty AND c.reference = k.reference LIMIT 1
) c
CROSS JOIN LATERAL (
    SELECT * FROM reinsurance_claimposition p
    WHERE p.claim_id = c.id AND p.section = k.section AND p.risk_code = k.risk_code
    AND p.currency_id = k.currency LIMIT 1
) p
CROSS JOIN LATERAL (
    SELECT s.*, count(*) OVER () AS how_many FROM reinsurance_claimstatement s
    WHERE s.position_id = p.id
    AND (s.period_end = k.period_end OR s.period_end IS NULL) LIMIT 1
) s
"""
"""Key by key: LIMIT keeps the planner to the order that is written here."""


def told_again(
    cursor: Any,
    told: pl.DataFrame,
    *,
    number: int,
    conventions: Conventions,
    parts: Collection[int] = (),
) -> pl.DataFrame:
    """The rows that repeat a live statement which alone says what stands.

    Not one of other ``parts`` of their file, which they are held out for.
    :data:`SCHEMA`.  Inside a transaction.  Either all rows of a claim are among them or
    none, so that the others can be settled without them.
    """
    nothing = pl.DataFrame(schema=SCHEMA)
    if conventions.is_correction or conventions.equal_rows_add:
        return nothing
    rows = _plain(cursor, told)
    if not _found(cursor, rows.head(_SAMPLE), number, parts).height:
        return nothing
    found = _found(cursor, rows, number, parts)
    claims = told.select("row", *_CLAIM)
    others = claims.join(found, on="row", how="anti")
    whole = claims.join(others, on=_CLAIM, how="anti")
    return found.join(whole, on="row", how="semi")


def _plain(cursor: Any, told: pl.DataFrame) -> pl.DataFrame:
    """Rows that can be compared by themselves: told once, of a period, uncorrected."""
    corrections = corrections_of(cursor, told.get_column("treaty"))
    unallocated = [n for n in UNALLOCATED.values() if n in told.columns]
    return told.rename(
        {"__period_start": "period_start", "__period_end": "period_end"}
    ).filter(
        pl.col("period_end").is_not_null(),
        ~pl.col("treaty").is_in(corrections["treaty"].implode()),
        *(pl.col(name).is_null() for name in unallocated),
        pl.struct(_KEY).is_unique(),
    )


def _found(
    cursor: Any, rows: pl.DataFrame, number: int, parts: Collection[int]
) -> pl.DataFrame:
    """The rows that repeat a statement, by one query."""
    if not rows.height:
        return pl.DataFrame(schema=SCHEMA)
    silent = [n for n in (*TOLD, *FIELDS, *_SUMS) if n in rows.columns]
    rows = rows.drop(n for n in silent if rows[n].null_count() == rows.height)
    amounts = sorted({n for n in TOLD if n in rows.columns} | {*amounts_told(cursor)})
    fields = [name for name in FIELDS if name in rows.columns]
    sums = {name: sql for name, sql in _SUMS.items() if name in rows.columns}
    _fill(cursor, rows, [n for n in amounts if n in rows.columns], fields, [*sums])
    same = [
        f"s.{n} IS NOT DISTINCT FROM k.{n}" if n in rows.columns else f"s.{n} IS NULL"
        for n in amounts
    ]
    says = [f'(k.{n} IS NULL OR k.{n} = c."{table_column(n)}")' for n in fields]
    adds = [
        f"(k.{name} IS NULL OR (p.period_end = s.period_end AND {sql} = k.{name}))"
        for name, sql in sums.items()
    ]
    conditions = " AND ".join(
        [
            *same,
            *says,
            *adds,
            # Nobody else told of the position for the period, or without any.
            "s.how_many = 1 AND s.period_end = k.period_end",
            "s.told = k.told",
            's."values" IS NULL',
            "s.status_id IS NOT DISTINCT FROM k.status",
            "s.period_start IS NOT DISTINCT FROM k.period_start",
            "s.details IS NOT DISTINCT FROM k.details",
            "(k.details IS NULL OR c.details @> k.details)",
            *(stands_by_sets(record) for record in ("c", "p")),
            "s.load_id NOT IN (SELECT id FROM reinsurance_load "  # noqa: S608 a number
            f"WHERE undone_at IS NOT NULL OR number >= {int(number)} "
            f"OR number IN ({', '.join(str(int(n)) for n in (number, *parts))}))",
        ]
    )
    with by_index(cursor):
        return copy_out(
            cursor,
            "SELECT k.row, c.id, p.id, s.id, k.period_end "  # noqa: S608
            f"FROM told_again k {_JOINED} WHERE {conditions}",
            SCHEMA,
        )


def _fill(
    cursor: Any,
    rows: pl.DataFrame,
    amounts: list[str],
    fields: list[str],
    sums: list[str],
) -> None:
    """The temporary table ``told_again``; null where a row does not tell."""
    by_statement = {
        name: str(ClaimStatement._meta.get_field(name).db_type(connection))
        for name in (*amounts, "period_start", "period_end", "status", "told")
    }
    by_claim = {name: str(model_field(name).db_type(connection)) for name in fields}
    columns = {
        "row": "bigint",
        "treaty": "bigint",
        "reference": "varchar",
        **dict.fromkeys((*PARTS, "currency"), "varchar"),
        "details": "jsonb",
        **by_statement,
        **by_claim,
        **dict.fromkeys(sums, "numeric"),
    }
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    cursor.execute(
        "DROP TABLE IF EXISTS told_again; "
        f"CREATE TEMPORARY TABLE told_again ({listed}) ON COMMIT DROP"
    )
    frame = rows.select(*columns).with_columns(
        pl.when(is_told(name)).then(pl.col(name)) for name in fields
    )
    copy_in(cursor, "told_again", frame)
