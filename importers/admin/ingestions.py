"""The ingestion log and the page of one ingestion; what is done there, services do."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from importers import attachments, record_types
from importers.admin import columns, contracts, downloads, moves, page, undo, uploads
from importers.admin.buttons import press
from importers.admin.filters import FileKindFilter
from importers.admin.own_pages import MOST_ID, OwnPages
from importers.admin.sections import SECTIONS
from importers.exceptions import Cleared
from importers.models import Ingestion
from importers.services.doable import MOVING, doable
from importers.services.withdrawals import withdrawn
from importers.values import Status
from reinsurance.admin.base import ReadOnlyAdmin
from reinsurance.admin.seen import SeenFilter
from reinsurance.admin.values import amount_heading


@admin.register(Ingestion)
class IngestionAdmin(OwnPages, ReadOnlyAdmin):
    """Every file that came in: where it stands and what became of it."""

    list_display = (
        "number",
        "state",
        "kind",
        "source",
        "file_name",
        "rows",
        "held_out",
        "took",
        "user",
        "received",
    )
    list_display_links = ("number", "file_name")
    list_filter = ("status", FileKindFilter, ("source", SeenFilter), "received_at")
    list_select_related = ("source", "submitted_by")
    search_fields = ("file_name__istartswith",)
    search_help_text = "Number, or file name begins with"

    # ---------------------------------------------------------------------- list
    @admin.display(description="No.", ordering="id")
    def number(self, ingestion: Ingestion) -> int:
        """The ingestion's number."""
        return ingestion.pk

    @admin.display(description="status", ordering="status")
    def state(self, ingestion: Ingestion) -> SafeString:
        """The status as a coloured badge."""
        return format_html(
            '<span class="state state-{}">{}</span>',
            page.colour_of(ingestion.status),
            ingestion.get_status_display(),
        )

    @admin.display(description="kind of file", ordering="record_type")
    def kind(self, ingestion: Ingestion) -> str:
        """The record type's label."""
        return page.label_of(ingestion.record_type)

    @admin.display(description=amount_heading("rows"), ordering="rows_read")
    def rows(self, ingestion: Ingestion) -> SafeString:
        """Rows read."""
        return format_html('<span class="amount">{}</span>', f"{ingestion.rows_read:,}")

    @admin.display(description=amount_heading("held out"), ordering="rows_rejected")
    def held_out(self, ingestion: Ingestion) -> SafeString:
        """Rows held out; nothing for none."""
        count = ingestion.rows_rejected
        return format_html(
            '<span class="amount">{}</span>', f"{count:,}" if count else ""
        )

    @admin.display(description=amount_heading("took"))
    def took(self, ingestion: Ingestion) -> SafeString:
        """How long the work took."""
        return format_html('<span class="amount">{}</span>', page.took(ingestion))

    @admin.display(description="handed in by", ordering="submitted_by__username")
    def user(self, ingestion: Ingestion) -> str:
        """Who handed the file in."""
        return page.named(ingestion.submitted_by) or "The system"

    @admin.display(description="received", ordering="received_at")
    def received(self, ingestion: Ingestion) -> str:
        """When the file came in."""
        return date_format(localtime(ingestion.received_at), "j M Y, H:i")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """By number, or by the beginning of the file's name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted = Q(file_name__istartswith=term)
        if term.isdecimal() and int(term) <= MOST_ID:
            wanted |= Q(pk=int(term))
        return queryset.filter(wanted), False

    # ----------------------------------------------------------------- addresses
    def get_urls(self) -> list[URLPattern]:
        """Our pages before the admin's own."""
        return [
            self.at("upload/", self.upload_view, "upload"),
            self.at(
                "template/<slug:slug>.<slug:extension>", self.template_view, "template"
            ),
            self.at("<int:pk>/status/", self.status_view, "status"),
            self.at("<int:pk>/columns/", self.columns_view, "columns"),
            self.at("<int:pk>/original/", self.original_view, "original"),
            self.at("<int:pk>/rejected-rows/", self.rejected_view, "rejected_rows"),
            self.at("<int:pk>/undo/", self.undo_view, "undo"),
            self.at("<int:pk>/contracts/", self.contracts_view, "contracts"),
            self.at("<int:pk>/do/<slug:move>/", self.move_view, "move"),
            *super().get_urls(),
        ]

    def seen(self, request: HttpRequest, pk: int) -> Ingestion:
        """The ingestion, for who may see it; Http404 where there is none."""
        rows = Ingestion.objects.select_related(
            "source", "submitted_by", "approved_by", "mapping", "parent"
        )
        ingestion: Ingestion = self.found(request, rows, pk)
        return ingestion

    # --------------------------------------------------------------------- pages
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one ingestion: head, and one tab."""
        try:
            ingestion = self.seen(request, int(object_id))
        except (Http404, ValueError):
            messages.warning(request, f"There is no ingestion number {object_id}.")
            return redirect("admin:importers_ingestion_changelist")
        kind = record_types.get(ingestion.record_type)
        tabs = page.tabs_of(ingestion)
        tab = request.GET.get("tab", "summary")
        tab = tab if tab in tabs else "summary"
        context = self.context(
            request,
            title=str(ingestion),
            original=ingestion,
            ingestion=ingestion,
            colour=page.colour_of(ingestion.status),
            next=page.what_next(ingestion),
            doable=doable(ingestion, page.user_of(request)),
            taken_as=page.taken_as(ingestion),
            facts=page.facts(ingestion),
            moving=ingestion.status in MOVING,
            reread=ingestion.status in {Status.READY, Status.REJECTED},
            records=page.records_link(ingestion),
            issue_count=sum(ingestion.issue_counts.get("by_code", {}).values()),
            withdrawn=withdrawn(ingestion),
            follow_ups=ingestion.follow_ups.order_by("pk"),
            tab=tab,
            tabs=tabs,
            section=SECTIONS[tab](request, ingestion, kind),
            section_template=f"importers/ingestion/{tab}.html",
        )
        return TemplateResponse(request, "importers/ingestion/page.html", context)

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Hand a file in."""
        return uploads.upload(self, request)

    def columns_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what the columns mean."""
        ingestion = self.seen(request, pk)
        return columns.map_columns(self, request, ingestion)

    def move_view(self, request: HttpRequest, pk: int, move: str) -> HttpResponse:
        """Approve, reject, cancel or try again."""
        ingestion = self.seen(request, pk)
        return press(request, ingestion, move, moves.BUTTONS)

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What an undo would do, before it is asked for."""
        return undo.confirm(self, request, self.seen(request, pk))

    def contracts_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Rows held out go on for the contracts that were picked."""
        ingestion = self.seen(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return contracts.answer(request, ingestion)

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where an ingestion stands, for the page that waits for it."""
        ingestion = self.seen(request, pk)
        return JsonResponse(
            {
                "status": ingestion.status,
                "label": ingestion.get_status_display(),
                "rows": {
                    "read": ingestion.rows_read,
                    "created": ingestion.rows_created,
                    "updated": ingestion.rows_updated,
                    "unchanged": ingestion.rows_unchanged,
                    "rejected": ingestion.rows_rejected,
                },
            }
        )

    # ----------------------------------------------------------------- downloads
    def original_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file as received."""
        return self._given(request, pk, attachments.original)

    def rejected_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The rows held out."""
        return self._given(request, pk, attachments.rejected_rows)

    def _given(
        self,
        request: HttpRequest,
        pk: int,
        attachment: Callable[[Ingestion], HttpResponseBase],
    ) -> HttpResponseBase:
        """The attachment; or back on the page, told why there is none any more."""
        try:
            return attachment(self.seen(request, pk))
        except Cleared as reason:
            messages.warning(request, str(reason))
            return redirect("admin:importers_ingestion_change", pk)

    def template_view(
        self, request: HttpRequest, slug: str, extension: str
    ) -> HttpResponseBase:
        """An empty file to fill in."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return downloads.template(slug, extension)
