"""The syncs of all feeds: read here; services write what they tell of."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from importers import attachments
from importers.admin import feed_page, sync_moves, sync_page
from importers.admin.buttons import press
from importers.admin.own_pages import MOST_ID, OwnPages
from importers.admin.page import user_of
from importers.admin.words import badge, colour_of_sync, moment
from importers.models import Sync
from importers.services import permissions
from reinsurance.admin.base import ReadOnlyAdmin
from reinsurance.admin.seen import SeenFilter
from reinsurance.admin.values import amount_heading


def _amount(text: str) -> SafeString:
    return format_html('<span class="amount">{}</span>', text)


@admin.register(Sync)
class SyncAdmin(OwnPages, ReadOnlyAdmin):
    """Each fetch of a feed: what it cost, brought and ended with."""

    list_display = (
        "number", "feed_name", "state", "by", "asked", "page_count", "record_count",
        "size", "time", "file",
    )  # fmt: skip
    list_display_links = ("number", "feed_name")
    list_filter = ("status", ("feed", SeenFilter), "asked_at")
    list_select_related = ("feed", "user", "ingestion")
    search_fields = ("feed__code__istartswith", "feed__name__istartswith")
    search_help_text = "Feed begins with"

    # ---------------------------------------------------------------------- list
    @admin.display(description="No.", ordering="id")
    def number(self, sync: Sync) -> int:
        """The sync's number."""
        return sync.pk

    @admin.display(description="feed", ordering="feed__name")
    def feed_name(self, sync: Sync) -> str:
        """What was fetched."""
        return sync.feed.name

    @admin.display(description="status", ordering="status")
    def state(self, sync: Sync) -> SafeString:
        """The status as a coloured badge."""
        return badge(sync.get_status_display(), colour_of_sync(sync.status))

    @admin.display(description="started by")
    def by(self, sync: Sync) -> str:
        """Who or what asked for it."""
        return feed_page.started_by(sync)

    @admin.display(description="asked for", ordering="asked_at")
    def asked(self, sync: Sync) -> str:
        """When it was asked for."""
        return moment(sync.asked_at)

    @admin.display(description=amount_heading("pages"), ordering="pages")
    def page_count(self, sync: Sync) -> SafeString:
        """Pages fetched."""
        return _amount(f"{sync.pages:,}")

    @admin.display(description=amount_heading("records"), ordering="records")
    def record_count(self, sync: Sync) -> SafeString:
        """Records fetched."""
        return _amount(f"{sync.records:,}")

    @admin.display(description=amount_heading("received"), ordering="bytes")
    def size(self, sync: Sync) -> SafeString:
        """How much came over the wire."""
        return _amount(feed_page.size_of(sync))

    @admin.display(description=amount_heading("took"))
    def time(self, sync: Sync) -> SafeString:
        """How long it took."""
        return _amount(feed_page.took(sync))

    @admin.display(description="file")
    def file(self, sync: Sync) -> SafeString | str:
        """The ingestion of what was fetched."""
        if sync.ingestion is None:
            return ""
        url = reverse("admin:importers_ingestion_change", args=[sync.ingestion_id])
        status = sync.ingestion.get_status_display()
        return format_html(
            '<a href="{}">No. {}</a> {}', url, sync.ingestion_id, status.lower()
        )

    # ----------------------------------------------------------------- addresses
    def get_urls(self) -> list[URLPattern]:
        """Our pages before the admin's own."""
        return [
            self.at("<int:pk>/status/", self.status_view, "status"),
            self.at("<int:pk>/answer/", self.payload_view, "payload"),
            self.at("<int:pk>/left-out/", self.discarded_view, "discarded"),
            self.at("<int:pk>/do/<slug:move>/", self.move_view, "move"),
            *super().get_urls(),
        ]

    def seen(self, request: HttpRequest, pk: int) -> Sync:
        """The sync, for who may see it; Http404 where there is none."""
        rows = Sync.objects.select_related("feed__service", "user", "ingestion")
        sync: Sync = self.found(request, rows, pk)
        return sync

    # --------------------------------------------------------------------- pages
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one sync."""
        try:
            known = int(object_id) if object_id.isdecimal() else MOST_ID + 1
            sync = self.seen(request, known)
        except Http404:
            messages.warning(request, f"There is no sync number {object_id}.")
            return redirect("admin:importers_sync_changelist")
        context = self.context(
            request,
            title=str(sync),
            original=sync,
            sync=sync,
            feed=sync.feed,
            colour=colour_of_sync(sync.status),
            next=sync_page.what_next(sync),
            doable=sync_page.doable(sync, user_of(request)),
            moving=sync_page.is_moving(sync),
            facts=sync_page.facts(sync),
            figures=sync_page.figures(sync),
            asked_for=sync_page.asked_for(sync),
            story=sync_page.story(sync),
            deviations=sync_page.deviations(sync),
            shows_details=user_of(request).is_superuser,
        )
        return TemplateResponse(request, "importers/sync/page.html", context)

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where a sync stands, for the page that waits for it."""
        sync = self.seen(request, pk)
        return JsonResponse(
            {
                "status": sync.status,
                "label": sync.get_status_display(),
                "live": sync_page.live(sync),
            }
        )

    def move_view(self, request: HttpRequest, pk: int, move: str) -> HttpResponse:
        """Try again, or withdraw."""
        sync = self.seen(request, pk)
        return press(request, sync, move, sync_moves.BUTTONS, permissions.may_sync)

    # ----------------------------------------------------------------- downloads
    def payload_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The answer that is to blame, as it came."""
        sync = self.seen(request, pk)
        if not sync.payload:
            raise Http404("No answer was kept with this sync.")
        name = f"{sync.feed.code} sync {sync.pk} answer.txt"
        return attachments.stored(sync.payload, name, "application/octet-stream")

    def discarded_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The records that the contract left out."""
        sync = self.seen(request, pk)
        if not sync.discarded_parts:
            raise Http404("This sync left no records out.")
        name = f"{sync.feed.code} sync {sync.pk} left out.jsonl"
        return attachments.joined(
            sync.discarded_parts, name, "application/octet-stream"
        )
