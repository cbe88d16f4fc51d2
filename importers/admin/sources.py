"""Senders, and what was confirmed about their columns."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from importers import record_types
from importers.admin import page
from importers.models import Mapping, Source
from reinsurance.admin.base import PlainAdmin
from reinsurance.admin.seen import SeenFilter
from reinsurance.visibility import cedants_of

SPEAKS_OF = ("is_house", "other_contracts")
"""Fields that say of which contracts a sender may speak."""


@admin.register(Source)
class SourceAdmin(PlainAdmin):
    """Who sends files and how their files are treated."""

    list_display = (
        "name",
        "code",
        "party",
        "policy",
        "date_order",
        "decimal_mark",
        "is_active",
    )
    list_filter = ("is_active", "policy")
    list_select_related = ("party",)
    search_fields = ("code__istartswith", "name__istartswith")
    search_help_text = "Code or name begins with"
    autocomplete_fields = ("party",)
    fieldsets = (
        ("Sender", {"fields": ("name", "code", "party", "is_active")}),
        (
            "How its files are read",
            {
                "fields": (
                    "date_order",
                    "decimal_mark",
                    "frequency",
                    "equal_rows_add",
                    "policy",
                ),
                "description": "Told by the sender, never guessed from a file. "
                "A change counts for files that are checked from now on.",
            },
        ),
        (
            "How its amounts are meant",
            {
                "fields": (
                    "blank_is_zero",
                    "return_sign",
                    "premium_lists",
                    "premium_amounts_are",
                )
            },
        ),
        (
            "What it may speak of",
            {
                "fields": (
                    "is_house",
                    "other_contracts",
                    "several_currencies",
                    "incurred_factor",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code that programs name; of what it speaks, for who is limited."""
        fixed = ("code",) if obj else ()
        return fixed if cedants_of(request.user) is None else (*fixed, *SPEAKS_OF)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Senders without a party speak of all contracts: not for who is limited."""
        may = super().has_change_permission(request, obj)
        speaks_of_all = obj is not None and (obj.is_house or obj.party_id is None)
        return may and not (speaks_of_all and cedants_of(request.user) is not None)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Who is limited to cedants names one of them as the party."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "party" and cedants_of(request.user) is not None:
            field.required = True
        return field


@admin.register(Mapping)
class MappingAdmin(PlainAdmin):
    """Confirmed mappings: read here, made on an ingestion's page."""

    list_display = ("name", "kind", "sender", "column_count", "confirmed", "when")
    list_filter = ("record_type", ("source", SeenFilter))
    list_select_related = ("source", "confirmed_by")
    search_fields = ("name__istartswith",)
    search_help_text = "Name begins with"
    fields = (
        "name",
        "kind",
        "sender",
        "what_columns_mean",
        "same_in_all_rows",
        "confirmed",
        "when",
    )
    readonly_fields = fields[1:]

    @admin.display(description="kind of file", ordering="record_type")
    def kind(self, mapping: Mapping) -> str:
        """The record type's label."""
        return page.label_of(mapping.record_type)

    @admin.display(description="source", ordering="source__name")
    def sender(self, mapping: Mapping) -> str:
        """Whose files are read by it."""
        return mapping.source.name if mapping.source else "Any sender"

    @admin.display(description="columns")
    def column_count(self, mapping: Mapping) -> int:
        """How many headers it knows."""
        return len(mapping.columns)

    @admin.display(description="confirmed by")
    def confirmed(self, mapping: Mapping) -> str:
        """Who confirmed it."""
        if mapping.source is None:
            return "Comes with the product"
        return page.named(mapping.confirmed_by) or "The system"

    @admin.display(description="confirmed", ordering="confirmed_at")
    def when(self, mapping: Mapping) -> str:
        """When it was confirmed last."""
        return date_format(localtime(mapping.confirmed_at), "j M Y, H:i")

    @admin.display(description="what columns mean")
    def what_columns_mean(self, mapping: Mapping) -> SafeString:
        """Header and field, line by line."""
        labels = _labels(mapping)
        lines = []
        for header, choice in sorted(mapping.columns.items()):
            name = choice.get("field") or ""
            meaning = labels.get(name, name) if name else "ignored"
            lines.append(
                (header, meaning, ", per cent" if choice.get("percent") else "")
            )
        return format_html(
            '<table class="table table-sm mapping"><thead><tr><th>Header</th>'
            "<th>Means</th></tr></thead><tbody>{}</tbody></table>",
            format_html_join("", "<tr><td>{}</td><td>{}{}</td></tr>", lines),
        )

    @admin.display(description="same in all rows")
    def same_in_all_rows(self, mapping: Mapping) -> SafeString | str:
        """Values that no column brings."""
        labels = _labels(mapping)
        lines = [(labels.get(n, n), text) for n, text in mapping.constants.items()]
        return format_html_join("", "{}: {}<br>", lines) if lines else "Nothing"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Mappings are confirmed on an ingestion's page."""
        return False


def _labels(mapping: Mapping) -> dict[str, str]:
    kind = record_types.RECORD_TYPES.get(mapping.record_type)
    columns = kind.columns if kind else {}
    return {name: str(column.column_name) for name, column in columns.items()}
