"""Undoing a load: the books as if it had never been loaded.

Claims and premiums stand by their loads: marking a load as undone takes its word out of
them, and only what others speak of, too, is worked out anew.  Other records go back by
their lineage; what a later file told stays.  No later file has to be undone before, but
where another record refers to one that the load created, or a person has changed one
since, nothing happens.
"""

from contextlib import nullcontext
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from importers.exceptions import LoadConflict
from importers.models import RowChange
from importers.pipeline.load import take_turn
from importers.pipeline.settling import year_listing
from importers.pipeline.undo_records import undo_records
from importers.record_types import RecordType
from reinsurance.ledger.contract_names import contract_name
from reinsurance.ledger.following import followed
from reinsurance.ledger.kept_apart import require_kept_apart
from reinsurance.ledger.only_by_hand import only_by_hand
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.premium_undo import undo_premiums
from reinsurance.ledger.recompute import positions_to_settle, recompute
from reinsurance.ledger.statistics import refresh_statistics
from reinsurance.ledger.triggers import resting
from reinsurance.models import ClaimPosition, Edit, Load, Treaty

CHANGES = RowChange._meta.db_table
POSITION = "claimposition"


def undo(
    record_type: RecordType, *, ingestion: int, patience: float | None = None
) -> None:
    """Take a load back, in the caller's transaction.

    Waits for its turn among the loads of the record type; after ``patience`` seconds
    (None: never) raises NotItsTurn.  Raises LoadConflict, and IntegrityError where
    other records refer to created ones.
    """
    take_turn(record_type, patience=patience)
    refresh_statistics(record_type.ledger)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        load = Load.objects.get(number=ingestion, user=None)
        require_no_edits(record_type, load)
        Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
        try:
            take_back(cursor, record_type, load)
        except CountsTwiceError as problem:
            raise LoadConflict(str(problem)) from problem


def take_back(cursor: Any, record_type: RecordType, load: Load) -> None:
    """The records of a load that is marked as undone.  Raises CountsTwiceError."""
    if record_type.ledger == "claims":
        positions = positions_to_settle(cursor, load.pk)
        require_kept_apart(cursor, positions, load=load.pk)
        with resting(cursor):
            recompute(cursor, positions, takes_back=True)
    elif record_type.ledger == "premiums":
        undo_premiums(
            cursor,
            load.pk,
            is_correction=load.is_correction,
            listing=year_listing(),
        )
    else:
        with followed() if record_type.is_register else nullcontext():
            for resource in reversed(record_type.resources):
                undo_records(cursor, resource, load.number)


# What stands by a repeat alone, as the load that told it is undone, is the repeat's.
_TOUCHED = {
    "claims": """
        SELECT 'claim', p.claim_id FROM reinsurance_claimstatement s
        JOIN reinsurance_claimposition p ON p.id = s.position_id
        WHERE s.load_id = %(load)s
        UNION ALL
        SELECT 'claim', p.claim_id FROM reinsurance_lineagerange r
        JOIN reinsurance_claimstatement s ON s.id BETWEEN r.first_id AND r.last_id
        JOIN reinsurance_load l ON l.id = s.load_id AND l.undone_at IS NOT NULL
        JOIN reinsurance_claimposition p ON p.id = s.position_id
        WHERE r.load_id = %(load)s AND r.model = 'claimstatement'
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
    """What people changed since in records of the load, and was not set back.

    Of amounts that people told, only those which would stand by their word alone.
    """
    alone = only_by_hand(load) if record_type.ledger == "claims" else []
    edits = Edit.objects.filter(at__gt=load.loaded_at, status="applied")
    if not edits.exists():
        return alone
    touched = _TOUCHED[record_type.ledger]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM reinsurance_edit e WHERE e.at > %(at)s AND "  # noqa: S608
            "e.status = 'applied' AND "
            f"(e.model, e.object_id) IN ({touched}) ORDER BY e.id",
            {"at": load.loaded_at, "load": load.pk, "number": load.number},
        )
        keys = [row[0] for row in cursor.fetchall()]
    found: dict[tuple[str, int | None], list[Edit]] = {}
    for edit in Edit.objects.filter(pk__in=keys).select_related("user").order_by("at"):
        found.setdefault((edit.model, edit.object_id), []).append(edit)
    stand = [edit for edits in found.values() if _stands(edits) for edit in edits]
    return [*alone, *stand]


def _stands(edits: list[Edit]) -> bool:
    """Whether the changes of one record, in order, leave it another than it was."""
    if any(edit.action != "changed" for edit in edits):
        return True
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for edit in edits:
        first = {**edit.before, **first}
        last |= edit.after
    return first != last


def require_no_edits(record_type: RecordType, load: Load) -> None:
    """Raise LoadConflict where a person has changed a record of the load since."""
    found = edited(record_type, load)
    if not found:
        return
    more = len(found) - 1
    others = f" and made {more} more change{'s' * (more > 1)}" if more else ""
    set_back = "Set that back" if found[0].model != POSITION else "Withdraw that"
    raise LoadConflict(f"{_in_words(found[0])}{others} since. {set_back} first.")


def _in_words(edit: Edit) -> str:
    """Who did what by hand to which record, by the names that people know."""
    model = apps.get_model("reinsurance", edit.model)
    who = edit.user.get_username() if edit.user else "Somebody"
    labels = {
        str(field.column): str(field.verbose_name)
        for field in model._meta.concrete_fields
    }
    fields = ", ".join(labels.get(name, name) for name in sorted(edit.after))
    did = f"changed {fields} of" if edit.action == "changed" and fields else edit.action
    record = model._base_manager.filter(pk=edit.object_id).first()
    if isinstance(record, ClaimPosition):
        contract = contract_name(record.claim.treaty_id)
        claim = f"claim “{record.claim}” of contract “{contract}”"
        return f"{who} corrected an amount of {claim}"
    name = edit.reference or str(record or edit.object_id)
    if isinstance(record, Treaty):
        return f"{who} {did} contract “{contract_name(record.pk)}”"
    kind = "contract" if model is Treaty else model._meta.verbose_name
    of_line = getattr(record, "layer", None)
    treaty = getattr(of_line or record, "treaty", None)
    contract = "" if treaty is None else contract_name(treaty.pk)
    within = f" of contract “{contract}”" if contract not in name else ""
    return f"{who} {did} {kind} “{name}”{within}"
