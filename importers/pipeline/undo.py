"""Undoing a load: the books as if it had never been loaded.

Claims and premiums stand by their loads: marking a load as undone takes its word out of
them, and only what others speak of, too, is worked out anew.  Other records go back by
their lineage; what a later file told stays.  No later file has to be undone before, but
where another record refers to one that the load created, or a person has changed one
since, nothing happens.
"""

import json
from typing import Any

from django.db import connection, models
from django.utils import timezone

from importers.exceptions import LoadConflict
from importers.models import RowChange
from importers.pipeline.load import take_turn
from importers.pipeline.settling import year_listing
from importers.record_types import RecordType
from importers.values import Action
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.premium_undo import undo_premiums
from reinsurance.ledger.recompute import positions_to_settle, recompute
from reinsurance.ledger.triggers import resting
from reinsurance.models import Claim, Deletion, Edit, Load, PremiumEntry, Treaty

CHANGES = RowChange._meta.db_table


def undo(
    record_type: RecordType, *, ingestion: int, patience: float | None = None
) -> None:
    """Take a load back, in the caller's transaction.

    Waits for its turn among the loads of the record type; after ``patience`` seconds
    (None: never) raises NotItsTurn.  Raises LoadConflict, and IntegrityError where
    other records refer to created ones.
    """
    take_turn(record_type, patience=patience)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        load = Load.objects.get(number=ingestion, user=None)
        require_no_edits(record_type, load)
        Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
        if record_type.ledger == "claims":
            positions = positions_to_settle(cursor, load.pk)
            try:
                with resting(cursor):
                    recompute(cursor, positions, takes_back=True)
            except CountsTwiceError as problem:
                raise LoadConflict(str(problem)) from problem
        elif record_type.ledger == "premiums":
            undo_premiums(
                cursor,
                load.pk,
                is_correction=load.is_correction,
                listing=year_listing(),
            )
        else:
            for resource in reversed(record_type.resources):
                _undo_records(cursor, resource._meta.model, ingestion)


_TOUCHED = {
    "claims": """
        SELECT 'claim', p.claim_id FROM reinsurance_claimstatement s
        JOIN reinsurance_claimposition p ON p.id = s.position_id
        WHERE s.load_id = %(load)s
    """,
    "premiums": """
        SELECT 'premiumentry', e.id FROM reinsurance_premiumentry e
        WHERE e.load_id = %(load)s
    """,
    None: f"""
        SELECT model, object_id FROM {CHANGES} WHERE ingestion_id = %(number)s
    """,  # noqa: S608 our names
}


def edited(record_type: RecordType, load: Load) -> list[Edit]:
    """What people changed since in records of the load; the first of it."""
    edits = Edit.objects.filter(at__gt=load.loaded_at, status="applied")
    if not edits.exists():
        return []
    touched = _TOUCHED[record_type.ledger]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM reinsurance_edit e WHERE e.at > %(at)s AND "  # noqa: S608
            "e.status = 'applied' AND "
            f"(e.model, e.object_id) IN ({touched}) ORDER BY e.id LIMIT 20",
            {"at": load.loaded_at, "load": load.pk, "number": load.number},
        )
        keys = [row[0] for row in cursor.fetchall()]
    return list(Edit.objects.filter(pk__in=keys).select_related("user"))


def require_no_edits(record_type: RecordType, load: Load) -> None:
    """Raise LoadConflict where a person has changed a record of the load since."""
    found = edited(record_type, load)
    if not found:
        return
    first = found[0]
    who = first.user.get_username() if first.user else "somebody"
    fields = ", ".join(sorted(first.after)) or "the record"
    more = f", and {len(found) - 1} more changes" if len(found) > 1 else ""
    raise LoadConflict(
        f"{who} changed {fields} of {first.model} {first.object_id} since{more}. Set "
        "that back first."
    )


# --------------------------------------------------------------- records by lineage
def _undo_records(cursor: Any, model: type[models.Model], ingestion: int) -> None:
    name = model._meta.model_name or ""
    for change in RowChange.objects.filter(ingestion=ingestion, model=name).order_by(
        "-pk"
    ):
        if change.action == Action.CREATED:
            _undo_created(cursor, model, change)
        elif change.action == "deleted":
            _bring_back(cursor, model, change)
        else:
            _undo_updated(cursor, model, change)


def _later(change: RowChange) -> list[RowChange]:
    """What loads that stand told of the same record after this one, in order."""
    rows = RowChange.objects.filter(
        model=change.model, object_id=change.object_id, pk__gt=change.pk
    ).exclude(ingestion=change.ingestion_id)
    standing = Load.objects.filter(undone_at=None, user=None).values("number")
    return list(rows.filter(ingestion__in=standing).order_by("pk"))


def _undo_created(cursor: Any, model: type[models.Model], change: RowChange) -> None:
    """A record goes, unless another file told it again: then it is that file's."""
    later = _later(change)
    if later:
        heir = later[0]
        RowChange.objects.filter(pk=heir.pk).update(action=Action.CREATED.value)
        return
    record = model._base_manager.filter(pk=change.object_id).first()
    if record is None:
        return
    if isinstance(record, Treaty):
        _purge_undone(cursor, record.pk)
    cedant = _cedant_of(record)
    reference = str(record)[:200]
    cursor.execute(
        f"DELETE FROM {model._meta.db_table} WHERE id = %s",  # noqa: S608
        [change.object_id],
    )
    Deletion.objects.create(
        model=change.model,
        object_id=change.object_id,
        reference=reference,
        cedant_id=cedant,
    )


_OF_CONTRACT = (
    "DELETE FROM reinsurance_claimstatement s USING reinsurance_claimposition p, "
    "reinsurance_claim c WHERE s.position_id = p.id AND p.claim_id = c.id "
    "AND c.treaty_id = %s",
    "DELETE FROM reinsurance_claimposition p USING reinsurance_claim c "
    "WHERE p.claim_id = c.id AND c.treaty_id = %s",
    "DELETE FROM reinsurance_claim WHERE treaty_id = %s",
    "DELETE FROM reinsurance_premiumentry WHERE treaty_id = %s",
    "DELETE FROM reinsurance_bordereau b USING reinsurance_load l "
    "WHERE b.load_id = l.id AND l.undone_at IS NOT NULL AND b.treaty_id = %s",
    "DELETE FROM reinsurance_loadperiod x USING reinsurance_load l "
    "WHERE x.load_id = l.id AND l.undone_at IS NOT NULL AND x.treaty_id = %s",
)


def _purge_undone(cursor: Any, treaty: int) -> None:
    """What undone loads told of a contract goes with it; nothing where any stands."""
    stands = (
        Claim.objects.filter(treaty=treaty).exists()
        or PremiumEntry.objects.filter(treaty=treaty).exists()
    )
    if stands:
        return  # the contract cannot go: the foreign keys say so
    for statement in _OF_CONTRACT:
        cursor.execute(statement, [treaty])


def _cedant_of(record: models.Model) -> int | None:
    paths = getattr(record, "cedant_paths", ())
    if not paths or paths[0] == "pk":
        return None
    value: Any = record
    for name in paths[0].split("__"):
        value = getattr(value, name, None)
    return getattr(value, "pk", None)


def _tells(change: RowChange, column: str) -> bool:
    """Whether a row told the column, as something new or as it was."""
    return column in (change.after or {}) or column in (change.confirmed or ())


def _undo_updated(cursor: Any, model: type[models.Model], change: RowChange) -> None:
    """Each value returns to what it was, unless a later file told it, too."""
    later = _later(change)
    before = change.before or {}
    back: dict[str, Any] = {}
    for column, value in before.items():
        heir = next((c for c in later if _tells(c, column)), None)
        if heir is None:
            back[column] = value
            continue
        heir.before = {**(heir.before or {}), column: value}
        if column not in (heir.after or {}):  # it was told as it was: by it from now on
            told = (change.after or {}).get(column)
            heir.after = {**(heir.after or {}), column: told}
            heir.confirmed = [c for c in heir.confirmed or () if c != column]
            heir.action = Action.UPDATED.value
        heir.save(update_fields=["before", "after", "confirmed", "action"])
    if back:
        _set(cursor, model, change.object_id, back)


def _set(
    cursor: Any, model: type[models.Model], key: int, values: dict[str, Any]
) -> None:
    fields = {f.column: f for f in model._meta.concrete_fields}
    sets = ", ".join(
        f'"{column}" = CAST(%s AS {fields[column].db_type(connection)})'
        for column in values
    )
    cursor.execute(
        f"UPDATE {model._meta.db_table} SET {sets}, updated_at = now() "  # noqa: S608
        "WHERE id = %s",
        [*values.values(), key],
    )


def _bring_back(cursor: Any, model: type[models.Model], change: RowChange) -> None:
    """A record that the load took out is there again."""
    image = {**(change.before or {}), "id": change.object_id}
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} "  # noqa: S608
        f"SELECT (jsonb_populate_record(NULL::{model._meta.db_table}, %s)).* "
        "ON CONFLICT DO NOTHING",
        [json.dumps(image)],
    )
