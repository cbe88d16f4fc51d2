"""Whose turn it is: loads of one record type go one after the other.

None of them waits for long in a worker's hands, where it would hold up other files: it
stands back, approved still, and whoever ends a load of the type lets the next one in.
The reaper does so where nobody did.
"""

import contextlib
import logging
from collections.abc import Iterator

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from importers.exceptions import NotItsTurn, StateProblem
from importers.models import Event, Ingestion
from importers.services import leases, offers
from importers.services.states import move, say
from importers.values import Status

logger = logging.getLogger(__name__)

WAITS = "Waits for its turn: another file of this kind is being loaded."


def _loading(record_type: str) -> QuerySet[Ingestion]:
    """Files of the type that a living worker is loading."""
    return Ingestion.objects.filter(
        record_type=record_type, status=Status.LOADING
    ).exclude(leases.stale())


def _standing_back(record_type: str) -> QuerySet[Ingestion]:
    """Files of the type that are approved and in no queue, the oldest first."""
    waiting = Ingestion.objects.filter(status=Status.APPROVED, offered_at=None)
    return waiting.filter(record_type=record_type).order_by("approved_at", "pk")


def must_stand_back(ingestion: int) -> bool:
    """Whether it is of no use to try: a long load is on, or others wait already."""
    record = Ingestion.objects.filter(pk=ingestion).first()
    if record is None:
        return False
    before = _loading(record.record_type).exclude(pk=ingestion)
    loading = list(before.only("rows_read", "rows_rejected"))
    if not loading:
        return False
    others = _standing_back(record.record_type).exclude(pk=ingestion)
    return any(map(offers.is_heavy_load, loading)) or others.exists()


def stand_back(ingestion: int, *, lease: str | None = None) -> None:
    """Let other files go first; this one is offered again when its turn comes.

    ``lease``: of the worker that had begun; the try does not count.
    """
    logger.info("Ingestion %d waits for its turn.", ingestion)
    with transaction.atomic():
        if lease is not None:
            with contextlib.suppress(StateProblem):  # taken over meanwhile
                move(
                    ingestion,
                    from_=[Status.LOADING],
                    to=Status.APPROVED,
                    lease=lease,
                    event=WAITS,
                    offered_at=None,
                    attempts=F("attempts") - 1,
                )
            return
        waiting = Ingestion.objects.filter(pk=ingestion, status=Status.APPROVED)
        if not waiting.update(offered_at=None):
            return
        last = Event.objects.filter(ingestion=ingestion).order_by("-pk").first()
        if last is None or last.message != WAITS:
            say(ingestion, WAITS, status=Status.APPROVED)


def let_in(record_type: str) -> int:
    """Queue the load of the type that has waited longest; how many (one or none)."""
    for waiting in _standing_back(record_type)[:1]:
        with transaction.atomic():
            still = _standing_back(record_type).filter(pk=waiting.pk)
            if still.update(offered_at=timezone.now()):
                offers.offer(waiting.pk)
                return 1
    return 0


def let_in_forgotten() -> int:
    """Let one in of each type that none is being loaded of; how many."""
    waiting = Ingestion.objects.filter(status=Status.APPROVED, offered_at=None)
    kinds = waiting.order_by().values_list("record_type", flat=True).distinct()
    return sum(let_in(kind) for kind in kinds if not _loading(kind).exists())


@contextlib.contextmanager
def passing_on(record_type: str) -> Iterator[None]:
    """Whoever ends a load, well or not, lets the next one of its type in."""
    try:
        yield
    except NotItsTurn:
        raise
    except Exception:
        let_in(record_type)
        raise
    else:
        let_in(record_type)
