"""What undoing a load would do, counted before anybody does it; nothing is written.

Counts by set SQL, with a few records by name; what a register told is tried
(:mod:`importers.services.undo_trial`).  What stands in the way is told, too: a
load is not undone where a person changed a record of it since, where a record of
somebody else refers to one that it created, or where what comes back would count twice.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from importers import record_types
from importers.exceptions import StateProblem
from importers.models import Ingestion
from importers.pipeline.after_undo import After, after_undo
from importers.pipeline.settling import year_listing
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
from importers.services.undo_trial import count_tried
from importers.values import Status
from reinsurance.ledger import claim_undo, premium_undo
from reinsurance.ledger.copying import sought
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.statistics import refresh_statistics
from reinsurance.models import Claim, ClaimPosition, Edit, Load, PremiumEntry
from reinsurance.visibility import seen_by

MOST_BREACHES = 20
"""Breaches that are named."""


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What an undo would do, and what stands in its way.

    ``breaches``: what limits of contracts say of claims that it changes; ``contracts``:
    what of their claims and premiums is not clear any more.
    """

    affected: tuple[Affected, ...] = ()
    edits: tuple[Edit, ...] = ()
    referring: tuple[Referring, ...] = ()
    refusal: str = ""
    breaches: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.edits and not self.referring and not self.refusal


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
    refusal = ""
    breaches: list[str] = []
    after = After()
    refresh_statistics(kind.ledger)
    with transaction.atomic():
        edits = edited(kind, load)
        try:
            if kind.ledger == "claims":
                breaches = _claims(found, load)
            elif kind.ledger == "premiums":
                _premiums(found, load)
            elif not count_tried(found, kind, load):
                kinds = [resource._meta.model for resource in kind.resources]
                count_records(found, kinds, ingestion)
        except CountsTwiceError as problem:
            refusal = str(problem)
        is_clear = not (edits or refusal or found.referring)
        transaction.set_rollback(True)  # the mark and the tables were to count by
    if is_clear and (kind.is_register or kind.ledger == "premiums"):
        after = after_undo(kind, load)
    return UndoPreview(
        tuple(found.affected),
        tuple(edits),
        tuple(found.referring),
        refusal,
        tuple([*breaches, *after.limits][:MOST_BREACHES]),
        tuple(after.contracts[:MOST_BREACHES]),
    )


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
    SELECT x.id, x.claim_id, {_STANDS} AS stood, coalesce(k.stays, false) AS stays,
        coalesce(k.differs, false) AS differs
    FROM spoken o JOIN reinsurance_claimposition x ON x.id = o.id
    LEFT JOIN without_load k ON k.id = x.id;
    ANALYZE fate
"""  # noqa: S608 our names
_CLAIMS_GO = f"""
    SELECT claim_id AS id FROM fate WHERE stood AND NOT stays
    EXCEPT SELECT claim_id FROM fate WHERE stays
    EXCEPT SELECT x.claim_id FROM reinsurance_claimposition x
        WHERE x.claim_id IN (SELECT claim_id FROM fate)
        AND NOT EXISTS (SELECT FROM fate f WHERE f.id = x.id) AND {_STANDS}
"""  # noqa: S608 our names
_CLAIMS_CHANGE = f"""
    SELECT x.id FROM otherwise_described k
    JOIN reinsurance_claim x ON x.id = k.id WHERE {_STANDS}
"""  # noqa: S608 our names
_CLAIMS_RETURN = f"""
    SELECT x.id FROM reinsurance_claim x
    WHERE x.id IN (SELECT claim_id FROM fate WHERE stays) AND NOT ({_STANDS})
"""  # noqa: S608 our names
_POSITIONS = (
    (GOES, "stood AND NOT stays"),
    (CHANGES, "stood AND stays AND differs"),
    (RETURNS, "NOT stood AND stays"),
)


def _claims(found: Found, load: Load) -> list[str]:
    """Positions nobody else speaks of go; others change, or return from a correction.

    A claim goes where none of its positions is left.  What limits say of those that
    change.  Raises CountsTwiceError.
    """
    own = {"load": load.pk}
    with connection.cursor() as cursor:
        Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
        after = claim_undo.without(cursor, load.pk)
        sought(
            cursor,
            "without_load",
            id=("bigint", after.positions["position"]),
            stays=("boolean", after.positions["stays"]),
            differs=("boolean", after.positions["differs"]),
        )
        sought(cursor, "otherwise_described", id=("bigint", after.claims))
        cursor.execute(_FATE, own)
        for effect, query in (
            (GOES, _CLAIMS_GO),
            (CHANGES, _CLAIMS_CHANGE),
            (RETURNS, _CLAIMS_RETURN),
        ):
            found.count(cursor, Claim, effect, query, own)
        for effect, condition in _POSITIONS:
            query = f"SELECT id FROM fate WHERE {condition}"  # noqa: S608 our words
            found.count(cursor, ClaimPosition, effect, query, {})
        seen = seen_by(Claim.all_objects.all(), found.user)
        return claim_undo.breaches(cursor, after, seen)


# ----------------------------------------------------------------------- premiums
def _premiums(found: Found, load: Load) -> None:
    """Entries that go, stay as others, or come back.  Raises CountsTwiceError.

    Of lists of the year to date with those that only stand otherwise at the end of an
    earlier period.
    """
    with connection.cursor() as cursor:
        Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
        after = premium_undo.without(
            cursor,
            load.pk,
            is_correction=load.is_correction,
            listing=year_listing(),
            also_then=True,
        )
        goes, returns = premium_undo.in_place_of(cursor, after)
        for effect, keys in (
            (GOES, goes),
            (CHANGES, after.otherwise),
            (RETURNS, returns),
        ):
            sought(cursor, "affected", id=("bigint", keys))
            found.count(cursor, PremiumEntry, effect, "SELECT id FROM affected", {})


__all__ = ["Affected", "Edit", "Referring", "UndoPreview", "preview"]
