"""What the domain's admin pages share: export, the import button, searches, panels."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import lookup_spawns_duplicates
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import smart_split, unescape_string_literal
from import_export.admin import ExportMixin
from import_export.forms import ExportForm

from reinsurance.admin.codes import CODE_TABLES, CodeField
from reinsurance.admin.seen import SeenChoices, has_cedants
from reinsurance.admin.values import DecimalInput
from reinsurance.models.base import MoneyField, ShareField
from reinsurance.resources.formats import EXPORT_FORMATS
from reinsurance.visibility import seen_by

MOST_EXPORTED = 100_000
"""Rows that one export may have: it is made in memory, while the user waits."""
MOST_REFERRED = 500
ONE_WAY_TO_SAVE = {
    "show_save_and_continue": False,
    "show_save_and_add_another": False,
}
"""Context of a form whose page is where one wants to be after saving."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A read-only table under a record's form: a template and what it shows."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


class PlainAdmin(SeenChoices, admin.ModelAdmin):
    """A list and a form with our style sheet, of what the user may see."""

    list_per_page = 50
    show_full_result_count = False
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        MoneyField: {"widget": DecimalInput},
        ShareField: {"widget": DecimalInput},
    }

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["backoffice/admin.css"]}

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """A code is chosen from the remembered list of codes."""
        if db_field.remote_field.model in CODE_TABLES:
            kwargs.setdefault("form_class", CodeField)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """The records that the user may see; every page begins with these."""
        rows = super().get_queryset(request)
        return seen_by(rows, request.user) if has_cedants(self.model) else rows


class ReadOnlyAdmin(PlainAdmin):
    """Pages of what the machine writes: people read it, services change it."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is forgotten."""
        return False


class RecordAdmin(ExportMixin, PlainAdmin):
    """A business record: searched by prefix, exported as filtered, with panels.

    ``import_slug`` is the kind of file offered by *Import* on the list.
    ``search_related`` finds records by the texts of one they refer to: key column to
    (model, lookup); two steps, so that each uses its own index.  ``search_details``:
    a word ``name=value`` also finds records with exactly this further detail.
    """

    formats = EXPORT_FORMATS
    export_form_class = ExportForm
    export_template_name = "reinsurance/export.html"
    import_export_change_list_template = "admin/reinsurance/change_list_import.html"
    import_slug = ""
    search_related: ClassVar[Mapping[str, tuple[type[models.Model], str]]] = {}
    search_details = False

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Who may see the list may take it away as a file."""
        return self.has_view_permission(request)

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """The export form and file; refuses more rows than fit in memory."""
        if not self.has_export_permission(request):
            return super().export_action(request)
        rows = self.get_export_queryset(request)
        if rows[MOST_EXPORTED : MOST_EXPORTED + 1].exists():
            messages.warning(
                request,
                f"These are more than {MOST_EXPORTED:,} rows. Filter or search the "
                "list first, then export.",
            )
            opts = self.model._meta
            url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
            query = request.META.get("QUERY_STRING", "")
            return HttpResponseRedirect(f"{url}?{query}" if query else url)
        return super().export_action(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with what *Import* presets."""
        extra = {"import_slug": self.import_slug, **(extra_context or {})}
        return super().changelist_view(request, extra)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Records of which every word begins one of the searched texts."""
        words = [
            unescape_string_literal(bit)
            if bit[0] in "\"'" and bit[0] == bit[-1]
            else bit
            for bit in smart_split(search_term)
        ]
        lookups = self.get_search_fields(request)
        for word in words:
            found = models.Q()
            for lookup in lookups:
                found |= models.Q(**{lookup: word})
            for key, (model, lookup) in self.search_related.items():
                keys = model._default_manager.filter(**{lookup: word})
                pks = list(keys.values_list("pk", flat=True)[:MOST_REFERRED])
                if pks:
                    found |= models.Q(**{f"{key}__in": pks})
            name, sign, value = word.partition("=")
            if self.search_details and name and sign:
                found |= models.Q(details__contains={name.strip(): value.strip()})
            queryset = queryset.filter(found)
        return queryset, any(
            lookup_spawns_duplicates(self.opts, lookup) for lookup in lookups
        )

    def panels(self, record: Any) -> list[Panel]:
        """What is shown under the record's form."""
        return []

    def panels_asked(self, request: HttpRequest, record: Any) -> list[Panel]:
        """The panels, where some of them depend on what the address asks for."""
        return self.panels(record)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The record's page, with its panels."""
        record = self.get_object(request, object_id)
        panels = self.panels_asked(request, record) if record is not None else []
        extra = {"panels": panels, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)


class YearFilter(admin.SimpleListFilter):
    """Records whose date falls in a year; the list of years needs no query."""

    field = ""
    years_back = 10

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[tuple[str, str]]:
        """Next year and the ten before it."""
        newest = timezone.localdate().year + 1
        return [
            (str(year), str(year))
            for year in range(newest, newest - self.years_back - 2, -1)
        ]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet
    ) -> models.QuerySet:
        """The records of the chosen year."""
        if not (self.value() or "").isdecimal():
            return queryset
        year = int(str(self.value()))
        if not datetime.MINYEAR < year < datetime.MAXYEAR:
            return queryset.none()
        first = datetime.date(year, 1, 1)
        return queryset.filter(
            **{
                f"{self.field}__gte": first,
                f"{self.field}__lt": first.replace(year=year + 1),
            }
        )


def year_filter(name: str, called: str) -> type[YearFilter]:
    """A list filter by the year of the date field ``name``."""
    return type(
        f"YearOf{name}",
        (YearFilter,),
        {"field": name, "title": called, "parameter_name": f"{name}_year"},
    )
