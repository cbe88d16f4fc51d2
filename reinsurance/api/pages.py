"""Pages by cursor: the next page begins after the last record, at any depth alike.

A cursor holds the sorting and the last record's values in it; the database seeks
there by an index of (sorting column, key) instead of counting rows off.
"""

import base64
import binascii
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.http import HttpResponse
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from reinsurance.api.problems import ApiProblem
from reinsurance.api.streams import model_field

USUAL = 100
MOST = 1000


class After(Func):
    """``(column, key) > (value, key's value)``, or ``<``: one seek in the index."""

    output_field = BooleanField()

    def __init__(self, operator: str, *expressions: Any) -> None:
        super().__init__(*expressions)
        self.operator = operator

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, Any]:
        """The row comparison; columns first, values second."""
        compiled = [compiler.compile(e) for e in self.get_source_expressions()]
        half = len(compiled) // 2
        sides = [
            "(" + ", ".join(sql for sql, _ in side) + ")"
            for side in (compiled[:half], compiled[half:])
        ]
        parameters = [p for _, params in compiled for p in params]
        return f"{sides[0]} {self.operator} {sides[1]}", parameters


@dataclass(frozen=True, slots=True)
class Order:
    """A sorting: a column (``id`` alone, or the key breaks ties) and a direction.

    ``path``: where column and key are, if the record has them elsewhere; of ``id``
    alone, where a table that is joined has the same key.
    """

    column: str
    is_down: bool = False
    path: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, text: str, paths: Mapping[str, tuple[str, ...]] | None = None
    ) -> "Order":
        """From ``updated_at`` or ``-updated_at``; ``paths`` by column."""
        name = text.removeprefix("-")
        return cls(name, text.startswith("-"), (paths or {}).get(name))

    def __str__(self) -> str:
        return f"-{self.column}" if self.is_down else self.column

    @property
    def is_by_key(self) -> bool:
        """Whether nothing but the key is compared."""
        return self.column in {"id", "pk"}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are compared."""
        if self.is_by_key:
            return ("pk",)
        return self.path or (self.column, "pk")

    def applied(self, queryset: QuerySet, *, backwards: bool = False) -> QuerySet:
        """The records in this order, or the other way round."""
        sign = "-" if self.is_down != backwards else ""
        return queryset.order_by(*(f"{sign}{name}" for name in self.columns))

    def after(
        self, queryset: QuerySet, values: list[Any], *, backwards: bool
    ) -> QuerySet:
        """The records behind one with these values (before it: ``backwards``)."""
        fields = [model_field(queryset.model, n.split("__")) for n in self.columns]
        if len(values) != len(fields):
            raise _bad()
        try:
            parts = [
                Value(_known(field.to_python(value)), output_field=field)
                for field, value in zip(fields, values, strict=True)
            ]
        except (ValidationError, TypeError, OverflowError) as error:
            raise _bad() from error
        if any(part.value is None for part in parts):
            raise _bad()
        operator = "<" if self.is_down != backwards else ">"
        behind = queryset.filter(After(operator, *map(F, self.columns), *parts))
        if self.is_by_key and self.path:
            # Else a join by merging reads the other table from its end to the page.
            behind = behind.filter(After(operator, *map(F, self.path), *parts))
        return behind


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind these values, or before them (``backwards``)."""

    order: Order
    values: list[Any]
    backwards: bool

    def text(self) -> str:
        """The cursor as an opaque text."""
        raw = json.dumps([str(self.order), self.values, self.backwards])
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, order: Order) -> "Cursor":
        """The cursor of a text; raises ApiProblem where it is none for this order."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            named, values, backwards = json.loads(base64.urlsafe_b64decode(padded))
            if not (isinstance(values, list) and isinstance(backwards, bool)):
                raise _bad()
            if not all(isinstance(v, str) and "\0" not in v for v in values):
                raise _bad()
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise _bad() from error
        if named != str(order):
            raise ApiProblem(
                "bad_cursor", "This cursor belongs to another ordering of the list."
            )
        return cls(order, values, backwards)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _known(value: Any) -> Any:
    """Times in UTC, as the database knows no farther zones than 16 hours."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC)
    return value


def _bad() -> ApiProblem:
    return ApiProblem("bad_cursor", "This is no cursor of this list.")


Line = tuple[str, list[Any]]
"""A record as a JSON object, and its values of the columns that sort the list."""


class CursorPages(BasePagination):
    """``limit`` and ``cursor``; the view says by ``order_of(request)`` how it sorts."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> Any:
        """The page's records as JSON objects; remembers what lies around it."""
        self.request = request
        order = view.order_of(request)
        limit = limit_of(request)
        text = request.query_params.get("cursor", "")
        cursor = Cursor.read(text, order) if text else None
        backwards = cursor is not None and cursor.backwards
        rows = order.applied(queryset, backwards=backwards)
        if cursor is not None:
            rows = order.after(rows, cursor.values, backwards=backwards)
        found: list[Line] = view.lines_of(rows[: limit + 1], order.columns)
        has_more, page = len(found) > limit, found[:limit]
        if backwards:
            page.reverse()
        is_after = cursor is not None and not backwards
        self.next = self._link(order, page, -1, False) if backwards or has_more else ""
        self.previous = (
            self._link(order, page, 0, True)
            if is_after or (backwards and has_more)
            else ""
        )
        return [line for line, _ in page]

    def _link(self, order: Order, page: list[Line], at: int, backwards: bool) -> str:
        if not page:
            return ""
        values = [_text(value) for value in page[at][1]]
        query = self.request.query_params.copy()
        query["cursor"] = Cursor(order, values, backwards).text()
        return self.request.build_absolute_uri(
            f"{self.request.path}?{query.urlencode()}"
        )

    def get_paginated_response(self, data: Any) -> Any:
        """The page between its neighbours; ``data``: its records as JSON objects."""
        following, before = (
            json.dumps(self.next or None),
            json.dumps(self.previous or None),
        )
        body = (
            f'{{"next":{following},"previous":{before},"results":[{",".join(data)}]}}'
        )
        answer = HttpResponse(body, content_type="application/json")
        answer.rows_shown = len(data)  # type: ignore[attr-defined] # for the audit log
        return answer

    def get_paginated_response_schema(self, schema: Any) -> Any:
        """How a page looks, for the description."""
        link = {"type": "string", "format": "uri", "x-nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The two parameters, for the description."""
        return [
            {
                "name": "limit",
                "in": "query",
                "description": f"Records a page, at most {MOST:,}; usually {USUAL}.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "Where the page begins, from “next” or “previous”.",
                "schema": {"type": "string"},
            },
        ]


def limit_of(request: Request) -> int:
    """How many records the caller wants on a page."""
    text = request.query_params.get("limit", str(USUAL))
    is_number = text.isascii() and text.isdecimal() and len(text) < 6
    if not (is_number and 1 <= int(text) <= MOST):
        said = f"“limit” is a number from 1 to {MOST:,}."
        raise ApiProblem("invalid", said, errors=[wrong("limit", said)])
    return int(text)


def wrong(field: str, said: str) -> dict[str, str]:
    """An entry of ``errors``."""
    return {"field": field, "message": said, "code": "invalid"}
