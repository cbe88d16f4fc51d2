"""A checked file before its load: declared, approved, or sent back."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from importers.exceptions import StaleApproval, StateProblem
from importers.models import Ingestion
from importers.services import offers, permissions
from importers.services.states import move
from importers.values import Declared, Status

DECLARE = (
    "A file of this sender, contract and period is in the books already. Say first "
    "whether this one is additional or a correction."
)
STALE = (
    "What this file would do is not what you have looked at: it was checked anew "
    "meanwhile. Reload the page, look at it, and approve it then."
)
DECLARED = {
    "additional": "it adds to the file of the period that is in the books",
    "correction": "it takes the place of the file of the period that is in the books",
}


def approve(
    ingestion: int,
    *,
    user: User | None = None,
    seen: str | None = None,
    enqueue: bool = True,
) -> None:
    """Let a checked file into the books; the cluster loads it next.

    ``seen`` is the fingerprint of the effect that was looked at; None: whatever it is
    now.  Raises NotAllowed (see :mod:`importers.services.permissions`), StaleApproval
    where the file would do something else by now, and StateProblem.
    """
    record = Ingestion.objects.get(pk=ingestion)
    permissions.require_seen(user, record)
    permissions.require_approve(user, record)
    if record.status == Status.READY and record.needs_declaration:
        raise StateProblem(DECLARE)
    if seen is not None and seen != record.effect:
        raise StaleApproval(STALE)
    with transaction.atomic():
        move(
            ingestion,
            from_=[Status.READY],
            to=Status.APPROVED,
            event="Approved.",
            user=user,
            still={"effect": record.effect},
            approved_by_id=user.pk if user else None,
            approved_at=timezone.now(),
            approved_effect=record.effect,
            attempts=0,
        )
        if enqueue:
            offers.offer(ingestion)


def declare(
    ingestion: int, declared: str, *, user: User | None, enqueue: bool = True
) -> None:
    """Say what a second file of a contract and period is; it is checked by that.

    Raises NotAllowed and StateProblem.
    """
    permissions.require_submit(user)
    record = Ingestion.objects.get(pk=ingestion)
    permissions.require_seen(user, record)
    if declared not in {value.value for value in Declared}:
        raise StateProblem("A second file is “additional” or a “correction”.")
    with transaction.atomic():
        move(
            ingestion,
            from_=[Status.READY, Status.REJECTED],
            to=Status.RECEIVED,
            event=f"Declared: {DECLARED[declared]}.",
            user=user,
            declared=declared,
            needs_declaration=False,
            message="",
            attempts=0,
        )
        if enqueue:
            offers.offer(ingestion)


def reject(ingestion: int, *, user: User | None, reason: str) -> None:
    """Send a checked file back with a reason; nothing of it is loaded."""
    permissions.require_review(user)
    if not reason.strip():
        raise StateProblem("Say why the file is rejected, so that it can be mended.")
    record = Ingestion.objects.get(pk=ingestion)
    permissions.require_seen(user, record)
    move(
        ingestion,
        from_=[Status.READY, Status.NEEDS_MAPPING],
        to=Status.REJECTED,
        event=f"Rejected: {reason.strip()}",
        user=user,
        **nothing_loaded(record.rows_read, reason.strip()),
    )


def nothing_loaded(rows_read: int, message: str) -> dict[str, Any]:
    """Fields of an ingestion of which every row is held out."""
    return {
        "message": message,
        "rows_created": 0,
        "rows_updated": 0,
        "rows_unchanged": 0,
        "rows_rejected": rows_read,
    }
