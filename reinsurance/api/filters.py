"""How a list is narrowed: filters by name, words to search for, changes since a time.

A parameter that the list does not know is refused: a filter misspelt would otherwise
give everything.
"""

import datetime
from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from reinsurance.api.pages import wrong
from reinsurance.api.problems import ApiProblem, flat

MOMENT = {"type": "string", "format": "date-time"}
DAY = {"type": "string", "format": "date"}
CONTROLS = ("limit", "cursor", "ordering", "fields", "format")


class ListFilters(django_filters.FilterSet):
    """Base of the filters of a list."""


def one_of(path: str, label: str) -> django_filters.CharFilter:
    """The code of a record referred to: ``treaty=QS-2026-01``."""
    return django_filters.CharFilter(field_name=path, label=label)


def starts(path: str, label: str) -> django_filters.CharFilter:
    """A text's beginning."""
    return django_filters.CharFilter(
        field_name=path, lookup_expr="startswith", label=label
    )


def day_from(path: str, label: str) -> django_filters.DateFilter:
    """On this day or later."""
    return django_filters.DateFilter(field_name=path, lookup_expr="gte", label=label)


def day_to(path: str, label: str) -> django_filters.DateFilter:
    """On this day or earlier."""
    return django_filters.DateFilter(field_name=path, lookup_expr="lte", label=label)


def key_of(path: str, label: str) -> django_filters.NumberFilter:
    """The number of a record referred to."""
    return django_filters.NumberFilter(
        field_name=path, label=label, min_value=1, max_value=2**63 - 1, decimal_places=0
    )


class MomentField(IsoDateTimeField):
    """A time; in UTC from here on, as the database knows no farther zones than 16 h."""

    def to_python(self, value: Any) -> datetime.datetime | None:
        """The time in UTC."""
        moment = super().to_python(value)
        try:
            return moment.astimezone(datetime.UTC) if moment else None
        except (OverflowError, ValueError) as error:
            raise ValidationError("This is no time.", code="invalid") from error


class Moment(django_filters.IsoDateTimeFilter):
    """A filter by a time."""

    field_class = MomentField


def moment_from(path: str, label: str) -> django_filters.IsoDateTimeFilter:
    """At this time or later."""
    return Moment(field_name=path, lookup_expr="gte", label=label)


def moment_to(path: str, label: str) -> django_filters.IsoDateTimeFilter:
    """At this time or earlier."""
    return Moment(field_name=path, lookup_expr="lte", label=label)


def number(path: str, label: str, *, most: int = 32767) -> django_filters.NumberFilter:
    """A whole number."""
    return django_filters.NumberFilter(
        field_name=path, label=label, min_value=0, max_value=most, decimal_places=0
    )


def yes_no(path: str, label: str) -> django_filters.BooleanFilter:
    """``true`` or ``false``."""
    return django_filters.BooleanFilter(field_name=path, label=label)


def is_known(path: str, label: str) -> django_filters.BooleanFilter:
    """``true``: there is a value; ``false``: there is none."""
    return django_filters.BooleanFilter(
        field_name=path, lookup_expr="isnull", exclude=True, label=label
    )


def choice(path: str, choices: Any, label: str) -> django_filters.ChoiceFilter:
    """One of certain words."""
    return django_filters.ChoiceFilter(field_name=path, choices=choices, label=label)


class Searched(django_filters.CharFilter):
    """Records of which every word begins one of the texts."""

    def __init__(self, *paths: str) -> None:
        said = " or ".join(path.replace("__", " ").replace("_", " ") for path in paths)
        super().__init__(label=f"Words of which each begins: {said}.", max_length=200)
        self.paths = paths

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Narrow by each word."""
        for word in (value or "").split():
            found = Q()
            for path in self.paths:
                found |= Q(**{f"{path}__startswith": word})
            qs = qs.filter(found)
        return qs


def changed_since(
    column: str, then: str = " The list is then sorted by updated_at."
) -> django_filters.IsoDateTimeFilter:
    """Records changed at this time or later, by a column or a path to one."""
    return moment_from(
        column, f"Changed at this time or later, such as 2026-04-30T12:00:00Z.{then}"
    )


class Narrowed(DjangoFilterBackend):
    """The filters of the view's ``filterset_class``, and nothing that is not known."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet, view: Any
    ) -> QuerySet:
        """The narrowed list; raises ApiProblem for a parameter it cannot follow."""
        known = self.get_filterset_class(view, queryset)
        names = [*(known.base_filters if known else ()), *CONTROLS]
        require_known(request, names)
        if known is None:
            return queryset
        filterset = known(request.query_params, queryset=queryset, request=request)
        if not filterset.is_valid():
            raise not_understood(filterset.errors)
        return filterset.qs

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The filters, for the description."""
        known = getattr(view, "filterset_class", None)
        filters = known.base_filters if known else {}
        return [
            {
                "name": name,
                "in": "query",
                "description": str(found.label or ""),
                "schema": _schema_of(found),
            }
            for name, found in filters.items()
        ]


def not_understood(errors: Any) -> ApiProblem:
    """The problem of parameters whose values a form did not understand."""
    told = flat(
        {
            name: [
                {"message": str(e.message % (e.params or {})), "code": e.code}
                for e in found.as_data()
            ]
            for name, found in errors.items()
        }
    )
    said = " ".join(f"“{e['field']}”: {e['message']}" for e in told)
    return ApiProblem("invalid", said, errors=told)


def require_known(request: Request, names: Sequence[str]) -> None:
    """Raise ApiProblem where the address has a parameter that is not of ``names``."""
    unknown = [name for name in request.query_params if name not in names]
    if unknown:
        listed = ", ".join(sorted(names))
        errors = [wrong(name, "There is no such parameter.") for name in unknown]
        said = f"Unknown: {', '.join(unknown)}. This list knows: {listed}."
        raise ApiProblem("invalid", said, errors=errors)


def _schema_of(found: django_filters.Filter) -> dict[str, Any]:
    field = found.field
    if isinstance(found, django_filters.ChoiceFilter):
        values = [value for value, _ in found.extra["choices"]]
        return {"type": "string", "enum": values}
    if isinstance(found, django_filters.BooleanFilter):
        return {"type": "boolean"}
    if isinstance(found, django_filters.NumberFilter):
        extra = found.extra
        bounds = {"minimum": extra["min_value"], "maximum": extra["max_value"]}
        return {"type": "integer", **bounds}
    if isinstance(found, django_filters.IsoDateTimeFilter):
        return MOMENT
    if isinstance(field, forms.DateField):
        return DAY
    return {"type": "string"}
