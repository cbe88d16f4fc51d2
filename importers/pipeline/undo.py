"""Undoing a load: records back to what they were, by the lineage of the load.

Created records go, changed values return to their before-image, and the claims ledger
gets entries that take the load's changes back.  Nothing is undone over the head of a
later file or of a change by hand: those are named, and nothing happens.
"""

from typing import Any

from django.db import connection, models

from importers.exceptions import LoadConflict
from importers.models import RowChange
from importers.pipeline.load import take_turn
from importers.record_types import RecordType
from importers.values import Action, Status
from reinsurance.models import ClaimMovement
from reinsurance.resources.positions import MONEY

CHANGES = RowChange._meta.db_table
LEDGER = ClaimMovement._meta.db_table


def later_file(ingestion: int) -> int | None:
    """The first later ingestion, not itself undone, that changed the same records."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT min(l.ingestion_id) FROM {CHANGES} c
            JOIN {CHANGES} l ON l.object_id = c.object_id AND l.model = c.model
                AND l.id > c.id AND l.ingestion_id <> c.ingestion_id
            JOIN importers_ingestion i ON i.id = l.ingestion_id AND i.status <> %s
            WHERE c.ingestion_id = %s
            """,  # noqa: S608
            [Status.UNDONE.value, ingestion],
        )
        return cursor.fetchone()[0]


def require_latest(ingestion: int) -> None:
    """Raise LoadConflict where a later file builds on what this one loaded."""
    if (later := later_file(ingestion)) is not None:
        raise LoadConflict(
            f"Number {later} changed records of this file since. Undo that one first."
        )


def undo(
    record_type: RecordType,
    *,
    ingestion: int,
    bordereau: int | None,
    patience: float | None = None,
) -> None:
    """Take a load back, in the caller's transaction.

    Waits for its turn among the loads of the record type; after ``patience`` seconds
    (None: never) raises NotItsTurn.  Raises LoadConflict, and IntegrityError where
    other records refer to created ones.
    """
    take_turn(record_type, patience=patience)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        require_latest(ingestion)
        for resource in reversed(record_type.resources):
            model = resource._meta.model
            _require_untouched(cursor, model, ingestion)
            if record_type.has_ledger:
                _reverse_ledger(cursor, ingestion, bordereau)
            _restore(cursor, model, ingestion)
            _remove(cursor, model, ingestion)


def _changed_columns(model: type[models.Model], ingestion: int) -> list[models.Field]:
    updated = RowChange.objects.filter(
        ingestion=ingestion,
        model=model._meta.model_name,
        action=Action.UPDATED.value,
    ).annotate(column=models.Func("before", function="jsonb_object_keys"))
    names = set(updated.values_list("column", flat=True))
    return [field for field in model._meta.concrete_fields if field.column in names]


def _joined(model: type[models.Model]) -> str:
    """SQL: the model's rows ``t`` beside the load's changes ``c`` of one action."""
    table = model._meta.db_table
    return (
        f"{table} t JOIN {CHANGES} c ON c.object_id = t.id AND c.ingestion_id = %s "
        f"AND c.model = '{model._meta.model_name}'"
    )


def _require_untouched(cursor: Any, model: type[models.Model], ingestion: int) -> None:
    for field in _changed_columns(model, ingestion):
        cursor.execute(
            f"""
            SELECT count(*) FROM {_joined(model)}
            WHERE c.action = 'updated' AND jsonb_exists(c.after, %s)
            AND t."{field.column}"
                IS DISTINCT FROM CAST(c.after->>%s AS {field.db_type(connection)})
            """,  # noqa: S608
            [ingestion, field.column, field.column],
        )
        if count := cursor.fetchone()[0]:
            raise LoadConflict(
                f"“{field.verbose_name}” of records of this file was changed by hand "
                f"since ({count:,}). Set it back first."
            )


def _restore(cursor: Any, model: type[models.Model], ingestion: int) -> None:
    for field in _changed_columns(model, ingestion):
        cursor.execute(
            f"""
            UPDATE {model._meta.db_table} t SET updated_at = now(), "{field.column}"
                = CAST(c.before->>%s AS {field.db_type(connection)})
            FROM {CHANGES} c WHERE c.object_id = t.id AND c.ingestion_id = %s
            AND c.model = %s AND c.action = 'updated' AND jsonb_exists(c.before, %s)
            """,  # noqa: S608
            [field.column, ingestion, model._meta.model_name, field.column],
        )


def _remove(cursor: Any, model: type[models.Model], ingestion: int) -> None:
    cursor.execute(
        f"""
        DELETE FROM {model._meta.db_table} t USING {CHANGES} c
        WHERE c.object_id = t.id AND c.ingestion_id = %s AND c.model = %s
        AND c.action = 'created'
        """,  # noqa: S608
        [ingestion, model._meta.model_name],
    )


def _reverse_ledger(cursor: Any, ingestion: int, bordereau: int | None) -> None:
    """Entries of created claims go with them; of changed ones they are taken back."""
    cursor.execute(
        f"DELETE FROM {LEDGER} m USING {CHANGES} c WHERE m.claim_id = c.object_id "  # noqa: S608
        "AND c.ingestion_id = %s AND c.model = 'claim' AND c.action = 'created'",
        [ingestion],
    )
    back = ", ".join(
        f"coalesce((c.before->>'{name}')::numeric - (c.after->>'{name}')::numeric, 0)"
        for name in MONEY
    )
    cursor.execute(
        f"""
        INSERT INTO {LEDGER} (claim_id, bordereau_id, period_end, status_id,
            {", ".join(MONEY)})
        SELECT t.id, %s, (
            SELECT m.period_end FROM {LEDGER} m
            WHERE m.claim_id = t.id AND m.bordereau_id IS NOT DISTINCT FROM %s
            ORDER BY m.id DESC LIMIT 1
        ), coalesce(c.before->>'status_id', t.status_id), {back}
        FROM reinsurance_claim t JOIN {CHANGES} c ON c.object_id = t.id
        WHERE c.ingestion_id = %s AND c.model = 'claim' AND c.action = 'updated'
        AND jsonb_exists_any(c.before, %s)
        """,  # noqa: S608
        [bordereau, bordereau, ingestion, ["status_id", *MONEY]],
    )
