"""Putting work into the queue it belongs to: quick, or heavy for what takes long."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from importers import queue
from importers.models import Ingestion, Sync
from importers.values import Status

CHECK = "importers.tasks.check"
LOAD = "importers.tasks.load"
UNDO = "importers.tasks.undo"
UNDO_IN_TURN = "importers.tasks.undo_in_turn"
SYNC = "importers.tasks.run_sync"
WAITS_FOR = {Status.RECEIVED: (CHECK, "check"), Status.APPROVED: (LOAD, "load")}


def is_heavy(*, size: int = 0, rows: int = 0, seconds: float = 0.0) -> bool:
    """Whether work on so many bytes or rows, or that took so long, is heavy."""
    return (
        size >= settings.HEAVY_MB * (1 << 20)
        or rows >= settings.HEAVY_ROWS
        or seconds >= settings.HEAVY_SECONDS
    )


def is_heavy_load(record: Ingestion) -> bool:
    """Whether loading the file, or undoing its load, is heavy: by its checked rows."""
    return is_heavy(rows=record.rows_read - record.rows_rejected)


def is_heavy_work(record: Ingestion) -> bool:
    """Whether what the ingestion waits for is heavy."""
    if record.status == Status.APPROVED:
        return is_heavy_load(record)
    return is_heavy(size=record.file_size)


def queue_of(record: Ingestion | Sync) -> str:
    """The queue that what it waits for belongs to."""
    heavy = (
        is_heavy_feed(record.feed_id)
        if isinstance(record, Sync)
        else is_heavy_work(record)
    )
    return queue.HEAVY if heavy else queue.QUICK


def offer(ingestion: int, *, called: str = "") -> None:
    """Queue what an ingestion waits for: its check or its load; else nothing.

    For the transaction that moves it there.  ``called``: beginning of the task's name.
    """
    record = Ingestion.objects.get(pk=ingestion)
    if record.status not in WAITS_FOR:
        return
    task, verb = WAITS_FOR[Status(record.status)]
    Ingestion.objects.filter(pk=ingestion).update(offered_at=timezone.now())
    name = f"{called or verb} {ingestion}"
    queue.enqueue(task, ingestion, name=name, is_heavy=is_heavy_work(record))


def offer_undo(ingestion: int, *, is_patient: bool = False) -> None:
    """Queue the undoing of a load; ``is_patient``: it waits for its turn."""
    heavy = is_patient or is_heavy_load(Ingestion.objects.get(pk=ingestion))
    Ingestion.objects.filter(pk=ingestion).update(offered_at=timezone.now())
    task = UNDO_IN_TURN if is_patient else UNDO
    queue.enqueue(task, ingestion, name=f"undo {ingestion}", is_heavy=heavy)


def offer_sync(sync: int, *, called: str = "sync") -> None:
    """Queue a sync; heavy where the feed's last one was."""
    record = Sync.objects.get(pk=sync)
    Sync.objects.filter(pk=sync).update(offered_at=timezone.now())
    heavy = is_heavy_feed(record.feed_id)
    queue.enqueue(SYNC, sync, name=f"{called} {sync}", is_heavy=heavy)


def is_heavy_feed(feed: int) -> bool:
    """Whether the feed's last sync that ended brought much or took long."""
    last = Sync.objects.filter(feed=feed, ended_at__isnull=False).order_by("-pk")
    found = last.only("bytes", "records", "started_at", "ended_at").first()
    if found is None:
        return False
    began, ended = found.started_at, found.ended_at
    took = ended - began if began and ended else timedelta()
    return is_heavy(size=found.bytes, rows=found.records, seconds=took.total_seconds())
