"""Filters of our lists."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from importers import record_types
from importers.admin import feed_page


class KindFilter(admin.SimpleListFilter):
    """What is of a record type: files, feeds."""

    title = "kind of record"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The record types."""
        return record_types.choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those of the chosen type."""
        return queryset.filter(record_type=self.value()) if self.value() else queryset


class FileKindFilter(KindFilter):
    """Ingestions by kind of file."""

    title = "kind of file"


class FeedStateFilter(admin.SimpleListFilter):
    """Feeds by where they stand."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The states in words."""
        return [(name, label) for name, (label, _) in feed_page.STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those in the chosen state."""
        value = self.value()
        if value not in feed_page.STATES:
            return queryset
        return feed_page.in_state(queryset, str(value))
