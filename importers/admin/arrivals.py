"""The files of all inboxes: read here; services write what they tell of."""

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from importers.admin import inbox_page
from importers.admin.words import badge, moment
from importers.models import Arrival
from reinsurance.admin.base import ReadOnlyAdmin
from reinsurance.admin.seen import SeenFilter
from reinsurance.admin.values import amount_heading


@admin.register(Arrival)
class ArrivalAdmin(ReadOnlyAdmin):
    """Each file seen in an inbox, and what became of it."""

    list_display = (
        "number", "name", "inbox", "state", "size_shown", "seen", "file", "message",
        "moved_to",
    )  # fmt: skip
    list_display_links = ("number", "name")
    list_filter = ("status", ("inbox", SeenFilter), "seen_at")
    list_select_related = ("inbox", "ingestion")
    search_fields = ("key__istartswith",)
    search_help_text = "File begins with"
    fields = (
        "name", "inbox", "state", "message", "file", "size_shown", "etag", "turn",
        "seen_at", "taken_at", "moved_at", "moved_to",
    )  # fmt: skip
    readonly_fields = ("name", "state", "file", "size_shown")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """In the menu for who may see the files."""
        return self.has_view_permission(request)

    @admin.display(description="No.", ordering="id")
    def number(self, arrival: Arrival) -> int:
        """The arrival's number."""
        return arrival.pk

    @admin.display(description="file name", ordering="key")
    def name(self, arrival: Arrival) -> str:
        """The file's name as far as it can be printed."""
        return str(arrival)

    @admin.display(description="status", ordering="status")
    def state(self, arrival: Arrival) -> SafeString:
        """The status as a coloured badge."""
        return badge(arrival.get_status_display(), inbox_page.colour_of(arrival))

    @admin.display(description=amount_heading("size"), ordering="size")
    def size_shown(self, arrival: Arrival) -> SafeString:
        """How large it is."""
        shown = filesizeformat(arrival.size)
        return format_html('<span class="amount">{}</span>', shown)

    @admin.display(description="first seen", ordering="seen_at")
    def seen(self, arrival: Arrival) -> str:
        """When it was seen first."""
        return moment(arrival.seen_at)

    @admin.display(description="ingestion")
    def file(self, arrival: Arrival) -> SafeString | str:
        """The ingestion of the file."""
        if arrival.ingestion is None:
            return ""
        url = reverse("admin:importers_ingestion_change", args=[arrival.ingestion_id])
        status = arrival.ingestion.get_status_display()
        return format_html(
            '<a href="{}">No. {}</a> {}', url, arrival.ingestion_id, status.lower()
        )
