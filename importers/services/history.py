"""One history a record: what rows of files did to it, and what people did.

Pages and the API show the same list.  What files did is kept in several ways: row
changes, ranges of rows that created or repeated records, statements of claims, and
entries of premium that replace one another.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from importers.models import Ingestion, RowChange
from reinsurance.ledger.amounts import TOLD, WITHDRAWN
from reinsurance.ledger.lineage_ranges import holding
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    Edit,
    LineageRange,
    Load,
    PremiumEntry,
)
from reinsurance.models.loads import EditStatus
from reinsurance.visibility import seen_by

MOST = 1000
"""Entries of each kind, the newest."""
TELLING = ("period_start", "period_end", "status_id", *TOLD)
PREMIUM_KEY = (
    "treaty", "policy_reference", "certificate_reference", "section", "risk_code",
    "transaction_type", "effective_date", "instalment_number", "currency", "period_end",
)  # fmt: skip
NOT_TOLD = (
    "id",
    "created_at",
    "updated_at",
    "load_id",
    "replaced_by_id",
    "told",
    "row",
)
Image = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done to a record, by a row of a file or by a person.

    ``action``: created, updated, deleted, repeated (told again without change), told
    (a statement of a claim's money), earlier and replaced (premium told for the same
    period before and after); added, changed, deleted, proposed, refused and
    withdrawn (an amount that was told by hand) by hand.
    ``before`` and ``after`` have values by the columns of ``model``.  ``number``: that
    of the ingestion, which is None itself where the user may not see it.
    """

    key: str
    action: str
    at: datetime.datetime | None
    model: str
    number: int | None = None
    row: int | None = None
    position: str = ""
    before: Image = field(default_factory=dict)
    after: Image = field(default_factory=dict)
    undone_at: datetime.datetime | None = None
    ingestion: Ingestion | None = None
    user: User | None = None
    confirmed_by: User | None = None
    reason: str = ""


def of(record: models.Model, *, user: User) -> list[Entry]:
    """The history of a record that the user may see, what was done last first."""
    found = [*_row_changes(record, user), *_ranges(record), *_edits(record)]
    if isinstance(record, Claim):
        found += [*_statements(record), *_withdrawals(record)]
    if isinstance(record, PremiumEntry):
        found += _versions(record)
    first = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    found.sort(key=lambda e: (e.at or first, e.number or 0, e.row or 0), reverse=True)
    return _with_files(found, user)


def _row_changes(record: models.Model, user: User) -> Iterable[Entry]:
    rows = (
        seen_by(RowChange.objects.all(), user)
        .filter(object_id=record.pk, model=record._meta.model_name)
        .select_related("ingestion")
        .order_by("-pk")[:MOST]
    )
    undone = dict(
        Load.objects.filter(
            number__in={row.ingestion_id for row in rows}, user__isnull=True
        ).values_list("number", "undone_at")
    )
    for row in rows:
        yield Entry(
            key=f"change-{row.pk}",
            action=row.action,
            at=row.ingestion.loaded_at,
            model=row.model,
            number=row.ingestion_id,
            row=row.row,
            before=row.before or {},
            after=row.after or {},
            undone_at=undone.get(row.ingestion_id),
        )


def _ranges(record: models.Model) -> Iterable[Entry]:
    name = str(record._meta.model_name)
    rows = LineageRange.objects.filter(holding(record.pk), model=name)
    for row in rows.select_related("load__user").order_by("-pk")[:MOST]:
        entry = _of_load(row.load, f"range-{row.pk}", row.action, name)
        yield replace(entry, row=row.first_row + record.pk - row.first_id)


def _of_load(load: Load, key: str, action: str, model: str) -> Entry:
    return Entry(
        key=key,
        action=action,
        at=load.loaded_at,
        model=model,
        number=None if load.user_id else load.number,
        undone_at=load.undone_at,
        user=load.user,
        reason=load.reason,
    )


def _edits(record: models.Model) -> Iterable[Entry]:
    rows = Edit.objects.filter(model=record._meta.model_name, object_id=record.pk)
    for row in rows.select_related("user", "confirmed_by").order_by("-pk")[:MOST]:
        is_applied = row.status == EditStatus.APPLIED
        yield Entry(
            key=f"edit-{row.pk}",
            action=row.action if is_applied else str(row.status),
            at=row.at,
            model=row.model,
            before=row.before,
            after=row.after,
            user=row.user,
            confirmed_by=row.confirmed_by,
            reason=row.reason,
        )


def _statements(claim: Claim) -> list[Entry]:
    """What was told of the claim's money, and what was told again word for word."""
    rows = list(
        ClaimStatement.objects.filter(position__claim=claim)
        .select_related("position", "load__user")
        .order_by("-pk")[:MOST]
    )
    found = [
        replace(
            _of_load(row.load, f"statement-{row.pk}", "told", "claimstatement"),
            row=None if row.load.user_id else row.row,
            position=_position_of(row),
            after=_told(row, TELLING),
        )
        for row in rows
    ]
    if not rows:
        return found
    touched = Q()
    for row in rows:
        touched |= holding(row.pk)
    ranges = LineageRange.objects.filter(
        touched, model="claimstatement", action="repeated"
    ).select_related("load__user")
    for span in ranges.order_by("-pk")[:MOST]:
        found += [
            replace(
                _of_load(
                    span.load,
                    f"range-{span.pk}-{row.pk}",
                    span.action,
                    "claimstatement",
                ),
                row=span.first_row + row.pk - span.first_id,
                position=_position_of(row),
            )
            for row in rows
            if span.first_id <= row.pk <= span.last_id
        ]
    return found


def _withdrawals(claim: Claim) -> Iterable[Entry]:
    """What people took back of what was told by hand: who, when and why."""
    keys = ClaimPosition.all_objects.filter(claim=claim).values("pk")
    rows = Edit.objects.filter(
        model="claimposition", object_id__in=keys, reason__startswith=WITHDRAWN
    )
    for row in rows.select_related("user").order_by("-pk")[:MOST]:
        yield Entry(
            key=f"edit-{row.pk}",
            action="withdrawn",
            at=row.at,
            model=row.model,
            position=row.reference.removeprefix(f"{claim.reference} "),
            before=row.before,
            after=row.after,
            user=row.user,
            reason=row.reason.removeprefix(WITHDRAWN),
        )


def _position_of(row: ClaimStatement) -> str:
    position = row.position
    parts = (position.section, position.risk_code, position.currency_id)
    return " ".join(part for part in parts if part)


def _told(record: models.Model, columns: Iterable[str]) -> Image:
    """The values that there are, as text."""
    values = {name: getattr(record, name) for name in columns}
    return {n: str(v) for n, v in values.items() if v not in (None, "", {})}


def _versions(entry: PremiumEntry) -> list[Entry]:
    """What was told of the same transaction for the same period, by which file."""
    keys = {name: getattr(entry, name) for name in PREMIUM_KEY}
    same = PremiumEntry.all_objects.filter(
        **{n: v for n, v in keys.items() if v is not None},
        **{f"{n}__isnull": True for n, v in keys.items() if v is None},
    )
    columns = [
        str(f.column)
        for f in PremiumEntry._meta.concrete_fields
        if f.column not in NOT_TOLD and f.name not in PREMIUM_KEY
    ]
    rows = list(same.select_related("load__user").order_by("-pk")[:MOST])
    own = _told(entry, columns)
    found = []
    for row in rows:
        if row.load is None:
            continue
        told, key = _told(row, columns), f"premium-{row.pk}"
        if row.pk == entry.pk:
            made = _of_load(row.load, key, "created", "premiumentry")
            found.append(replace(made, row=row.row, after=told))
            continue
        changed = [n for n in {**own, **told} if own.get(n) != told.get(n)]
        other, mine = ({n: i.get(n) for n in changed} for i in (told, own))
        is_earlier = row.pk < entry.pk
        action = "earlier" if is_earlier else "replaced"
        found.append(
            replace(
                _of_load(row.load, key, action, "premiumentry"),
                row=row.row,
                before=other if is_earlier else mine,
                after=mine if is_earlier else other,
            )
        )
    return found


def _with_files(entries: Sequence[Entry], user: User) -> list[Entry]:
    """The entries with the ingestions that the user may see; one query."""
    numbers = {entry.number for entry in entries if entry.number is not None}
    rows = seen_by(Ingestion.objects.all(), user).select_related("source")
    known = rows.in_bulk(numbers)
    return [
        replace(entry, ingestion=known.get(entry.number)) if entry.number else entry
        for entry in _once(entries)
    ]


def _once(entries: Sequence[Entry]) -> Iterable[Entry]:
    """Without a second word of a row that created the record."""
    seen = set()
    for entry in entries:
        mark = (entry.action, entry.number, entry.row)
        if entry.action == "created" and entry.number is not None:
            if mark in seen:
                continue
            seen.add(mark)
        yield entry
