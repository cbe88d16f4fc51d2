"""Taking a load back, and telling in the log what stands in the way.

A worker that undoes has a lease, as one that checks or loads has.  The task may come
twice: the second one finds a living worker, or that it is done, and does nothing.
Where a worker dies the books are as they were, and the reaper hands the undo on.
"""

import contextlib
import os
import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from importers import record_types
from importers.exceptions import LoadConflict, NotItsTurn, StateProblem
from importers.models import Ingestion
from importers.pipeline.undo import undo as undo_load
from importers.services import bordereaux, cursors, leases
from importers.services.leases import Lease
from importers.services.states import move
from importers.values import Status

STILL_USED = (
    "Other records refer to what this file created. Remove or undo those first."
)
UNDONE = "Undone: nothing of this file is in the books any more."
INTERRUPTED = (
    "Not undone: it was interrupted three times. The load stands; ask for it again."
)


def undo(ingestion: int, *, patience: float | None = None) -> None:
    """Take a load back, in one transaction; what is in the way is told in the log.

    Does nothing where nobody asked for it (any more), or a living worker is at it.
    Raises NotItsTurn where another file of its kind is being loaded for longer than
    ``patience`` seconds; what else is raised leaves it to the reaper.
    """
    lease = _take(ingestion)
    if lease is None:
        return
    with lease.beating():
        try:
            _undo(lease, patience)
        except NotItsTurn:
            leases.let_go(lease)
            raise
        except StateProblem:
            return
        except LoadConflict as conflict:
            _stays(lease, f"Not undone: {conflict}")
        except IntegrityError:
            _stays(lease, f"Not undone: {STILL_USED}")


def at_work() -> Q:
    """Undos that a worker has taken, living or not."""
    return Q(status=Status.UNDOING, attempts__gt=0) & ~Q(lease=leases.NOBODY)


def _take(ingestion: int) -> Lease | None:
    """Begin what was asked for, or take it over from a dead worker."""
    leases.bury(Ingestion, ingestion)
    token = f"{settings.MACHINE_NAME}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    mine = Ingestion.objects.filter(
        ~at_work() | leases.stale(),
        pk=ingestion,
        status=Status.UNDOING,
        attempts__lt=leases.MOST_ATTEMPTS,
    )
    taken = mine.update(
        lease=token, heartbeat_at=timezone.now(), attempts=F("attempts") + 1
    )
    return Lease(Ingestion, ingestion, token) if taken else None


def _undo(lease: Lease, patience: float | None) -> None:
    record = Ingestion.objects.get(pk=lease.key)
    kind = record_types.get(record.record_type)
    with transaction.atomic():
        undo_load(kind, ingestion=record.pk, patience=patience)
        move(
            record.pk,
            from_=[Status.UNDOING],
            to=Status.UNDONE,
            lease=lease.token,
            event=UNDONE,
        )
        bordereaux.take_back(record)
        cursors.take_back(record.pk)


def _stays(lease: Lease, message: str) -> None:
    """The load stands, and the log says why."""
    with contextlib.suppress(StateProblem):
        move(
            lease.key,
            from_=[Status.UNDOING],
            to=Status.LOADED,
            lease=lease.token,
            event=message,
        )


def give_up(record: Ingestion) -> None:
    """Nobody gets to the end of it: the load stands.  Raises StateProblem."""
    move(
        record.pk,
        from_=[Status.UNDOING],
        to=Status.LOADED,
        lease=record.lease,
        event=INTERRUPTED,
    )
