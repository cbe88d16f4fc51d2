"""Writing what was settled: claims, positions, statements, repeats; set by set.

All of it happens in the caller's transaction.  New records are copied straight into
their tables under keys drawn from the sequences; what differs goes through a temporary
table and one UPDATE.
"""

import json
from typing import Any

import polars as pl
from django.db import connection, models

from reinsurance.ledger import triggers
from reinsurance.ledger.amounts import POSITION, TOLD
from reinsurance.ledger.copying import by_index, copy_in, sought
from reinsurance.ledger.descriptions import (
    FIELDS,
    PARTS,
    empty,
    model_field,
    table_column,
)
from reinsurance.ledger.lineage_ranges import write_repeats
from reinsurance.ledger.position_keys import write_keys
from reinsurance.ledger.settlement import Settlement
from reinsurance.models import Claim, ClaimPosition, ClaimStatement
from reinsurance.resources.base import dtype_of

_MANY = 1_000


def draw_keys(cursor: Any, model: type[models.Model], count: int) -> pl.Series:
    """So many new keys of the model, rising; without a gap, where nobody else draws."""
    table = model._meta.db_table
    # The sequence is looked up once, not for every key.
    drawn = (
        "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) AS key "
    )
    series = "FROM generate_series(1, %s)"
    cursor.execute(
        f"SELECT min(key), max(key) FROM ({drawn}{series}) AS drawn",  # noqa: S608
        [table, count],
    )
    first, last = cursor.fetchone()
    if count and last - first + 1 == count:
        return pl.int_range(first, last + 1, eager=True, dtype=pl.Int64)
    cursor.execute(f"{drawn}{series}", [table, count])
    return pl.Series([row[0] for row in cursor.fetchall()], dtype=pl.Int64)


def tell_planner(cursor: Any, table: str, rows: int) -> None:
    """Have the table looked at where statistics know of less than was just written.

    Those that autovacuum took beside a load, or after one that was killed, say that
    there is nothing; the triggers of foreign keys then go by any index that has the key
    somewhere.  Where they rest nothing depends on it.
    """
    if rows < _MANY or triggers.may_rest():
        return
    cursor.execute(
        "SELECT reltuples < %s FROM pg_class WHERE oid = %s::regclass", [rows, table]
    )
    if cursor.fetchone()[0]:
        cursor.execute(f"ANALYZE (SKIP_LOCKED) {table}")


def update(
    cursor: Any,
    model: type[models.Model],
    frame: pl.DataFrame,
    columns: dict[str, str],
    *,
    also: str = "",
) -> None:
    """UPDATE records by ``id``: table column to the frame's column."""
    if not frame.height:
        return
    by_column = {field.column: field for field in model._meta.concrete_fields}
    typed = ", ".join(
        f'"{name}" {by_column[name].db_type(connection)}' for name in columns
    )
    cursor.execute(
        "DROP TABLE IF EXISTS differing; CREATE TEMPORARY TABLE differing "
        f"(id bigint, {typed}) ON COMMIT DROP"
    )
    values = [pl.col(own).alias(name) for name, own in columns.items()]
    copy_in(cursor, "differing", frame.sort("id").select("id", *values))
    sets = [f'"{name}" = {_value(by_column[name], name)}' for name in columns]
    sets += [also] if also else []
    with by_index(cursor):
        cursor.execute(
            f"UPDATE {model._meta.db_table} t SET {', '.join(sets)} "  # noqa: S608
            "FROM differing d WHERE t.id = d.id"
        )


def _value(field: models.Field, name: str) -> str:
    """SQL: the new value; an empty text that COPY has read as none is one again."""
    is_text = isinstance(field, models.CharField) and not field.null
    return f"coalesce(d.\"{name}\", '')" if is_text else f'd."{name}"'


def write(cursor: Any, settlement: Settlement, *, load: int) -> pl.Series:
    """Write what was settled for a load; new positions of which nothing counts."""
    claims = _claims(cursor, settlement.claims, load)
    positions = _positions(cursor, settlement.positions, claims, load)
    _statements(cursor, settlement.statements, positions, load)
    _overrides(cursor, settlement.overrides)
    write_repeats(
        cursor,
        settlement.repeats.rename({"statement": "id"}),
        model=ClaimStatement._meta.model_name or "",
        load=load,
    )
    silent = settlement.positions.filter(~pl.col("is_live"))["position"]
    return positions.filter(pl.col("position").is_in(silent.implode()))["__position_id"]


def _claims(cursor: Any, claims: pl.DataFrame, load: int) -> pl.DataFrame:
    """New claims are copied in; ``claim`` below zero and the ``id`` it has now."""
    new = claims.filter(pl.col("claim") < 0)
    ids = pl.Series(dtype=pl.Int64)
    if new.height:
        ids = draw_keys(cursor, Claim, new.height)
        texts = {name for name in FIELDS if empty(name) == ""}
        frame = new.select(
            ids.alias("id"),
            pl.col("treaty").alias("treaty_id"),
            "reference",
            pl.lit(load, dtype=pl.Int64).alias("load_id"),
            pl.col("status").alias("status_id"),
            *(
                (pl.col(n).fill_null("") if n in texts else pl.col(n)).alias(
                    table_column(n)
                )
                for n in FIELDS
                if n in new.columns and (n in texts or new[n].null_count() < new.height)
            ),
            *(pl.lit("").alias(table_column(n)) for n in texts if n not in new.columns),
            *(
                [pl.col("details").fill_null("{}")]
                if new["details"].null_count() < new.height
                else []
            ),
        )
        copy_in(cursor, Claim._meta.db_table, frame)
        tell_planner(cursor, Claim._meta.db_table, frame.height)
    changed = claims.filter((pl.col("claim") > 0) & pl.col("is_changed"))
    fields = [n for n in FIELDS if n in changed.columns]
    columns = {table_column(n): n for n in fields}
    columns |= {"status_id": "status"}
    frame = changed.rename({"claim": "id"})
    if frame["details"].null_count() < frame.height:
        frame = frame.with_columns(pl.col("details").fill_null("{}"))
        columns["details"] = "details"
    revived = ~pl.col("stands")
    update(
        cursor,
        Claim,
        frame.filter(pl.col("stands")),
        columns,
        also="updated_at = now()",
    )
    missing = [n for n in FIELDS if n not in frame.columns]
    back = frame.filter(revived).with_columns(
        *(pl.lit(empty(n), dtype=dtype_of(model_field(n))).alias(n) for n in missing),
        pl.col("details").fill_null("{}"),
    )
    update(
        cursor,
        Claim,
        back,
        {table_column(n): n for n in FIELDS}
        | {"status_id": "status", "details": "details"},
        also=f"updated_at = now(), load_id = {load}, lacked_by_id = NULL",
    )
    return pl.DataFrame({"claim": new["claim"], "__claim_id": ids})


def _positions(
    cursor: Any, positions: pl.DataFrame, claims: pl.DataFrame, load: int
) -> pl.DataFrame:
    """New positions are copied in; ``position`` below zero and its ``id`` now."""
    placed = positions.join(
        claims, on="claim", how="left", maintain_order="left"
    ).with_columns(claim=pl.coalesce("__claim_id", "claim"))
    new = placed.filter(pl.col("position") < 0)
    amounts = [
        n for n in POSITION if n in new.columns and new[n].null_count() < new.height
    ]
    ids = pl.Series(dtype=pl.Int64)
    if new.height:
        ids = draw_keys(cursor, ClaimPosition, new.height)
        frame = new.select(
            ids.alias("id"),
            pl.col("claim").alias("claim_id"),
            "section",
            "risk_code",
            pl.col("currency").alias("currency_id"),
            pl.lit(load, dtype=pl.Int64).alias("load_id"),
            pl.col("status").alias("status_id"),
            "period_end",
            *amounts,
        )
        copy_in(cursor, ClaimPosition._meta.db_table, frame)
        tell_planner(cursor, ClaimPosition._meta.db_table, frame.height)
    changed = placed.filter((pl.col("position") > 0) & pl.col("is_changed"))
    write_keys(cursor, changed.filter("is_filled").select("position", *PARTS))
    write_positions(cursor, changed, load=load)
    touch(cursor, changed.get_column("claim"))
    return pl.DataFrame({"position": new["position"], "__position_id": ids})


def write_positions(cursor: Any, changed: pl.DataFrame, *, load: int) -> None:
    """Positions as they stand now; those that did not stand stand by the load."""
    moved = [
        n
        for n in POSITION
        if any(
            changed[name].null_count() < changed.height
            for name in (n, f"was.{n}")
            if name in changed.columns
        )
    ]
    columns = {n: n for n in ("period_end", *moved)}
    columns |= {"status_id": "status"}
    frame = changed.rename({"position": "id"})
    update(cursor, ClaimPosition, frame.filter("stands"), columns)
    update(
        cursor,
        ClaimPosition,
        frame.filter(~pl.col("stands")),
        columns,
        also=f"load_id = {load}, lacked_by_id = NULL",
    )


def touch(cursor: Any, claims: pl.Series) -> None:
    """A claim whose money changed was changed: who follows changes sees it."""
    keys = claims.filter(claims > 0).unique().sort()
    if not keys.len():
        return
    sought(cursor, "touched_claim", id=("bigint", keys))
    with by_index(cursor):
        cursor.execute(
            "UPDATE reinsurance_claimchange c SET changed_at = now() "
            "FROM touched_claim k WHERE c.claim_id = k.id AND c.changed_at < now()"
        )


def _statements(
    cursor: Any, statements: pl.DataFrame, positions: pl.DataFrame, load: int
) -> None:
    if not statements.height:
        return
    ordered = statements.sort("row").join(
        positions, on="position", how="left", maintain_order="left"
    )
    optional = [
        n
        for n in ("period_start", "period_end", "values", "details", *TOLD)
        if n in ordered.columns and ordered[n].null_count() < ordered.height
    ]
    frame = ordered.select(
        draw_keys(cursor, ClaimStatement, ordered.height).alias("id"),
        pl.coalesce("__position_id", "position").alias("position_id"),
        pl.lit(load, dtype=pl.Int64).alias("load_id"),
        "row",
        pl.col("status").alias("status_id"),
        "told",
        *optional,
    )
    copy_in(cursor, ClaimStatement._meta.db_table, frame)
    cursor.execute(
        "UPDATE reinsurance_load SET told = (SELECT jsonb_agg(DISTINCT name) FROM "
        "jsonb_array_elements(coalesce(told, '[]') || %s::jsonb) AS name) "
        "WHERE id = %s",
        [json.dumps([name for name in TOLD if name in optional]), load],
    )
    tell_planner(cursor, ClaimStatement._meta.db_table, frame.height)


def _overrides(cursor: Any, overrides: pl.DataFrame) -> None:
    update(
        cursor,
        ClaimStatement,
        overrides.rename({"statement": "id"}),
        {"values": "values"},
    )
