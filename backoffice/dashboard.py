"""The home page: what waits for me, what came in lately."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from importers.admin import page
from importers.models import Feed, Ingestion, Sync
from importers.services import permissions
from importers.values import Status, SyncStatus
from reinsurance.visibility import seen_by

WAITING = (Status.NEEDS_MAPPING, Status.READY, Status.FAILED)
ON_THE_WAY = (Status.RECEIVED, Status.CHECKING, Status.APPROVED, Status.LOADING)
WEEK = timedelta(days=7)
SHOWN = 10


def home(request: HttpRequest) -> HttpResponse:
    """The admin's index with the waiting work above; five queries of its own."""
    extra: dict[str, Any] = {"title": "Home"}
    if request.user.has_perm("importers.view_ingestion"):
        extra |= overview(page.user_of(request))
    if request.user.has_perm("importers.view_feed"):
        extra["troubles"] = troubles(page.user_of(request))
    return admin.site.index(request, extra)


def overview(user: User) -> dict[str, Any]:
    """Counts, the files that wait for someone, and the last loads."""
    since = timezone.now() - WEEK
    recent = Q(status=Status.LOADED, loaded_at__gte=since)
    files = seen_by(Ingestion.objects.all(), user)
    counts = files.aggregate(
        **{
            status.name.lower(): Count("pk", filter=Q(status=status))
            for status in WAITING
        },
        on_the_way=Count("pk", filter=Q(status__in=ON_THE_WAY)),
        files=Count("pk", filter=recent),
        created=Sum("rows_created", filter=recent, default=0),
        updated=Sum("rows_updated", filter=recent, default=0),
    )
    rows = files.select_related("source", "submitted_by")
    waiting = rows.filter(status__in=WAITING).order_by("-pk")[:SHOWN]
    loaded = rows.filter(status=Status.LOADED).order_by("-pk")[:SHOWN]
    return {
        "tiles": _tiles(counts),
        "waiting": [_waiting(ingestion, user) for ingestion in waiting],
        "loaded": [_line(ingestion) for ingestion in loaded],
        "may_submit": permissions.may_submit(user),
    }


def troubles(user: User) -> list[dict[str, Any]]:
    """What keeps partners' data from coming: paused feeds, failed syncs of the week."""
    since = timezone.now() - WEEK
    failed = Sync.objects.filter(status=SyncStatus.FAILED, asked_at__gte=since)
    failed = seen_by(failed, user)
    paused = seen_by(Feed.objects.filter(paused_at__isnull=False), user)
    feeds = reverse("admin:importers_feed_changelist")
    syncs = reverse("admin:importers_sync_changelist")
    found = (
        ("feed", "paused", paused.count(), f"{feeds}?state=paused"),
        (
            "sync",
            "failed this week",
            failed.count(),
            f"{syncs}?{urlencode({'status__exact': 'failed', 'asked_at__gte': since})}",
        ),
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
    may = page.doable(ingestion, user)
    todo = ""
    if may.approve:
        todo = "Look at it and approve"
    elif may.retry:
        todo = "Try again"
    elif may.map_columns and ingestion.status == Status.NEEDS_MAPPING:
        todo = "Map its columns"
    others = "For a manager" if ingestion.status == Status.READY else "For a clerk"
    return {**_line(ingestion), "todo": todo, "others": others}
