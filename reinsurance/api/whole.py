"""Lists that are worked out when they are asked for, and are all on one page."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from reinsurance.api.base import Door
from reinsurance.api.filters import not_understood, require_known


class Asked(BaseFilterBackend):
    """The parameters of the view, for the description."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet, view: Any
    ) -> QuerySet:
        """The view reads its parameters itself."""
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Name, meaning and form of each parameter."""
        return [
            {
                "name": name,
                "in": "query",
                "description": str(field.help_text),
                "required": field.required,
                "schema": view.schemas.get(name, {"type": "string"}),
            }
            for name, field in view.parameters.base_fields.items()
        ]


class OnePage(BasePagination):
    """Everything on one page, in the shape of all lists."""

    def get_paginated_response_schema(self, schema: Any) -> Any:
        """How it looks, for the description."""
        link = {"type": "string", "format": "uri", "x-nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """None."""
        return []


class WholeDoor(Door):
    """A list that is worked out; ``parameters``: a form, ``schemas``: their forms."""

    filter_backends: Any = (Asked,)
    pagination_class: Any = OnePage
    parameters: type[forms.Form] = forms.Form
    schemas: ClassVar[Mapping[str, Any]] = {}

    def asked(self, request: Request) -> dict[str, Any]:
        """The values of the parameters; raises ApiProblem for what is none."""
        require_known(request, list(self.parameters.base_fields))
        form = self.parameters(request.query_params)
        if not form.is_valid():
            raise not_understood(form.errors)
        return form.cleaned_data

    def listed(self, records: Sequence[Any], following: str = "") -> Response:
        """The answer."""
        answer = Response(
            {"next": following or None, "previous": None, "results": records}
        )
        answer.rows_shown = len(records)  # type: ignore[attr-defined] # for the audit log
        return answer
