"""Undoing a load: the books as if it had never been loaded.

Claims and premiums stand by their loads: marking a load as undone takes its word out of
them, and only what others speak of, too, is worked out anew.  Other records go back by
their lineage; what a later file told stays.  No later file has to be undone before, but
where another record refers to one that the load created, or a person has changed one
since, nothing happens.
"""

from django.db import connection
from django.utils import timezone

from importers.exceptions import LoadConflict
from importers.models import RowChange
from importers.pipeline.load import take_turn
from importers.pipeline.settling import year_listing
from importers.pipeline.undo_records import undo_records
from importers.record_types import RecordType
from reinsurance.ledger.premium_undo import undo_premiums
from reinsurance.ledger.recompute import positions_to_settle, recompute
from reinsurance.ledger.triggers import resting
from reinsurance.models import Edit, Load

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
            with resting(cursor):
                recompute(cursor, positions)
        elif record_type.ledger == "premiums":
            undo_premiums(
                cursor,
                load.pk,
                is_correction=load.is_correction,
                listing=year_listing(),
            )
        else:
            for resource in reversed(record_type.resources):
                undo_records(cursor, resource, ingestion)


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
