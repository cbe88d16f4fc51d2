"""What was kept for its time is cleared, in small portions; what for stands in docs.

Originals and lineage of loaded data and the events of the log stay for ever.  Every
portion is a transaction of its own that locks one file or sync: several machines may
clear at once, and what one leaves half done the next finishes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from importers import queue
from importers.exceptions import Cleared
from importers.models import Event, Ingestion, RowChange, Sync
from importers.pipeline import originals, storage
from importers.services import answers, deliveries
from importers.services.states import say
from importers.values import RUNNING, Status

ENDED = (Status.LOADED, Status.UNDONE, Status.REJECTED, Status.CANCELLED)
NEVER_LOADED = (Status.REJECTED, Status.CANCELLED)
LONGEST_SECONDS = 600.0
PORTION = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many of what were cleared, or would be."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy: what goes, what is due, and how a portion of it goes.

    ``clear`` returns how many went; none: nothing is left to do.
    """

    what: str
    due: Callable[[], int]
    clear: Callable[[], int]


def prune(
    *, is_dry: bool = False, longest_seconds: float = LONGEST_SECONDS
) -> list[Pruned]:
    """Clear what was kept long enough, or (``is_dry``) only count it.

    Stops after ``longest_seconds``; the next run goes on.
    """
    if is_dry:
        return [Pruned(rule.what, rule.due()) for rule in RULES]
    until = time.monotonic() + longest_seconds
    done = []
    for rule in RULES:
        count = 0
        while time.monotonic() < until and (cleared := rule.clear()):
            count += cleared
        done.append(Pruned(rule.what, count))
    return done


def _before(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def _one_by_one(rows: QuerySet, clear: Callable[[int], bool]) -> int:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:PORTION])
    return sum(clear(key) for key in keys)


# ------------------------------------------------------------- what is still there
def require_rows(record: Ingestion) -> None:
    """Raise Cleared where the rows in detail are no longer kept."""
    if record.cleared_at is not None:
        day = date_format(timezone.localtime(record.cleared_at), "j F Y")
        raise Cleared(
            f"The rows in detail of this file were cleared on {day}. Its counts, its "
            "history and what it changed in the books are kept."
        )


def require_original(record: Ingestion) -> None:
    """Raise Cleared where the file itself is no longer kept."""
    if not record.original:
        raise Cleared(
            "The file itself is no longer kept: it was never loaded. Hand it in again."
        )


# ------------------------------------------------------------------ rows in detail
def _quiet_since(before: datetime) -> QuerySet[Ingestion]:
    """Files that are done with, and of which the log tells nothing later."""
    later = Event.objects.filter(ingestion=OuterRef("pk"), at__gte=before)
    return Ingestion.objects.filter(
        ~Exists(later), status__in=ENDED, received_at__lt=before
    )


def _with_rows() -> QuerySet[Ingestion]:
    return _quiet_since(_before(settings.KEEP_ROWS_DAYS)).filter(cleared_at=None)


def _clear_rows(ingestion: int) -> bool:
    """Staged rows, rejected rows and issues of one file; its counts stay."""
    with transaction.atomic():
        due = _with_rows().select_for_update(skip_locked=True, of=("self",))
        record = due.filter(pk=ingestion).first()
        if record is None:
            return False
        record.issues.all().delete()
        storage.remove_folder(f"staged/{ingestion}")
        Ingestion.objects.filter(pk=ingestion).update(
            cleared_at=timezone.now(), staged="", staged_parts=0, rejected=""
        )
    return True


# --------------------------------------------------------------------------- syncs
def _with_pieces() -> QuerySet[Sync]:
    kept = ~Q(parts=[]) | ~Q(discarded_parts=[]) | ~Q(payload="")
    ended = Sync.objects.exclude(status__in=RUNNING)
    return ended.filter(kept, ended_at__lt=_before(settings.KEEP_SYNC_DAYS))


def _clear_pieces(sync: int) -> bool:
    """Pieces of one sync; one that failed begins anew from then on."""
    with transaction.atomic():
        due = _with_pieces().select_for_update(skip_locked=True)
        record = due.filter(pk=sync).first()
        if record is None:
            return False
        storage.remove_folder(f"syncs/{sync}")
        Sync.objects.filter(pk=sync).update(
            parts=[], discarded_parts=[], payload="", progress={}
        )
    return True


# ----------------------------------------------------------------------- originals
def _unloaded() -> QuerySet[Ingestion]:
    """Files that were never loaded and whose bytes no other file needs."""
    if not settings.KEEP_UNLOADED_DAYS:
        return Ingestion.objects.none()
    before = _before(settings.KEEP_UNLOADED_DAYS)
    same = Ingestion.objects.filter(original=OuterRef("original"))
    needed = same.exclude(pk__in=_quiet_since(before).filter(status__in=NEVER_LOADED))
    loaded = RowChange.objects.filter(ingestion=OuterRef("pk"))
    return (
        _quiet_since(before)
        .filter(~Exists(needed), ~Exists(loaded), status__in=NEVER_LOADED)
        .exclude(original="")
    )


def _clear_original(ingestion: int) -> bool:
    with transaction.atomic():
        originals.hold_alone(Ingestion.objects.get(pk=ingestion).original)
        due = _unloaded().select_for_update(skip_locked=True, of=("self",))
        record = due.filter(pk=ingestion).first()
        if record is None:
            return False
        storage.remove([record.original])
        same = Ingestion.objects.filter(original=record.original)
        keys = list(same.values_list("pk", "status"))
        same.update(original="")
        for key, status in keys:
            said = "The file itself was cleared; it was never loaded."
            say(key, said, status=status)
    return True


RULES = (
    Rule(
        "files whose rows in detail were kept long enough",
        lambda: _with_rows().count(),
        lambda: _one_by_one(_with_rows(), _clear_rows),
    ),
    Rule(
        "syncs whose pieces were kept long enough",
        lambda: _with_pieces().count(),
        lambda: _one_by_one(_with_pieces(), _clear_pieces),
    ),
    Rule(
        "originals of files that were never loaded",
        lambda: _unloaded().count(),
        lambda: _one_by_one(_unloaded(), _clear_original),
    ),
    Rule(
        "results of tasks",
        lambda: queue.old_results(_before(settings.KEEP_TASKS_DAYS)),
        lambda: queue.prune_results(_before(settings.KEEP_TASKS_DAYS), PORTION),
    ),
    Rule(
        "messages to webhooks",
        lambda: deliveries.due_to_prune().count(),
        deliveries.prune,
    ),
    Rule(
        "answers to requests with a key",
        lambda: answers.due_to_prune().count(),
        answers.prune,
    ),
)
