"""What anyone may ask of a feed: sync it, pause it, let it go on."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from importers import record_types
from importers.exceptions import StateProblem
from importers.models import Feed, Sync
from importers.services import offers, permissions
from importers.services.plans import feed_plan, settings_print
from importers.values import RUNNING, SyncStatus

DOOR = "web service"
SCHEDULE = "schedule"


class SyncRunning(StateProblem):
    """The feed is being synced already; ``sync`` is that one's number."""

    code = "sync_running"

    def __init__(self, message: str = "", sync: int | None = None) -> None:
        super().__init__(message)
        self.sync = sync


def request(
    feed: int, *, door: str, user: User | None = None, enqueue: bool = True
) -> Sync:
    """Have a feed synced, by the cluster (``enqueue``) or by who then calls ``run``.

    A sync that failed lately is taken up where it stood, if the feed still asks for
    the same.  Raises SyncRunning where one is on its way, StateProblem where the feed
    may not run, NotAllowed.
    """
    permissions.require_sync(user)
    record = Feed.objects.select_related("service", "source").get(pk=feed)
    permissions.require_seen(user, record)
    kind = record_types.get(record.record_type)
    permissions.require_hand_in(user, kind, record.source)
    _require_ready(record, door)
    try:
        with transaction.atomic():
            sync = _taken_up(record, door, user) or Sync.objects.create(
                feed=record, door=door, user=user, story=[line("Asked for.", user)]
            )
            if enqueue:
                offers.offer_sync(sync.pk)
    except IntegrityError as error:
        raise _already_running(record) from error
    return sync


def _require_ready(feed: Feed, door: str) -> None:
    if not feed.service.is_active:
        raise StateProblem(
            f"The service “{feed.service}” is switched off. Switch it on first."
        )
    if door != SCHEDULE:
        return
    if not feed.is_active:
        raise StateProblem(f"The feed “{feed}” is switched off.")
    if feed.paused_at:
        raise StateProblem(f"The feed “{feed}” is paused: {feed.paused_reason}")


def _already_running(feed: Feed) -> SyncRunning:
    first = Sync.objects.filter(feed=feed, status__in=RUNNING).first()
    if first is None:
        return SyncRunning("This feed was being synced just now. Try once more.")
    return SyncRunning(
        f"This feed is being synced already (sync number {first.pk}). Wait for it.",
        sync=first.pk,
    )


def _taken_up(feed: Feed, door: str, user: User | None) -> Sync | None:
    """The last sync, back in line, if it failed and its pages still fit."""
    last = Sync.objects.filter(feed=feed).order_by("-pk").first()
    if last is None or last.status != SyncStatus.FAILED or not last.progress:
        return None
    limit = timezone.now() - timedelta(hours=settings.SYNC_RESUME_HOURS)
    fits = last.settings_print == settings_print(feed_plan(feed), feed.cursor)
    if not fits or last.ended_at is None or last.ended_at < limit:
        return None
    said = f"Taken up again after {last.pages:,} pages ({door})."
    taken = Sync.objects.filter(pk=last.pk, status=SyncStatus.FAILED).update(
        status=SyncStatus.WAITING,
        attempts=0,
        message="",
        problem="",
        details="",
        ended_at=None,
        door=door,
        user=user,
        story=[*last.story, line(said, user)],
    )
    return Sync.objects.get(pk=last.pk) if taken else None


def line(said: str, user: User | None = None) -> dict[str, Any]:
    """A line of a sync's story."""
    return {
        "at": timezone.now().isoformat(timespec="seconds"),
        "said": said,
        "by": user.get_username() if user else "",
    }


def pause(feed: int, *, user: User | None, reason: str) -> None:
    """Stop a feed's schedule from running it, saying why."""
    permissions.require_sync(user)
    permissions.require_seen(user, Feed.objects.get(pk=feed))
    if not reason.strip():
        raise StateProblem("Say why the feed is paused; the others see it.")
    Feed.objects.filter(pk=feed).update(
        paused_at=timezone.now(), paused_reason=reason.strip()
    )


def resume(feed: int, *, user: User | None) -> None:
    """Let a paused feed run again at its times."""
    permissions.require_sync(user)
    permissions.require_seen(user, Feed.objects.get(pk=feed))
    Feed.objects.filter(pk=feed).update(paused_at=None, paused_reason="")


def cancel(sync: int, *, user: User | None) -> None:
    """Withdraw a sync that failed or still waits: the next one begins anew."""
    permissions.require_sync(user)
    record = Sync.objects.get(pk=sync)
    permissions.require_seen(user, record)
    gone = Sync.objects.filter(
        pk=sync, status__in=[SyncStatus.FAILED, SyncStatus.WAITING]
    ).update(
        status=SyncStatus.CANCELLED,
        progress={},
        ended_at=timezone.now(),
        story=[*record.story, line("Withdrawn.", user)],
    )
    if not gone:
        raise StateProblem(f"This sync is “{record.status}” and cannot be withdrawn.")
