"""What is told of one ingestion: issues, events, staged rows, columns, lineage."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from importers import record_types
from importers.api.row_pages import ByAction, RowPages, action_of
from importers.models import Event, Ingestion, Issue
from importers.services import retention
from importers.services.staged_rows import StagedRow, staged_file
from importers.values import Action, Severity
from reinsurance.api import streams
from reinsurance.api.base import Door, Fields, ListDoor, text_of
from reinsurance.api.filters import ListFilters, choice, number, one_of, starts
from reinsurance.resources.formats import harmless
from reinsurance.visibility import seen_by

ACTIONS = [(action.value, action.value) for action in Action]


class OfIngestion(ListDoor):
    """A list that belongs to the ingestion of the address."""

    problems: ClassVar = {"*": ("not_found",)}

    def get_queryset(self) -> QuerySet:
        """Those of the ingestion; Http404 where the caller does not see it."""
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.filter(ingestion=seen_ingestion(self).pk)


def seen_ingestion(view: Any) -> Ingestion:
    """The ingestion of the view's address, if the caller may see it."""
    rows = seen_by(Ingestion.objects.all(), view.request.user)
    return get_object_or_404(rows, pk=view.kwargs["pk"])


class IssueSerializer(Fields):
    """Something wrong with a row, and what to do about it."""

    class Meta:
        model = Issue
        fields = ("id", "row", "column", "value", "code", "severity", "message")


class IssueFilters(ListFilters):
    """How the issues are narrowed."""

    severity = choice(
        "severity", [(s.value, s.value) for s in Severity], "How wrong it is."
    )
    code = one_of("code", "Kind of issue.")
    row = number("row", "Row of the file.", most=2**31 - 1)
    column = starts("column", "The column's header begins with.")


class IssuesDoor(OfIngestion):
    """What is wrong with the rows of a file."""

    queryset = Issue.objects.all()
    serializer_class = IssueSerializer
    filterset_class = IssueFilters
    orderings: ClassVar = ("row", "id")
    called = "issues"
    problems: ClassVar = {"*": ("not_found", "cleared")}

    def get_queryset(self) -> QuerySet:
        """Those of the ingestion; Cleared where they are no longer kept."""
        if not getattr(self, "swagger_fake_view", False):
            retention.require_rows(seen_ingestion(self))
        return super().get_queryset()


class EventSerializer(Fields):
    """A line of the ingestion log: who did what, when and why."""

    user = text_of("user.username", "Who did it; null: the machine.")

    class Meta:
        model = Event
        fields = ("id", "at", "user", "status", "message")


class EventsDoor(OfIngestion):
    """The story of an ingestion, line by line; lines are only ever added."""

    queryset = Event.objects.select_related("user")
    serializer_class = EventSerializer
    orderings: ClassVar = ("id",)
    called = "events"


class RowSerializer(serializers.Serializer):
    """A row of a checked file and what loading does, or did, with it."""

    row = serializers.IntegerField(help_text="Row number in the file.")
    action = serializers.ChoiceField(ACTIONS)
    values = serializers.JSONField(
        help_text="By the name of the field; of a row held out by the sender's header.",
    )
    problem = serializers.CharField(
        allow_blank=True, help_text="Why the row is held out."
    )


class RowsDoor(Door):
    """Staged rows: typed, with their action; at the end those that are held out."""

    queryset = Ingestion.objects.all()
    serializer_class = RowSerializer
    pagination_class = RowPages
    filter_backends = (ByAction,)
    produces: ClassVar = {"list": tuple(streams.FORMATS.values())}
    problems: ClassVar = {"*": ("not_found", "cleared")}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The rows as pages, or all of them as CSV or JSON lines."""
        kind = streams.wanted_format(request)
        action = action_of(request)
        file = staged_file(seen_ingestion(self))
        if kind == "json":
            return RowPages().answer(request, file, action)
        lines = _json_lines if kind == "jsonl" else _csv_lines
        return StreamingHttpResponse(
            lines(file.rows(action), list(file.record_type.columns)),
            content_type=f"{streams.FORMATS[kind]}; charset=utf-8",
            headers={
                "Content-Disposition": content_disposition_header(True, f"rows.{kind}"),
                "X-Content-Type-Options": "nosniff",
            },
        )


def _json_lines(rows: Iterator[StagedRow], names: list[str]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(asdict(row), ensure_ascii=False).encode() + b"\n"


def _csv_lines(rows: Iterator[StagedRow], names: list[str]) -> Iterator[bytes]:
    """Good rows by field; of rows held out only number and problem fit the header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["row", "action", *names, "problem"])
    for row in rows:
        cells = [row.values.get(n) for n in names]
        shown = [harmless(c) if isinstance(c, str) else c for c in cells]
        writer.writerow([row.row, row.action, *shown, harmless(row.problem)])
        if text.tell() > 1 << 16:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


class ColumnSerializer(serializers.Serializer):
    """A header of the file and what it was taken for."""

    header = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_null=True, help_text="Name of the field.")
    decision = serializers.CharField(help_text="auto, ask or ignore.")
    percent = serializers.BooleanField(help_text="Shares are written as per cent.")
    candidates = serializers.ListField(child=serializers.CharField())
    samples = serializers.ListField(child=serializers.CharField(allow_blank=True))


class ColumnsSerializer(serializers.Serializer):
    """What the headers of the file were taken for, and what is still missing."""

    columns = ColumnSerializer(many=True)
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Required fields without a column."
    )
    constants = serializers.DictField(child=serializers.CharField(allow_blank=True))
    fields_known = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the fields to map to."
    )


class ColumnsDoor(Door):
    """What a file's columns were taken for; the question behind “needs mapping”."""

    queryset = Ingestion.objects.all()
    serializer_class = ColumnsSerializer
    problems: ClassVar = {"*": ("not_found",)}

    def retrieve(self, request: Request, pk: int) -> Response:
        """Headers, first values, the fields they were taken for or may mean."""
        record = self.found(pk)
        kind = record_types.get(record.record_type)
        samples = record.table.get("samples", {})
        known = record.matches.get("columns", {})
        columns = [
            {
                "header": header,
                "field": known[header].get("field") or None,
                "decision": known[header].get("decision", "ignore"),
                "percent": bool(known[header].get("percent")),
                "candidates": list(known[header].get("candidates", ())),
                "samples": samples.get(header, []),
            }
            for header in record.table.get("header", ())
            if header in known
        ]
        return Response(
            {
                "columns": columns,
                "missing": list(record.matches.get("missing", ())),
                "constants": record.matches.get("constants", {}),
                "fields_known": list(kind.columns),
            }
        )
