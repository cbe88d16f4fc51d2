"""What every view of the API has: who sees what, the same answers, ETags, streams."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from reinsurance.api import streams
from reinsurance.api.filters import Narrowed, require_known
from reinsurance.api.pages import CursorPages, Line, Order, wrong
from reinsurance.api.problems import ApiProblem
from reinsurance.visibility import cedants_of, seen_by


class JsonOrStream(BaseContentNegotiation):
    """Answers are JSON; a list looks at Accept itself when it is to be streamed."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser for the body's media type; None where there is none."""
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((p for p in parsers if p.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        """JSON, always."""
        return renderers[0], renderers[0].media_type


@method_decorator(conditional_page, name="dispatch")
class Door(GenericViewSet):
    """A view of the API.

    Answers to GET carry an ETag and are not sent again to who has them.  ``problems``
    names the codes that the description lists for an action beside the usual ones.
    """

    content_negotiation_class = JsonOrStream
    parser_classes: Any = (JSONParser,)
    filter_backends: Any = ()
    pagination_class: Any = None
    problems: ClassVar[dict[str, tuple[str, ...]]] = {}

    def finalize_response(
        self, request: Any, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Answers belong to their caller: no shared cache keeps them."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Authorization", "Cookie", "Accept"))
        return response

    def get_queryset(self) -> QuerySet:
        """The records that the caller may see."""
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return seen_by(rows, self.request.user)

    def found(self, pk: int) -> Any:
        """The record of that number; Http404 where the caller sees none."""
        return get_object_or_404(self.get_queryset(), pk=pk)


class ListDoor(Door):
    """Records as a list and one by one, read only.

    ``orderings``: columns that the list may be sorted by, the usual sorting first
    (with its direction).  ``changed_column``: what ``updated_since`` compares.
    ``paths``: see :class:`reinsurance.api.pages.Order`.
    ``called``: the name of a streamed file.
    """

    filter_backends = (Narrowed,)
    pagination_class = CursorPages
    filterset_class: Any = None
    orderings: ClassVar[tuple[str, ...]] = ("-id",)
    changed_column = "updated_at"
    paths: ClassVar[dict[str, tuple[str, ...]]] = {}
    called = "records"
    queryset: Any = None
    serializer_class: Any = None

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The records as pages, or all of them as CSV or JSON lines."""
        kind = streams.wanted_format(request)
        rows = self.filter_queryset(self.get_queryset())
        if kind != "json":
            return self.streamed(request, rows, kind)
        return self.get_paginated_response(self.paginate_queryset(rows))

    def columns(self) -> Sequence[streams.OutColumn]:
        """What is told of each record: the serializer's fields, or those wanted."""
        return _columns_of(self.serializer_class, self.wanted())

    def lines_of(self, rows: QuerySet, keys: Sequence[str] = ()) -> Sequence[Line]:
        """The records as JSON objects, each with its values of ``keys``."""
        return streams.json_rows(rows, self.columns(), keys)

    def streamed(self, request: Request, rows: QuerySet, kind: str) -> HttpResponseBase:
        """All the records, line by line."""
        return streams.stream(
            self.order_of(request).applied(rows),
            self.columns(),
            kind=kind,
            name=self.called,
        )

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """One record."""
        require_known(request, ("fields",))
        line = self.line_of(kwargs["pk"])
        if line is None:
            raise Http404
        return HttpResponse(line, content_type="application/json")

    def line_of(self, pk: int | str) -> str | None:
        """The record as a JSON object; None where the caller sees none."""
        if cedants_of(self.request.user) is None:
            return streams.one(_statement_of(type(self), self.wanted()), pk)
        lines = self.lines_of(self.get_queryset().filter(pk=pk))
        return lines[0][0] if lines else None

    def order_of(self, request: Request) -> Order:
        """How the list is sorted; raises ApiProblem for what it cannot be sorted by."""
        usual = self.orderings[0]
        if "updated_since" in request.query_params:
            usual = self.changed_column
        text = request.query_params.get("ordering") or usual
        if text.removeprefix("-") not in self.order_names():
            said = f"“ordering” is one of: {', '.join(self.order_choices())}."
            raise ApiProblem("invalid", said, errors=[wrong("ordering", said)])
        return Order.of(text, self.paths)

    def order_names(self) -> Sequence[str]:
        """The columns that the list may be sorted by."""
        names = [name.removeprefix("-") for name in self.orderings]
        return list(dict.fromkeys([*names, *self._changed()]))

    def _changed(self) -> Sequence[str]:
        filters = self.filterset_class.base_filters if self.filterset_class else {}
        return [self.changed_column] if "updated_since" in filters else []

    def order_choices(self) -> Sequence[str]:
        """The values of ``ordering``."""
        return [sign + name for name in self.order_names() for sign in ("", "-")]

    def get_serializer_context(self) -> dict[str, Any]:
        """With the names of the fields that the caller wants."""
        return {**super().get_serializer_context(), "wanted": self.wanted()}

    def wanted(self) -> tuple[str, ...]:
        """Names of the fields that the caller wants; empty: all."""
        request = getattr(self, "request", None)
        text = request.query_params.get("fields", "") if request else ""
        return tuple(name.strip() for name in text.split(",") if name.strip())


@lru_cache(maxsize=256)
def _columns_of(kind: Any, wanted: tuple[str, ...]) -> Sequence[streams.OutColumn]:
    """The columns of a serializer; making its fields takes longer than a record."""
    fields = kind(context={"wanted": wanted}).fields
    return streams.columns_of(kind.Meta.model, fields)


@lru_cache(maxsize=256)
def _statement_of(door: type["ListDoor"], wanted: tuple[str, ...]) -> str:
    """The statement for one record of a door by its key, the same for every key."""
    columns = _columns_of(door.serializer_class, wanted)
    return streams.statement_for_one(door.queryset.all(), columns)


class Fields(serializers.ModelSerializer):
    """A record's fields, or those that the caller wants, in the caller's order."""

    def get_fields(self) -> dict[str, Any]:
        """The fields; raises ApiProblem for a name that is none."""
        fields = super().get_fields()
        wanted = self.context.get("wanted") or list(fields)
        if unknown := [name for name in wanted if name not in fields]:
            said = (
                f"There is no field {', '.join(unknown)}. "
                f"The fields are: {', '.join(fields)}."
            )
            raise ApiProblem("invalid", said, errors=[wrong("fields", said)])
        return {name: fields[name] for name in dict.fromkeys(wanted)}


def inception_of(treaty: str) -> serializers.DateField:
    """When a treaty incepts: its reference may be that of its renewals as well."""
    return serializers.DateField(
        source=f"{treaty}.inception",
        read_only=True,
        allow_null=True,
        help_text="When the treaty incepts; renewals may have one reference.",
    )


def cedant_of(treaty: str) -> serializers.CharField:
    """Whose treaty it is: cedants of one broker may have contracts of one number."""
    return serializers.CharField(
        source=f"{treaty}.cedant.code",
        read_only=True,
        allow_null=True,
        help_text="Code of the treaty's cedant; cedants may have one reference.",
    )


def number_of(source: str, about: str) -> serializers.IntegerField:
    """A number of a record referred to, such as an ingestion's."""
    return serializers.IntegerField(
        source=source, read_only=True, allow_null=True, help_text=about
    )


def moment_of(source: str, about: str) -> serializers.DateTimeField:
    """A time of a record referred to, such as a load's."""
    return serializers.DateTimeField(
        source=source, read_only=True, allow_null=True, help_text=about
    )


def text_of(source: str, about: str) -> serializers.CharField:
    """A text of a record referred to, such as a treaty's reference."""
    return serializers.CharField(
        source=source, read_only=True, allow_null=True, help_text=about
    )
