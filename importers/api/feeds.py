"""Feeds and their syncs in the API: what is fetched from partners, and when it was."""

from typing import ClassVar

from django.urls import reverse
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.request import Request
from rest_framework.response import Response

from importers import record_types
from importers.api.base import Doing, accepted, user_of
from importers.api.forms import Reason, reason_of
from importers.models import Feed, Sync
from importers.services import syncs
from importers.values import SyncStatus
from reinsurance.api.base import Fields, ListDoor, text_of
from reinsurance.api.filters import (
    ListFilters,
    choice,
    moment_from,
    moment_to,
    one_of,
    yes_no,
)

DOOR = "api"


class FeedSerializer(Fields):
    """Records of one kind that are fetched from a partner's service."""

    service = text_of("service.code", "Code of the service.")
    source = text_of("source.code", "Code of the sender its files count as.")

    class Meta:
        model = Feed
        fields = (
            "id", "code", "name", "service", "source", "record_type", "is_active",
            "paused_at", "paused_reason", "cursor",
        )  # fmt: skip


class FeedFilters(ListFilters):
    """How the list of feeds is narrowed."""

    code = one_of("code", "Its code.")
    service = one_of("service__code", "Code of the service.")
    source = one_of("source__code", "Code of the sender.")
    record_type = choice("record_type", record_types.choices(), "What it fetches.")
    is_active = yes_no("is_active", "Whether its schedule runs it.")


class SyncSerializer(Fields):
    """One fetch of a feed: what it cost, brought and ended with."""

    feed = text_of("feed.code", "Code of the feed.")
    user = text_of("user.username", "Who asked for it; null: its schedule.")

    class Meta:
        model = Sync
        fields = (
            "id", "feed", "status", "door", "user", "ingestion", "pages", "records",
            "discarded", "bytes", "requests", "retries", "waited_seconds",
            "cursor_before", "cursor_after", "problem", "message", "asked_at",
            "started_at", "ended_at",
        )  # fmt: skip


class FeedDoor(Doing, ListDoor):
    """What is fetched from partners' services."""

    queryset = Feed.objects.select_related("service", "source")
    serializer_class = FeedSerializer
    filterset_class = FeedFilters
    orderings: ClassVar = ("id", "code")
    called = "feeds"
    problems: ClassVar = {
        "sync": ("state_problem", "sync_running"),
        "pause": ("state_problem",),
    }

    @swagger_auto_schema(request_body=no_body, responses={202: SyncSerializer})
    def sync(self, request: Request, pk: int) -> Response:
        """Have a feed synced; `Location` is where to follow the sync."""
        feed = self.found(pk)
        sync = syncs.request(feed.pk, door=DOOR, user=user_of(request))
        return _told(sync.pk)

    @swagger_auto_schema(request_body=Reason, responses={200: FeedSerializer})
    def pause(self, request: Request, pk: int) -> Response:
        """Stop the feed's schedule from running it, saying why."""
        feed = self.found(pk)
        syncs.pause(feed.pk, user=user_of(request), reason=reason_of(request))
        return Response(self.get_serializer(self.found(pk)).data)

    @swagger_auto_schema(request_body=no_body, responses={200: FeedSerializer})
    def resume(self, request: Request, pk: int) -> Response:
        """Let a paused feed run again at its times."""
        syncs.resume(self.found(pk).pk, user=user_of(request))
        return Response(self.get_serializer(self.found(pk)).data)


class SyncFilters(ListFilters):
    """How the list of syncs is narrowed."""

    feed = one_of("feed__code", "Code of the feed.")
    status = choice("status", [(s.value, s.value) for s in SyncStatus], "Where it is.")
    asked_from = moment_from("asked_at", "Asked for at this time or later.")
    asked_to = moment_to("asked_at", "Asked for at this time or earlier.")


class SyncDoor(Doing, ListDoor):
    """Fetches of feeds."""

    queryset = Sync.objects.select_related("feed", "user")
    serializer_class = SyncSerializer
    filterset_class = SyncFilters
    orderings: ClassVar = ("-id",)
    called = "syncs"
    problems: ClassVar = {"cancel": ("state_problem",)}

    @swagger_auto_schema(request_body=no_body, responses={200: SyncSerializer})
    def cancel(self, request: Request, pk: int) -> Response:
        """Withdraw a sync that failed or still waits: the next one begins anew."""
        syncs.cancel(self.found(pk).pk, user=user_of(request))
        return Response(self.get_serializer(self.found(pk)).data)


def _told(pk: int) -> Response:
    """The sync as it stands now, and where to follow it."""
    sync = Sync.objects.select_related("feed", "user").get(pk=pk)
    data = SyncSerializer(sync).data
    return accepted(data, reverse("api:syncs-detail", args=[pk]))
