"""Contracts that changed, or came, between the check of a file and its load."""

import datetime
from collections.abc import Iterable

from django.db.models import Q

from importers.exceptions import BooksMoved
from importers.models import Ingestion
from importers.values import Status
from reinsurance.ledger.contract_names import contract_name
from reinsurance.models import Edit, Treaty
from reinsurance.models.loads import EditStatus

CHANGED = (
    "The terms of contract {} were changed after the file was checked. Nothing was "
    "loaded; it is checked anew by what they are now, and has to be approved again."
)
OTHERS = (
    "A contract with the number {} was added or changed after the file was checked, so "
    "that rows may be on another one now. Nothing was loaded; it is checked anew, and "
    "has to be approved again."
)


def require_same(record: Ingestion, contracts: Iterable[int]) -> None:
    """Raise BooksMoved where the terms of one of the contracts are not those checked.

    A contract's terms are its own, and those of its layers and of their lines, also of
    those that a person took out.  Nor may another contract of its number have come, or
    have become another: rows would be held against that one, too.
    """
    began = checked_at(record)
    if began is None:
        return
    keys = set(contracts)
    edited = Edit.objects.filter(treaty__in=keys, status=EditStatus.APPLIED).filter(
        Q(at__gt=began) | Q(decided_at__gt=began)
    )
    changed = (
        Treaty.objects.filter(pk__in=keys)
        .filter(
            Q(updated_at__gt=began)
            | Q(layers__updated_at__gt=began)
            | Q(layers__participations__updated_at__gt=began)
            | Q(pk__in=edited.values("treaty"))
        )
        .distinct()
        .order_by("pk")
        .first()
    )
    if changed is not None:
        raise BooksMoved(CHANGED.format(contract_name(changed.pk)))
    numbers = Treaty.objects.filter(pk__in=keys).values("reference")
    others = Treaty.objects.filter(reference__in=numbers, updated_at__gt=began)
    other = others.exclude(pk__in=keys).order_by("pk").first()
    if other is not None:
        raise BooksMoved(OTHERS.format(other.reference))


def checked_at(record: Ingestion) -> datetime.datetime | None:
    """When the last check of the file began; None: it was never checked."""
    began = record.events.filter(status=Status.CHECKING).order_by("-pk").first()
    return began.at if began else None
