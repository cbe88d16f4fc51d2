"""Nothing is forgotten: the work of workers that died is handed on."""

import contextlib
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from importers import queue
from importers.exceptions import StateProblem
from importers.models import Ingestion, Sync
from importers.services import answers, deliveries, leases, schedules, syncs
from importers.services.ingestions import CHECK, LOAD, nothing_loaded
from importers.services.states import move
from importers.values import WORKING, Status, SyncStatus


def reap() -> int:
    """Hand on the work of workers that died, and what is due; how much that was.

    A file whose checking ended three workers is rejected as hostile; a load that
    failed so often is a fault of ours.
    """
    count = 0
    for record in Ingestion.objects.filter(leases.stale(), status__in=WORKING):
        with contextlib.suppress(StateProblem):  # another reaper was faster
            if record.attempts < leases.MOST_ATTEMPTS:
                _hand_on(record)
            else:
                _give_up(record)
            count += 1
    for sync in Sync.objects.filter(leases.stale(), status=SyncStatus.FETCHING):
        count += _hand_on_sync(sync)
    count += _offer_forgotten() + schedules.disable_broken()
    answers.prune()
    deliveries.prune()
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
            queue.enqueue(syncs.SYNC, sync.pk, name=f"take over sync {sync.pk}")
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
        task = CHECK if checking else LOAD
        queue.enqueue(task, record.pk, name=f"take over {record.pk}")


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
    """Queue again what waits for a worker though the queue is empty."""
    limit = timezone.now() - timedelta(seconds=60)
    waiting = Ingestion.objects.filter(
        status__in=[Status.RECEIVED.value, Status.APPROVED.value],
        received_at__lt=limit,
    ).exclude(door="command")
    asked = Sync.objects.filter(status=SyncStatus.WAITING, asked_at__lt=limit)
    if not (waiting.exists() or asked.exists()) or queue.pending():
        return 0
    for sync in asked:
        queue.enqueue(syncs.SYNC, sync.pk, name=f"forgotten sync {sync.pk}")
    for record in waiting:
        task = CHECK if record.status == Status.RECEIVED else LOAD
        queue.enqueue(task, record.pk, name=f"forgotten {record.pk}")
    return len(waiting) + len(asked)
