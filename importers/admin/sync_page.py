"""What the page of one sync shows: where it stands in words, its figures, its story."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils.dateparse import parse_datetime

from importers.admin import feed_page
from importers.admin.shown import duration
from importers.admin.words import moment
from importers.models import Sync
from importers.services import permissions
from importers.values import RUNNING, Incremental, SyncStatus


@dataclass(frozen=True, slots=True)
class Doable:
    """What this user may do with the sync now."""

    retry: bool = False
    cancel: bool = False


def doable(sync: Sync, user: User) -> Doable:
    """The buttons offered on the page; the services have the last word."""
    if not permissions.may_sync(user):
        return Doable()
    failed = sync.status == SyncStatus.FAILED
    newer = Sync.objects.filter(feed=sync.feed_id, pk__gt=sync.pk)
    return Doable(
        retry=failed and not newer.exists(),
        cancel=failed or sync.status == SyncStatus.WAITING,
    )


def is_moving(sync: Sync) -> bool:
    """Whether the page has something to follow."""
    return sync.status in RUNNING


def what_next(sync: Sync) -> str:
    """Where the sync stands and what happens next."""
    kept = ""
    if sync.progress and sync.pages:
        pages = "1 page" if sync.pages == 1 else f"{sync.pages:,} pages"
        kept = f" {pages} are kept: the next sync goes on after them."
        kept = kept.replace("1 page are", "1 page is") if sync.pages == 1 else kept
    return {
        SyncStatus.WAITING: "It waits to be fetched.",
        SyncStatus.FETCHING: "Its pages are being fetched.",
        SyncStatus.HANDED_IN: "All pages were fetched and handed in as a file.",
        SyncStatus.NOTHING_NEW: "All was fetched; there was nothing new.",
        SyncStatus.FAILED: f"{sync.message} Nothing of it was loaded.{kept}",
        SyncStatus.CANCELLED: "Withdrawn; the next sync begins anew.",
    }[SyncStatus(sync.status)]


def figures(sync: Sync) -> list[dict[str, Any]]:
    """What it brought and cost; ``live`` are told anew while it runs."""
    return [
        {"label": "pages", "text": f"{sync.pages:,}", "live": "pages"},
        {"label": "records", "text": f"{sync.records:,}", "live": "records"},
        {"label": "left out", "text": f"{sync.discarded:,}", "live": "discarded"},
        {"label": "received", "text": feed_page.size_of(sync) or "0", "live": "size"},
        {"label": "requests", "text": f"{sync.requests:,}", "live": "requests"},
        {"label": "tried again", "text": f"{sync.retries:,}", "live": "retries"},
        {
            "label": "waited for the partner",
            "text": duration(sync.waited_seconds),
            "live": "waited",
        },
        {"label": "took", "text": feed_page.took(sync) or "…", "live": ""},
    ]


def live(sync: Sync) -> dict[str, str]:
    """The figures by name, for the page that follows the sync."""
    return {f["live"]: f["text"] for f in figures(sync) if f["live"]}


def facts(sync: Sync) -> list[tuple[str, str]]:
    """The head's facts: label and value."""
    found = [
        ("Started by", feed_page.started_by(sync)),
        ("Asked for", moment(sync.asked_at)),
        ("Began", moment(sync.started_at)),
        ("Ended", moment(sync.ended_at)),
        ("Tries of ours", f"{sync.attempts}" if sync.attempts > 1 else ""),
    ]
    return [fact for fact in found if fact[1]]


def asked_for(sync: Sync) -> str:
    """What was asked for, and what comes next, in words."""
    if sync.feed.incremental == Incremental.FULL:
        return "Everything was asked for."
    before, after = sync.cursor_before, sync.cursor_after
    began = f"What came after {before}" if before else "Everything from the beginning"
    if sync.ended_at is None or not after:
        return f"{began} was asked for."
    if after == before:
        return f"{began} was asked for, and so it will be next time."
    waits = " once this file is loaded" if sync.status == SyncStatus.HANDED_IN else ""
    return f"{began} was asked for. The next sync asks from {after}{waits}."


def story(sync: Sync) -> list[dict[str, Any]]:
    """Who, when, what: the oldest first."""
    return [
        {
            "at": parse_datetime(line.get("at", "")),
            "said": line.get("said", ""),
            "by": line.get("by") or "The system",
        }
        for line in sync.story
    ]


def deviations(sync: Sync) -> list[tuple[str, int]]:
    """How records deviate from the contract, the most frequent first."""
    return sorted(sync.deviations.items(), key=lambda item: (-item[1], item[0]))
