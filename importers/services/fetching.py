"""The work of a sync: fetch every page under a lease, then hand the records in."""

import tempfile
import traceback
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from importers.exceptions import DuplicateFile, ImporterError, LeaseLost, StoreProblem
from importers.models import Feed, Ingestion, Sync
from importers.pipeline import storage
from importers.services import ingestions, leases
from importers.services.connections import connect
from importers.services.leases import Lease
from importers.services.parts import Parts, keep_payload
from importers.services.plans import feed_plan, settings_print
from importers.services.syncs import DOOR, line
from importers.values import Status, SyncStatus
from importers.webservices.caller import Deadline
from importers.webservices.fetch import (
    Progress,
    begin,
    drift_of,
    fetch,
    shape_after,
)
from importers.webservices.problems import (
    ContractBroken,
    NotThere,
    RequestRefused,
    ServiceProblem,
)
from importers.webservices.values import FeedPlan

REPLACED = "Replaced by a newer sync of the same feed, number {}."
REPLACEABLE = (Status.READY, Status.NEEDS_MAPPING, Status.RECEIVED)


def run(sync: int, *, enqueue: bool = True) -> None:
    """Fetch a sync that waits, or go on with one whose worker died.

    Ends at *handed in*, *nothing new* or *failed*; a fault of ours is re-raised.  Does
    nothing where another worker is at it or it has moved on.
    """
    lease = leases.take(
        Sync,
        sync,
        from_=SyncStatus.WAITING,
        to=SyncStatus.FETCHING,
        began=partial(_tell_began, sync),
    )
    if lease is None:
        return
    with lease.beating(), tempfile.TemporaryDirectory(prefix="sync-") as folder:
        try:
            _run(lease, Path(folder), enqueue)
        except LeaseLost:
            return
        except ImporterError as problem:
            _fail(lease, problem, Path(folder))
        except Exception:
            fault = ImporterError("The sync failed through a fault of the program.")
            _fail(lease, fault, Path(folder), details=traceback.format_exc())
            raise


def _tell_began(sync: int) -> None:
    record = Sync.objects.get(pk=sync)
    said = "Fetching began." if record.attempts == 1 else "The next worker went on."
    Sync.objects.filter(pk=sync).update(
        story=[*record.story, line(said)],
        started_at=record.started_at or timezone.now(),
    )


def _run(lease: Lease, folder: Path, enqueue: bool) -> None:
    sync = Sync.objects.select_related(
        "feed__service", "feed__source", "feed__mapping", "user"
    ).get(pk=lease.key)
    feed = sync.feed
    plan = feed_plan(feed)
    parts = Parts(lease, sync, folder)
    printed = settings_print(plan, feed.cursor)
    is_resumed = bool(sync.progress) and sync.settings_print == printed
    if is_resumed:
        progress = Progress.from_json(sync.progress)
    else:
        parts.drop()
        progress = begin(plan, feed.cursor, timezone.localdate())
        lease.update(settings_print=printed, cursor_before=feed.cursor)
    try:
        _fetch(lease, feed, plan, parts, progress)
    except (NotThere, RequestRefused):
        # The address of the next page may have grown too old: once more from page one.
        if not is_resumed or progress.counts.pages != sync.pages:
            raise
        parts.drop()
        progress = begin(plan, feed.cursor, timezone.localdate())
        _fetch(lease, feed, plan, parts, progress)
    _refuse_nothing_left(progress)
    _conclude(lease, sync, plan, parts, progress, enqueue)


def _fetch(
    lease: Lease, feed: Feed, plan: FeedPlan, parts: Parts, progress: Progress
) -> None:
    """Fetch what is missing; whatever happens, whole pages are kept for next time."""
    deadline = Deadline(plan.deadline_seconds, alive=lease.check)
    with connect(
        feed.service, plan, counts=progress.counts, deadline=deadline
    ) as caller:
        try:
            fetch(plan, caller, parts, progress, timezone.localdate())
        except ServiceProblem as problem:
            if problem.starts_over:
                parts.drop()
            else:
                parts.keep(progress)
            raise
    parts.keep(progress)


def _refuse_nothing_left(progress: Progress) -> None:
    """A sync whose every record is held out brought something: it has not succeeded."""
    counts = progress.counts
    if counts.discarded and not counts.records:
        said = "; ".join(list(progress.deviations)[:3])
        raise ContractBroken(
            f"All {counts.discarded:,} records deviate from the contract and were held "
            f"out: {said}. Ask the partner, or change the feed's contract."
        )


def _conclude(
    lease: Lease,
    sync: Sync,
    plan: FeedPlan,
    parts: Parts,
    progress: Progress,
    enqueue: bool,
) -> None:
    """Hand the records in; sync, ingestion and feed move together."""
    feed = sync.feed
    drifted = drift_of(plan, progress)
    changes: dict[str, Any] = {
        "cursor_after": progress.cursor,
        "drift": drifted,
        "ended_at": timezone.now(),
        "progress": {},
        "parts": [],
    }
    with transaction.atomic():
        if not progress.counts.records:
            said = "Nothing new."
            changes["status"] = SyncStatus.NOTHING_NEW
            Feed.objects.filter(pk=feed.pk, cursor=sync.cursor_before).update(
                cursor=progress.cursor
            )
        else:
            said, ingestion = _hand_in(sync, parts, enqueue)
            changes |= {"status": SyncStatus.HANDED_IN, "ingestion": ingestion}
        story = [*_story(lease), line(said)]
        if drifted:
            story.append(line(f"The records look different: {drifted[0]}"))
        lease.update(message=said, story=story, **changes)
        settled: dict[str, Any] = {"paused_at": None, "paused_reason": ""}
        settled["shape"] = shape_after(plan, progress)
        Feed.objects.filter(pk=feed.pk).update(**settled)
    storage.remove(parts.keys)


def _hand_in(sync: Sync, parts: Parts, enqueue: bool) -> tuple[str, Ingestion | None]:
    """What is said of it, and the ingestion of the fetched records.

    Files of earlier syncs that nobody has approved yet hold no more than this one, as
    the cursor has not moved: they are withdrawn.
    """
    feed = sync.feed
    now = timezone.localtime()
    try:
        with transaction.atomic():
            ingestion = ingestions.submit(
                blocks=parts.blocks(),
                file_name=f"{feed.code} {now:%Y-%m-%d %H.%M}.jsonl",
                record_type=feed.record_type,
                source=feed.source,
                door=DOOR,
                mapping=feed.mapping,
                user=sync.user,
                loads_itself=feed.loads_itself,
                enqueue=enqueue,
            )
    except DuplicateFile as same:
        said = f"The same records are on their way already. {same}"
        return said, Ingestion.objects.filter(pk=same.ingestion or 0).first()
    earlier = Ingestion.objects.filter(
        syncs__feed=feed,
        syncs__cursor_before=sync.cursor_before,
        status__in=REPLACEABLE,
    ).exclude(pk=ingestion.pk)
    for waiting in earlier.distinct():
        reason = REPLACED.format(ingestion.pk)
        ingestions.cancel(waiting.pk, user=None, reason=reason)
    return f"Handed in as number {ingestion.pk}.", ingestion


def _story(lease: Lease) -> list[dict[str, Any]]:
    return Sync.objects.values_list("story", flat=True).get(pk=lease.key)


def _fail(
    lease: Lease, problem: ImporterError, folder: Path, *, details: str = ""
) -> None:
    """Tell what went wrong; a problem that does not pass by itself pauses the feed."""
    payload = getattr(problem, "payload", b"")
    attempt = lease.token.rpartition(":")[2]
    changes = {"payload": keep_payload(lease.key, attempt, payload, folder)}
    is_passing = (
        isinstance(problem, ServiceProblem | StoreProblem) and problem.is_passing
    )
    with transaction.atomic():
        try:
            lease.update(
                status=SyncStatus.FAILED,
                problem=problem.code,
                message=problem.message,
                details=details,
                ended_at=timezone.now(),
                story=[*_story(lease), line(problem.message)],
                **changes,
            )
        except LeaseLost:
            return
        if not is_passing and not details:
            feed = Sync.objects.values_list("feed", flat=True).get(pk=lease.key)
            Feed.objects.filter(pk=feed).update(
                paused_at=timezone.now(), paused_reason=problem.message
            )
