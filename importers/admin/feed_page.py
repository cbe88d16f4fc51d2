"""What the pages of a feed show: where it stands in words, and its syncs.

Nothing here changes anything; the rules are those of ``services``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from importers.admin import times
from importers.admin.page import label_of, named
from importers.admin.shown import duration
from importers.admin.words import colour_of_sync, door, moment
from importers.models import Feed, Sync
from importers.queue import Times
from importers.services import schedules
from importers.values import RUNNING, Incremental, SyncStatus

SHOWN = 20
TOLD = (SyncStatus.FAILED, SyncStatus.CANCELLED)
"""Syncs whose message says more than the columns of the history."""
STATES = {
    "active": ("Active", "good"),
    "off": ("Off", "quiet"),
    "paused": ("Paused", "bad"),
    "syncing": ("Syncing", "moving"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a feed stands: its newest sync and its times."""

    last: Sync | None
    times: Times | None
    state: str

    @property
    def label(self) -> str:
        """The state as a word."""
        return STATES[self.state][0]

    @property
    def colour(self) -> str:
        """Name of the badge's colour."""
        return STATES[self.state][1]

    @property
    def schedule(self) -> str:
        """The times in words."""
        if self.times is None:
            return ""
        return times.in_words(self.times.cron, self.times.minutes)

    @property
    def next_run(self) -> str:
        """When the schedule runs it next; nothing where it will not."""
        if self.times is None or self.state in {"off", "paused"}:
            return ""
        return moment(self.times.next_run)


def standings(feeds: Iterable[Feed]) -> dict[int, Standing]:
    """Where each feed stands, by key: two queries for all."""
    feeds = list(feeds)
    newest = Sync.objects.filter(feed__in=[feed.pk for feed in feeds])
    newest = newest.order_by("feed_id", "-pk").distinct("feed_id")
    last = {sync.feed_id: sync for sync in newest.select_related("ingestion")}
    known = schedules.all_times()
    return {
        feed.pk: Standing(
            last.get(feed.pk),
            known.get(feed.pk),
            _state(feed, last.get(feed.pk)),
        )
        for feed in feeds
    }


def standing(feed: Feed) -> Standing:
    """Where one feed stands."""
    return standings([feed])[feed.pk]


def _state(feed: Feed, last: Sync | None) -> str:
    if last is not None and last.status in RUNNING:
        return "syncing"
    if feed.paused_at:
        return "paused"
    return "active" if feed.is_active and feed.service.is_active else "off"


def in_state(feeds: QuerySet[Feed], state: str) -> QuerySet[Feed]:
    """Those of the feeds that are in the state."""
    running = Exists(Sync.objects.filter(feed=OuterRef("pk"), status__in=RUNNING))
    if state == "syncing":
        return feeds.filter(running)
    still = feeds.filter(~running)
    if state == "paused":
        return still.filter(paused_at__isnull=False)
    is_on = Q(is_active=True, service__is_active=True)
    still = still.filter(paused_at=None)
    return still.filter(is_on) if state == "active" else still.exclude(is_on)


def what_next(feed: Feed, stands: Standing) -> str:
    """One or two sentences: where the feed stands and what happens next."""
    if stands.state == "syncing":
        return "Its pages are being fetched."
    if stands.state == "paused":
        return (
            f"Paused since {moment(feed.paused_at)}, so its schedule does not run it: "
            f"{feed.paused_reason}"
        )
    if not feed.service.is_active:
        return f"The service “{feed.service}” is switched off, and its feeds with it."
    if not feed.is_active:
        return (
            "Switched off, so no schedule runs it. Once a test of the connection looks "
            "right, make it active in its settings."
        )
    if stands.times is None:
        return "It is synced when somebody asks for it; it has no schedule yet."
    if not stands.next_run:
        return "Its schedule is switched off. Set its times anew."
    return f"{stands.schedule}. The next sync is due at {stands.next_run} (UTC)."


def facts(feed: Feed, stands: Standing) -> list[tuple[str, str, str]]:
    """The head's facts: label, value, and the page it leads to."""
    service = reverse("admin:importers_webservice_change", args=[feed.service_id])
    asks = ""
    if feed.incremental != Incremental.FULL:
        asks = feed.cursor or feed.cursor_start or "the beginning"
    found = [
        ("Service", feed.service.name, service),
        ("Kind of record", label_of(feed.record_type), ""),
        ("Sender", feed.source.name, ""),
        ("Schedule", stands.schedule or "None", ""),
        ("Next sync asks from", asks, ""),
        ("Loads", "By itself" if feed.loads_itself else "After approval", ""),
    ]
    return [fact for fact in found if fact[1]]


def syncs_of(feed: Feed) -> list[dict[str, Any]]:
    """The newest syncs of a feed, as lines of its history."""
    rows = feed.syncs.select_related("user", "ingestion").order_by("-pk")
    return [line_of(sync) for sync in rows[:SHOWN]]


def line_of(sync: Sync) -> dict[str, Any]:
    """A sync with its figures as people write them."""
    return {
        "sync": sync,
        "colour": colour_of_sync(sync.status),
        "by": started_by(sync),
        "size": size_of(sync),
        "waited": duration(sync.waited_seconds) if sync.waited_seconds else "",
        "took": took(sync),
        "told": sync.message if sync.status in TOLD else "",
    }


def started_by(sync: Sync) -> str:
    """Who or what asked for it."""
    return named(sync.user) or door(sync.door)


def size_of(sync: Sync) -> str:
    """How much came over the wire."""
    return filesizeformat(sync.bytes) if sync.bytes else ""


def took(sync: Sync) -> str:
    """From the first request to the end."""
    if sync.started_at is None or sync.ended_at is None:
        return ""
    return duration((sync.ended_at - sync.started_at).total_seconds())
