"""Feeds: where they stand, what they ask for, and the buttons that run them."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from importers.admin import feed_moves, feed_page, feed_trial
from importers.admin.buttons import press
from importers.admin.feed_forms import FIELDSETS, FeedForm
from importers.admin.filters import FeedStateFilter, KindFilter
from importers.admin.kept import KeptAdmin
from importers.admin.own_pages import OwnPages
from importers.admin.page import label_of, user_of
from importers.admin.words import (
    ASKS_FOR,
    DEVIATIONS,
    FORMATS,
    PAGINGS,
    badge,
    colour_of_sync,
    moment,
    shown,
)
from importers.models import Feed
from importers.services import permissions, schedules
from reinsurance.admin.seen import SeenFilter

READ = {
    "record_type": "kind",
    "format": "format_shown",
    "paging": "paging_shown",
    "incremental": "asks_for",
    "cursor": "cursor_shown",
    "contract": "contract_shown",
    "contract_mode": "deviations",
}
"""What who may only look reads in the place of a field."""
TABS = {"syncs": "Syncs", "settings": "Settings"}


@admin.register(Feed)
class FeedAdmin(OwnPages, KeptAdmin):
    """What is fetched from partners, and when."""

    form = FeedForm
    fieldsets = FIELDSETS
    in_words = READ
    list_display = (
        "name", "from_service", "kind", "schedule", "state", "last_sync", "next_run",
    )  # fmt: skip
    list_filter = (FeedStateFilter, KindFilter, ("service", SeenFilter))
    list_select_related = ("service",)
    search_fields = ("code__istartswith", "name__istartswith")
    search_help_text = "Code or name begins with"

    format_shown = shown("format", FORMATS, "format")
    paging_shown = shown("paging", PAGINGS, "how pages follow each other")
    asks_for = shown("incremental", ASKS_FOR, "asks for")
    deviations = shown("contract_mode", DEVIATIONS, "records that deviate")

    class Media:
        js = ("backoffice/fields.js",)

    # ---------------------------------------------------------------------- list
    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, each feed with where it stands."""
        found = super().get_changelist_instance(request)
        rows: list[Any] = list(found.result_list)
        known = feed_page.standings(rows)
        for feed in rows:
            feed.standing = known[feed.pk]
        found.result_list = rows
        return found

    @admin.display(description="service", ordering="service__name")
    def from_service(self, feed: Feed) -> str:
        """Whose service it is fetched from."""
        return feed.service.name

    @admin.display(description="kind of record", ordering="record_type")
    def kind(self, feed: Feed) -> str:
        """The record type's label."""
        return label_of(feed.record_type)

    @admin.display(description="schedule")
    def schedule(self, feed: Any) -> str:
        """Its times in words."""
        return feed.standing.schedule or "None"

    @admin.display(description="state")
    def state(self, feed: Any) -> SafeString:
        """Where it stands, as a coloured badge."""
        return badge(feed.standing.label, feed.standing.colour)

    @admin.display(description="last sync")
    def last_sync(self, feed: Any) -> SafeString | str:
        """How and when the newest sync ended."""
        sync = feed.standing.last
        if sync is None:
            return "Never"
        return format_html(
            '<a href="{}">{}</a> {}',
            reverse("admin:importers_sync_change", args=[sync.pk]),
            moment(sync.ended_at or sync.asked_at),
            badge(sync.get_status_display(), colour_of_sync(sync.status)),
        )

    @admin.display(description="next run")
    def next_run(self, feed: Any) -> str:
        """When its schedule runs it next."""
        return feed.standing.next_run

    # ----------------------------------------------------------------- addresses
    def get_urls(self) -> list[URLPattern]:
        """Our pages before the admin's own."""
        return [
            self.at("<int:pk>/test/", self.test_view, "test"),
            self.at("<int:pk>/contract/", self.contract_view, "contract"),
            self.at("<int:pk>/do/<slug:move>/", self.move_view, "move"),
            *super().get_urls(),
        ]

    def seen(self, request: HttpRequest, pk: int) -> Feed:
        """The feed, for who may see it; Http404 where there is none."""
        rows = Feed.objects.select_related("service", "source", "mapping")
        feed: Feed = self.found(request, rows, pk)
        return feed

    # --------------------------------------------------------------------- pages
    def head(self, request: HttpRequest, feed: Feed) -> dict[str, Any]:
        """Where the feed stands, and when it runs."""
        stands = feed_page.standing(feed)
        is_form = request.method == "POST" or request.GET.get("tab") == "settings"
        return {
            "feed": feed,
            "stands": stands,
            "next": feed_page.what_next(feed, stands),
            "facts": feed_page.facts(feed, stands),
            "may_run": permissions.may_sync(user_of(request)),
            "tab": "settings" if is_form else "syncs",
            "tabs": TABS,
        }

    def instead(
        self, request: HttpRequest, feed: Feed, head: dict[str, Any]
    ) -> HttpResponse | None:
        """The feed's syncs, unless its settings are asked for."""
        if head["tab"] == "settings":
            return None
        context = self.context(
            request,
            title=str(feed),
            original=feed,
            lines=feed_page.syncs_of(feed),
            **head,
        )
        return TemplateResponse(request, "importers/feed/page.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feed]:
        """Feeds with what their pages name."""
        rows = super().get_queryset(request)
        return rows.select_related("service", "source", "mapping")

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try the connection out."""
        return feed_trial.test(self, request, self.seen(request, pk))

    def contract_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Agree on the shape of records."""
        return feed_trial.contract(self, request, self.seen(request, pk))

    def move_view(self, request: HttpRequest, pk: int, move: str) -> HttpResponse:
        """Sync, pause, resume, set or clear the times."""
        feed = self.seen(request, pk)
        return press(request, feed, move, feed_moves.BUTTONS, permissions.may_sync)

    # ---------------------------------------------------------------------- form
    @admin.display(description="contract")
    def contract_shown(self, feed: Feed) -> SafeString | str:
        """The schema in lines."""
        if feed.contract is None:
            return "None"
        text = json.dumps(feed.contract, indent=2, ensure_ascii=False)
        return format_html('<pre class="json">{}</pre>', text)

    @admin.display(description="next sync asks from")
    def cursor_shown(self, feed: Feed) -> str:
        """The cursor."""
        return feed.cursor

    def delete_model(self, request: HttpRequest, obj: Feed) -> None:
        """The feed goes with its schedule."""
        schedules.clear_times(obj.pk, user=None)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """The feeds go with their schedules."""
        for pk in queryset.values_list("pk", flat=True):
            schedules.clear_times(pk, user=None)
        super().delete_queryset(request, queryset)
