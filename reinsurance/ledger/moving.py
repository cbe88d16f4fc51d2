"""Moving a claim to another contract, with its positions and all that was told of it.

Nothing that counts changes by it: where corrections speak for one of the two contracts,
what they leave out stays left out, and what they do not stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, QuerySet

from reinsurance.ledger.claim_corrections import CLAIMS
from reinsurance.ledger.claims_above import positions_of, said_of, said_of_payments
from reinsurance.ledger.following import claim_leaves
from reinsurance.ledger.held_out import as_json, of_json
from reinsurance.ledger.lineage_ranges import repeating
from reinsurance.ledger.move_checks import (
    DoubtfulMoveError,
    MoveError,
    outside,
    require_free,
)
from reinsurance.ledger.statements import REPEATED, live_statements
from reinsurance.models import Claim, ClaimPosition, Edit, Load, LoadPeriod, Treaty
from reinsurance.visibility import seen_by

_ALL_TOLD = f"""
    SELECT s.load_id, s.position_id, p.claim_id, s.period_start, s.period_end
    FROM reinsurance_claimstatement s
    JOIN reinsurance_claimposition p ON p.id = s.position_id
    JOIN reinsurance_claim c ON c.id = p.claim_id
    WHERE {{which}}
    UNION ALL
    SELECT r.load_id, s.position_id, p.claim_id, s.period_start, s.period_end
    FROM reinsurance_claimstatement s
    JOIN reinsurance_claimposition p ON p.id = s.position_id
    JOIN reinsurance_claim c ON c.id = p.claim_id
    {repeating("s.id", REPEATED)}
    WHERE {{which}}
"""  # noqa: S608 our names


@dataclass(frozen=True, slots=True)
class _Told:
    """Rows of a file that told of the claim for a period."""

    load: Load
    period_start: date | None
    period_end: date | None
    rows: int


def take_turn() -> None:
    """Wait till no load of claims is on; keep it so until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"load {CLAIMS}"])


def candidates(claim: Claim, user: User) -> QuerySet[Treaty]:
    """Other contracts of the same number that the user sees."""
    rows: QuerySet[Treaty] = seen_by(Treaty.objects.select_related("cedant"), user)
    same = rows.filter(reference=claim.treaty.reference).exclude(pk=claim.treaty_id)
    return same.order_by("inception", "pk")


@transaction.atomic
def move_claim(
    claim: Claim, treaty: Treaty, *, user: User, reason: str, is_meant: bool = False
) -> Edit:
    """Have the claim, and all that was told of it, under another contract.

    Raises MoveError where the reason is missing, where the user does not see one of
    the two, where the contract has another number or has a claim of that reference,
    and where corrections do not allow it; DoubtfulMoveError where the claim's dates lie
    outside the contract or the claim is above its limits, unless ``is_meant``.
    """
    why = reason.strip()
    if not why:
        raise MoveError("Say why the claim is moved.")
    take_turn()
    found = seen_by(Claim.objects.select_related("treaty"), user)
    moved = found.select_for_update(of=("self",)).filter(pk=claim.pk).first()
    if moved is None:
        raise MoveError("There is no such claim.")
    target = seen_by(Treaty.objects.all(), user).filter(pk=treaty.pk).first()
    if target is None:
        raise MoveError("There is no such contract.")
    require_free(moved, target)
    said = outside(moved, target)
    source = moved.treaty
    with connection.cursor() as cursor:
        told = list(_told_of(cursor, moved))
        others = _beside(cursor, told, target)
        claims = [moved.pk, *{claim for found in others.values() for claim in found}]
        before = _counting(cursor, claims)
        if source.cedant_id != target.cedant_id:
            claim_leaves(cursor, moved.pk, source.cedant_id)
        moved.treaty = target
        moved.save(update_fields=["treaty", "updated_at"])
        fresh = _move_periods(cursor, told, source, target)
        fresh |= _speak_too(told, source, target)
        for load, end in fresh:
            _name(load, target, others.get((load.sender, end), set()), {end})
        of_source, of_target = (_corrections(t, told) for t in (source, target))
        for load, end in of_target - of_source - fresh:
            _name(load, target, {moved.pk}, {end})
        for load, _ in of_source | of_target:
            here = source.pk, moved.reference
            ends = {end for *name, end in of_json(load.held_out) if (*name,) == here}
            _name(load, target, {moved.pk}, ends)
        if _counting(cursor, claims) != before:
            raise MoveError(
                "Corrections that speak for both contracts would leave out other "
                "claims than they do now. Undo the correction, move the claim, and "
                "load it again."
            )
        said += said_of(cursor, positions_of([moved.pk]))
        said += said_of_payments(moved)
    if said and not is_meant:
        raise DoubtfulMoveError(said)
    return Edit.objects.create(
        model="claim",
        object_id=moved.pk,
        reference=str(moved)[:200],
        cedant_id=target.cedant_id,
        action="changed",
        before={"treaty_id": str(source.pk)},
        after={"treaty_id": str(target.pk)},
        user=user,
        reason=why[:400],
    )


def _told_of(cursor: Any, claim: Claim) -> Iterator[_Told]:
    """What files told of the claim, by file and period."""
    cursor.execute(
        "SELECT load_id, period_end, min(period_start), count(*) FROM "  # noqa: S608
        f"({_ALL_TOLD.format(which='c.id = %(claim)s')}) t GROUP BY 1, 2",
        {"claim": claim.pk},
    )
    rows = cursor.fetchall()
    loads = Load.objects.filter(user=None).in_bulk([row[0] for row in rows])
    for load, end, start, count in rows:
        if load in loads:
            yield _Told(loads[load], start, end, count)


def _corrections(treaty: Treaty, told: list[_Told]) -> set[tuple[Load, date]]:
    """Corrections that speak for the contract and periods, of senders that told."""
    senders = {t.load.sender for t in told}
    rows = LoadPeriod.objects.filter(
        treaty=treaty,
        period_end__in={t.period_end for t in told if t.period_end},
        load__is_correction=True,
        load__record_type=CLAIMS,
        leaves_out=True,
    ).select_related("load")
    return {
        (r.load, r.period_end)
        for r in rows
        if r.period_end is not None and r.load.sender in senders
    }


def _beside(
    cursor: Any, told: list[_Told], target: Treaty
) -> dict[tuple[int | None, date], set[int]]:
    """Claims of the new contract, by sender and period that this one has, too."""
    ends = sorted({t.period_end for t in told if t.period_end})
    has_any = Load.objects.filter(is_correction=True, record_type=CLAIMS).exists()
    if not ends or not has_any:
        return {}
    which = "c.treaty_id = %(treaty)s AND s.period_end = ANY(%(ends)s)"
    cursor.execute(
        "SELECT DISTINCT l.sender, t.period_end, t.claim_id FROM "  # noqa: S608
        f"({_ALL_TOLD.format(which=which)}) t JOIN reinsurance_load l "
        "ON l.id = t.load_id AND l.user_id IS NULL",
        {"treaty": target.pk, "ends": ends},
    )
    found: dict[tuple[int | None, date], set[int]] = {}
    for sender, end, claim in cursor.fetchall():
        found.setdefault((sender, end), set()).add(claim)
    return found


def _counting(cursor: Any, claims: list[int]) -> set[tuple[int, int, int]]:
    """The statements of the claims that count, with the rows that told them."""
    keys = ClaimPosition.all_objects.filter(claim__in=claims).values_list("pk")
    positions = pl.Series([key for (key,) in keys], dtype=pl.Int64)
    live = live_statements(cursor, positions)
    return set(live.select("statement", "load", "row").iter_rows())


def _move_periods(
    cursor: Any, told: list[_Told], source: Treaty, target: Treaty
) -> set[tuple[Load, date]]:
    """The files have rows for the new contract now; for the old one if any are left.

    The corrections among them that did not speak for the new contract before.
    """
    fresh = set()
    for part in told:
        here = {"load": part.load, "period_end": part.period_end}
        old = LoadPeriod.objects.filter(treaty=source, **here)
        leaves_out = not old.filter(leaves_out=False).exists()
        period, is_new = LoadPeriod.objects.get_or_create(
            treaty=target,
            **here,
            defaults={
                "period_start": part.period_start,
                "row_count": part.rows,
                "leaves_out": leaves_out,
            },
        )
        if not is_new:
            period.row_count += part.rows
            period.save(update_fields=["row_count"])
        elif part.load.is_correction and leaves_out and part.period_end is not None:
            fresh.add((part.load, part.period_end))
        if part.load.is_correction or _tells_more(cursor, part, source):
            left = old.filter(row_count__gte=part.rows)
            left.update(row_count=F("row_count") - part.rows)
        else:
            old.delete()
    return fresh


def _tells_more(cursor: Any, part: _Told, treaty: Treaty) -> bool:
    """Whether the file has rows for the contract and period, of claims there."""
    which = (
        "c.treaty_id = %(treaty)s AND s.period_end IS NOT DISTINCT FROM %(end)s::date"
    )
    cursor.execute(
        "SELECT EXISTS (SELECT FROM "  # noqa: S608
        f"({_ALL_TOLD.format(which=which)}) t WHERE t.load_id = %(load)s)",
        {"treaty": treaty.pk, "end": part.period_end, "load": part.load.pk},
    )
    return bool(cursor.fetchone()[0])


def _speak_too(
    told: list[_Told], source: Treaty, target: Treaty
) -> set[tuple[Load, date]]:
    """Corrections of the old contract that may leave the claim out speak for both.

    Those that did not before.
    """
    fresh = set()
    for load, end in _corrections(source, told):
        is_later = any(
            part.period_end == end
            and part.load.sender == load.sender
            and part.load.number < load.number
            for part in told
        )
        if is_later:
            _, is_new = LoadPeriod.objects.get_or_create(
                load=load, treaty=target, period_end=end
            )
            if is_new:
                fresh.add((load, end))
    return fresh


def _name(load: Load, treaty: Treaty, claims: set[int], ends: set[date | None]) -> None:
    """The correction names the claims of the contract: it does not lack them then."""
    named = Load.objects.select_for_update().get(pk=load.pk)
    rows = Claim.all_objects.filter(pk__in=claims).order_by("reference")
    names = rows.values_list("reference", flat=True)
    told = as_json((treaty.pk, text, end) for text in names for end in ends)
    missing = [name for name in told if name not in named.held_out]
    if missing:
        named.held_out = [*named.held_out, *missing]
        named.save(update_fields=["held_out"])
