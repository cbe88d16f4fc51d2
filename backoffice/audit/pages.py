"""The audit log in the admin: found by person, by record, by what happened and when."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from import_export.resources import ModelResource

from backoffice.audit.entries import LOOKS, AuditEntry
from backoffice.audit.words import details_of, kinds_called, record_of
from reinsurance.admin.base import ReadOnlyAdmin, RecordAdmin
from reinsurance.visibility import cedants_of

EVERYTHING = "backoffice.read_auditentry"


class PeriodFilter(admin.SimpleListFilter):
    """Entries of the last while."""

    title = "period"
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """A day, a week, a month, a quarter, a year."""
        return [
            ("1", "last 24 hours"), ("7", "last 7 days"), ("30", "last 30 days"),
            ("91", "last quarter"), ("365", "last year"),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The entries since then."""
        days = {choice for choice, _ in self.lookup_choices}
        if self.value() not in days:
            return queryset
        since = timezone.now() - timedelta(days=int(str(self.value())))
        return queryset.filter(at__gte=since)


class AuditResource(ModelResource):
    """The log as auditors take it away."""

    class Meta:
        model = AuditEntry
        fields = (
            "id", "at", "kind", "name", "door", "client", "address", "agent", "page",
            "record_type", "record", "called", "rows", "query", "details",
        )  # fmt: skip
        export_order = fields


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin, RecordAdmin):
    """Who did what, when and from where; nobody changes it."""

    resource_classes = (AuditResource,)
    list_display = ("at", "who", "kind", "what", "shown", "came_by", "address")
    list_display_links = ("at",)
    list_filter = ("kind", PeriodFilter, "door")
    search_fields = ("name",)
    search_help_text = "A user name, or “claim 17”: who did something with it"
    fields: ClassVar[Any] = (
        "at", "who", "kind", "what", "shown", "query", "came_by", "address", "agent",
        "page", "told",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="who", ordering="name")
    def who(self, entry: AuditEntry) -> str:
        """The user name; of who is not signed in, the one that was given."""
        return entry.name

    @admin.display(description="record")
    def what(self, entry: AuditEntry) -> str:
        """The record as people call it."""
        return record_of(entry)

    @admin.display(description="rows", ordering="rows")
    def shown(self, entry: AuditEntry) -> str:
        """How many records were shown."""
        return "" if entry.rows is None else f"{entry.rows:,}"

    @admin.display(description="came in by", ordering="door")
    def came_by(self, entry: AuditEntry) -> str:
        """Pages, a token, or which client."""
        said = entry.get_door_display() if entry.door else ""
        return f"{said}: {entry.client}" if entry.client else said

    @admin.display(description="details")
    def told(self, entry: AuditEntry) -> str:
        """What was before and what is now."""
        return details_of(entry)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Everything for auditors; operators see what concerns access."""
        entries = super().get_queryset(request)
        if request.user.has_perm(EVERYTHING):
            return entries
        return entries.exclude(kind__in=LOOKS)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """By user name or client, or by the kind of a record and its number."""
        words = search_term.split()
        if not words:
            return queryset, False
        if len(words) > 1 and words[-1].isdecimal():
            kinds = kinds_called("".join(words[:-1]).lower())
            wanted = Q(record=words[-1], record_type__in=kinds)
            return queryset.filter(wanted), False
        wanted = Q(name=search_term.strip()) | Q(client=search_term.strip())
        return queryset.filter(wanted), False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everybody's doings: not for who sees the records of certain cedants only."""
        may_view = super().has_view_permission(request, obj)
        return may_view and cedants_of(request.user) is None
