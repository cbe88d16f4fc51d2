"""What undoing a load would do, counted before anybody does it; nothing is written.

Counts by set SQL, with a few records by name.  What stands in the way is told, too: a
load is not undone where a person changed a record of it since, or where a record of
somebody else refers to one that it created.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from importers import record_types
from importers.exceptions import StateProblem
from importers.models import Ingestion
from importers.pipeline.undo import edited
from importers.services import permissions
from importers.services.undo_counts import (
    CHANGES,
    GOES,
    RETURNS,
    Affected,
    Found,
    Referring,
)
from importers.services.undo_records import count_records
from importers.values import Status
from reinsurance.ledger.copying import sought
from reinsurance.ledger.lineage_ranges import holds
from reinsurance.ledger.premium_standing import KEY, field_of
from reinsurance.ledger.recompute import positions_to_settle
from reinsurance.models import Claim, ClaimPosition, Edit, Load, PremiumEntry


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What an undo would do, and what stands in its way."""

    affected: tuple[Affected, ...] = ()
    edits: tuple[Edit, ...] = ()
    referring: tuple[Referring, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.edits and not self.referring


def preview(ingestion: Ingestion, *, user: User) -> UndoPreview:
    """What undoing the load would do, named as far as the user may see it.

    Raises NotAllowed, and StateProblem where the file is not loaded.
    """
    permissions.require_undo(user)
    permissions.require_seen(user, ingestion)
    if ingestion.status != Status.LOADED:
        raise StateProblem(f"This file is “{ingestion.status}”; only a load is undone.")
    kind = record_types.get(ingestion.record_type)
    load = Load.objects.get(number=ingestion.pk, user=None)
    found = Found(user)
    with transaction.atomic():
        edits = edited(kind, load)
        if kind.ledger == "claims":
            _claims(found, load)
        elif kind.ledger == "premiums":
            _premiums(found, load)
        else:
            kinds = [resource._meta.model for resource in kind.resources]
            count_records(found, kinds, ingestion)
        transaction.set_rollback(True)  # the mark and the tables were to count by
    return UndoPreview(tuple(found.affected), tuple(edits), tuple(found.referring))


# ------------------------------------------------------------------------- claims
_STANDS = """
    (x.load_id IS NULL OR EXISTS (SELECT FROM reinsurance_load l
        WHERE l.id = x.load_id AND (l.undone_at IS NULL OR l.id = %(load)s)))
    AND (x.lacked_by_id IS NULL OR EXISTS (SELECT FROM reinsurance_load g
        WHERE g.id = x.lacked_by_id AND g.undone_at IS NOT NULL AND g.id <> %(load)s))
"""
"""SQL: whether a record stands as yet; the load is marked as undone already."""
_FATE = f"""
    CREATE TEMPORARY TABLE fate ON COMMIT DROP AS
    SELECT x.id, x.claim_id, {_STANDS} AS stood, k.id IS NOT NULL AS stays,
        EXISTS (SELECT FROM reinsurance_claimstatement s
            WHERE s.position_id = x.id AND s.load_id = %(load)s) AS told
    FROM spoken o JOIN reinsurance_claimposition x ON x.id = o.id
    LEFT JOIN staying k ON k.id = x.id;
    ANALYZE fate
"""  # noqa: S608 our names
_CLAIMS_GO = f"""
    SELECT claim_id AS id FROM fate WHERE stood AND NOT stays
    EXCEPT SELECT claim_id FROM fate WHERE stays
    EXCEPT SELECT x.claim_id FROM reinsurance_claimposition x
        WHERE x.claim_id IN (SELECT claim_id FROM fate)
        AND NOT EXISTS (SELECT FROM fate f WHERE f.id = x.id) AND {_STANDS}
"""  # noqa: S608 our names
_POSITIONS = (
    (GOES, "stood AND NOT stays"),
    (CHANGES, "stood AND stays AND told"),
    (RETURNS, "NOT stood AND stays"),
)


def _claims(found: Found, load: Load) -> None:
    """Positions nobody else speaks of go; others change, or return from a correction.

    A claim goes where none of its positions is left.
    """
    own = {"load": load.pk}
    with connection.cursor() as cursor:
        Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
        staying = positions_to_settle(cursor, load.pk)
        sought(cursor, "staying", id=("bigint", staying))
        cursor.execute(_FATE, own)
        found.count(cursor, Claim, GOES, _CLAIMS_GO, own)
        for effect, condition in _POSITIONS:
            query = f"SELECT id FROM fate WHERE {condition}"  # noqa: S608 our words
            found.count(cursor, ClaimPosition, effect, query, {})


# ----------------------------------------------------------------------- premiums
_SAME = " AND ".join(
    f"o.{field_of(name).column} IS NOT DISTINCT FROM e.{field_of(name).column}"
    for name in KEY
    if name not in {"treaty_reference", "policy_reference"}
)
_ENTRIES_GO = f"""
    SELECT e.id FROM reinsurance_premiumentry e
    LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id
    WHERE e.load_id = %(load)s
        AND (e.replaced_by_id IS NULL OR g.undone_at IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM reinsurance_lineagerange r
            JOIN reinsurance_load l ON l.id = r.load_id AND l.undone_at IS NULL
            WHERE r.model = 'premiumentry' AND r.action = 'repeated'
                AND {holds("e.id")}
        )
"""  # noqa: S608 our names
_ENTRIES_RETURN = f"""
    SELECT e.id FROM reinsurance_premiumentry e
    LEFT JOIN reinsurance_load own ON own.id = e.load_id
    WHERE e.replaced_by_id = %(load)s AND own.undone_at IS NULL
        AND NOT EXISTS (
            SELECT FROM reinsurance_premiumentry o
            JOIN reinsurance_load l ON l.id = o.load_id AND l.undone_at IS NULL
            WHERE o.treaty_id = e.treaty_id AND o.id <> e.id AND l.id <> %(load)s
                AND o.policy_reference = e.policy_reference
                AND o.period_end IS NOT DISTINCT FROM e.period_end
                AND {_SAME} AND l.number > own.number
        ) AND NOT EXISTS (
            SELECT FROM reinsurance_load c
            JOIN reinsurance_loadperiod p ON p.load_id = c.id
            WHERE c.is_correction AND c.undone_at IS NULL AND c.id <> %(load)s
                AND c.record_type = 'premiums' AND c.number > own.number
                AND c.sender IS NOT DISTINCT FROM own.sender
                AND p.treaty_id = e.treaty_id AND p.period_end = e.period_end
        )
"""  # noqa: S608 our names


def _premiums(found: Found, load: Load) -> None:
    """Entries that go, and those that they, or the correction, had replaced."""
    own = {"load": load.pk}
    with connection.cursor() as cursor:
        for effect, query in ((GOES, _ENTRIES_GO), (RETURNS, _ENTRIES_RETURN)):
            found.count(cursor, PremiumEntry, effect, query, own)


__all__ = ["Affected", "Edit", "Referring", "UndoPreview", "preview"]
