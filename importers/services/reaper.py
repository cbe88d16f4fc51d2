"""Nothing is forgotten: the work of workers that died is handed on."""

import contextlib
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from importers import queue
from importers.exceptions import StateProblem
from importers.models import Ingestion, Sync
from importers.services import (
    deliveries,
    leases,
    offers,
    schedules,
    syncs,
    turns,
    undoing,
)
from importers.services.ingestions import nothing_loaded
from importers.services.states import move, say
from importers.values import WORKING, Status, SyncStatus

PATIENCE, VERY_PATIENT = timedelta(minutes=1), timedelta(minutes=30)
MOST_OFFERED = 500
HANDED_ON = "The worker stopped while undoing; the next one takes over."


def reap() -> int:
    """Hand on the work of workers that died, and what is due; how much that was.

    A file whose checking ended three workers is rejected as hostile; a load that
    failed so often is a fault of ours; a load whose undo did stands.
    """
    count = queue.send_kept()
    for record in Ingestion.objects.filter(leases.stale(), status__in=WORKING):
        with contextlib.suppress(StateProblem):  # another reaper was faster
            if record.attempts < leases.MOST_ATTEMPTS:
                _hand_on(record)
            else:
                _give_up(record)
            count += 1
    for record in Ingestion.objects.filter(undoing.at_work() & leases.stale()):
        with contextlib.suppress(StateProblem):
            count += _hand_on_undo(record)
    for sync in Sync.objects.filter(leases.stale(), status=SyncStatus.FETCHING):
        count += _hand_on_sync(sync)
    count += turns.let_in_forgotten() + _offer_forgotten()
    count += schedules.disable_broken()
    return count + deliveries.offer_due()


def _hand_on_sync(sync: Sync) -> int:
    """The next worker goes on after the pages that are kept; not for ever."""
    is_last = sync.attempts >= leases.MOST_ATTEMPTS
    said = syncs.line(
        "Fetching was interrupted three times; the next run goes on from here."
        if is_last
        else "The worker stopped; the next one goes on."
    )
    changes: dict[str, Any] = {"status": SyncStatus.WAITING}
    if is_last:
        changes = {
            "status": SyncStatus.FAILED,
            "problem": "interrupted",
            "message": said["said"],
            "ended_at": timezone.now(),
        }
    with transaction.atomic():
        taken = Sync.objects.filter(
            pk=sync.pk, lease=sync.lease, status=SyncStatus.FETCHING
        ).update(story=[*sync.story, said], **changes)
        if taken and not is_last:
            offers.offer_sync(sync.pk, called="take over sync")
    return taken


def _hand_on(record: Ingestion) -> None:
    """Back to where it waits for a worker: queued once, however long the queue is."""
    checking = record.status == Status.CHECKING
    said = f"The worker stopped while {record.status}; the next one takes over."
    with transaction.atomic():
        move(
            record.pk,
            from_=[Status(record.status)],
            to=Status.RECEIVED if checking else Status.APPROVED,
            lease=record.lease,
            event="Tried once more." if record.lease == leases.NOBODY else said,
        )
        offers.offer(record.pk, called="take over")


def _hand_on_undo(record: Ingestion) -> int:
    """The books are as they were: the undo is queued anew; not for ever."""
    if record.attempts >= leases.MOST_ATTEMPTS:
        undoing.give_up(record)
        return 1
    with transaction.atomic():
        held = Ingestion.objects.filter(undoing.at_work(), pk=record.pk)
        freed = held.filter(lease=record.lease).update(
            lease=leases.NOBODY, heartbeat_at=timezone.now()
        )
        if freed:
            say(record.pk, HANDED_ON, status=Status.UNDOING)
            offers.offer_undo(record.pk)
    return freed


def _give_up(record: Ingestion) -> None:
    checking = record.status == Status.CHECKING
    message = (
        "The file stopped the program three times while it was being checked; it is "
        "damaged or hostile. Save it anew in your spreadsheet program and send that."
        if checking
        else "Loading was interrupted three times. Nothing was loaded; try again."
    )
    changes = (
        nothing_loaded(record.rows_read, message) if checking else {"message": message}
    )
    move(
        record.pk,
        from_=[Status(record.status)],
        to=Status.REJECTED if checking else Status.FAILED,
        lease=record.lease,
        event=message,
        **changes,
    )


def _offer_forgotten() -> int:
    """Queue again what waits for a worker though its queue is empty.

    Outside the database the length of a queue is not known exactly, and a task that a
    dead cluster had taken comes back late: what has waited for very long is offered
    again in any case.
    """
    now = timezone.now()
    late = Q(offered_at__lt=now - PATIENCE)
    waiting = Ingestion.objects.filter(late, status__in=list(offers.WAITS_FOR))
    waiting = waiting.exclude(door="command")
    undos = Ingestion.objects.filter(late, status=Status.UNDOING)
    asked = Sync.objects.filter(late, status=SyncStatus.WAITING)
    found: list[Ingestion | Sync] = list(waiting[:MOST_OFFERED])
    found += undos.exclude(undoing.at_work())[:MOST_OFFERED]
    found += asked[:MOST_OFFERED]
    if not found:
        return 0
    idle = {name for name in queue.QUEUES if queue.is_idle(name)}
    very_late = now - VERY_PATIENT if queue.is_outside() else None
    count = 0
    for record in found:
        offered = record.offered_at
        is_lost = very_late and offered and offered < very_late
        if is_lost or _queues_of(record) <= idle:
            count += _offer_again(record)
    return count


def _queues_of(record: Ingestion | Sync) -> set[str]:
    """Where it may be waiting: an undo that waits for its turn changes the queue."""
    if record.status == Status.UNDOING:
        return set(queue.QUEUES)
    return {offers.queue_of(record)}


def _offer_again(record: Ingestion | Sync) -> int:
    """Queue it, unless another reaper was faster."""
    with transaction.atomic():
        still = type(record).objects.filter(
            pk=record.pk, status=record.status, offered_at=record.offered_at
        )
        if not still.update(offered_at=timezone.now()):
            return 0
        if isinstance(record, Sync):
            offers.offer_sync(record.pk, called="forgotten sync")
        elif record.status == Status.UNDOING:
            offers.offer_undo(record.pk)
        else:
            offers.offer(record.pk, called="forgotten")
    return 1
