"""The home page: what waits for me, what came in lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from backoffice import machine
from importers.admin import page
from importers.models import Feed, Ingestion, Sync
from importers.services import permissions
from importers.services.doable import MOVING, doable
from importers.values import Status, SyncStatus
from reinsurance.caching import Topic, remembered
from reinsurance.visibility import cedants_of, seen_by

WAITING = (Status.NEEDS_MAPPING, Status.READY, Status.FAILED)
WEEK = timedelta(days=7)
SHOWN = 10
NOT_SHOWN = (
    "matches", "totals", "issue_counts", "preview", "seconds", "effect_parts",
)  # fmt: skip
NEWS_SECONDS = 60


def home(request: HttpRequest) -> HttpResponse:
    """The admin's index with the waiting work above; what it tells is remembered."""
    user = page.user_of(request)
    extra: dict[str, Any] = {"title": "Home", "machine": machine.lines_for(user)}
    sees_files = user.has_perm("importers.view_ingestion")
    sees_feeds = user.has_perm("importers.view_feed")
    if sees_files or sees_feeds:
        news = news_for(user)
        if sees_files:
            extra |= overview(news, user)
        if sees_feeds:
            extra["troubles"] = troubles(news)
    return admin.site.index(request, extra)


@dataclass(frozen=True, slots=True)
class News:
    """What the books say of files and feeds, before anybody's point of view."""

    counts: dict[str, int]
    waiting: list[Ingestion]
    loaded: list[Ingestion]
    since: datetime
    paused_feeds: int
    failed_syncs: int


def news_for(user: User) -> News:
    """The news of what the user may see, remembered for a minute at most.

    All who see everything share them; who is limited to cedants sees these cedants'
    files and their own.
    """
    cedants = cedants_of(user)
    key = "" if cedants is None else f" of {user.pk} for {sorted(cedants)}"
    return remembered(
        Topic.HOME, f"news{key}", lambda: _news(user), seconds=NEWS_SECONDS
    )


def _news(user: User) -> News:
    since = timezone.now() - WEEK
    recent = Q(status=Status.LOADED, loaded_at__gte=since)
    files = seen_by(Ingestion.objects.all(), user)
    counts = files.aggregate(
        **{
            status.name.lower(): Count("pk", filter=Q(status=status))
            for status in WAITING
        },
        on_the_way=Count("pk", filter=Q(status__in=MOVING)),
        files=Count("pk", filter=recent),
        created=Sum("rows_created", filter=recent, default=0),
        updated=Sum("rows_updated", filter=recent, default=0),
    )
    rows = files.select_related("source", "submitted_by").defer(*NOT_SHOWN)
    failed = Sync.objects.filter(status=SyncStatus.FAILED, asked_at__gte=since)
    paused = Feed.objects.filter(paused_at__isnull=False)
    return News(
        counts=counts,
        waiting=list(rows.filter(status__in=WAITING).order_by("-pk")[:SHOWN]),
        loaded=list(rows.filter(status=Status.LOADED).order_by("-pk")[:SHOWN]),
        since=since,
        paused_feeds=seen_by(paused, user).count(),
        failed_syncs=seen_by(failed, user).count(),
    )


def overview(news: News, user: User) -> dict[str, Any]:
    """Counts, the files that wait for someone, and the last loads."""
    return {
        "tiles": _tiles(news.counts),
        "waiting": [_waiting(ingestion, user) for ingestion in news.waiting],
        "loaded": [_line(ingestion) for ingestion in news.loaded],
        "may_submit": permissions.may_submit(user),
    }


def troubles(news: News) -> list[dict[str, Any]]:
    """What keeps partners' data from coming: paused feeds, failed syncs of the week."""
    feeds = reverse("admin:importers_feed_changelist")
    syncs = reverse("admin:importers_sync_changelist")
    failed = urlencode({"status__exact": "failed", "asked_at__gte": news.since})
    found = (
        ("feed", "paused", news.paused_feeds, f"{feeds}?state=paused"),
        ("sync", "failed this week", news.failed_syncs, f"{syncs}?{failed}"),
    )
    return [
        {"label": f"{count} {what}{'' if count == 1 else 's'} {state}", "url": url}
        for what, state, count, url in found
        if count
    ]


def _tiles(counts: dict[str, int]) -> list[dict[str, Any]]:
    log = reverse("admin:importers_ingestion_changelist")

    def tile(label: str, count: int, colour: str, query: str) -> dict[str, Any]:
        return {
            "label": label,
            "count": count,
            "colour": colour if count else "none",
            "url": f"{log}?{query}",
        }

    return [
        tile(
            "need their columns mapped",
            counts["needs_mapping"],
            "updated",
            "status__exact=needs+mapping",
        ),
        tile("ready to approve", counts["ready"], "created", "status__exact=ready"),
        tile("failed", counts["failed"], "rejected", "status__exact=failed"),
        tile("on their way", counts["on_the_way"], "updated", ""),
        tile(
            "rows loaded this week",
            counts["created"] + counts["updated"],
            "created",
            "status__exact=loaded",
        ),
    ]


def _line(ingestion: Ingestion) -> dict[str, Any]:
    return {
        "ingestion": ingestion,
        "url": reverse("admin:importers_ingestion_change", args=[ingestion.pk]),
        "kind": page.label_of(ingestion.record_type),
        "colour": page.colour_of(ingestion.status),
        "by": page.named(ingestion.submitted_by) or "The system",
    }


def _waiting(ingestion: Ingestion, user: User) -> dict[str, Any]:
    may = doable(ingestion, user)
    todo = ""
    if may.approve:
        todo = "Look at it and approve"
    elif may.declare and ingestion.needs_declaration:
        todo = "Say: additional or a correction"
    elif may.retry:
        todo = "Try again"
    elif may.map_columns and ingestion.status == Status.NEEDS_MAPPING:
        todo = "Map its columns"
    others = "For a manager" if ingestion.status == Status.READY else "For a clerk"
    return {**_line(ingestion), "todo": todo, "others": others}
