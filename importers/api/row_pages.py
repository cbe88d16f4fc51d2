"""Pages of staged rows, which lie in files and not in a table."""

import base64
import binascii
import json
from dataclasses import asdict
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from importers.services.staged_rows import Place, StagedFile
from importers.values import Action
from reinsurance.api import streams
from reinsurance.api.filters import require_known
from reinsurance.api.pages import CursorPages, limit_of, wrong
from reinsurance.api.problems import ApiProblem

ACTIONS = [action.value for action in Action]


def action_of(request: Request) -> str:
    """The action that the caller wants to see; empty: all."""
    require_known(request, ("action", "limit", "cursor", "format"))
    action = request.query_params.get("action", "")
    if action and action not in ACTIONS:
        said = f"“action” is one of: {', '.join(ACTIONS)}."
        raise ApiProblem("invalid", said, errors=[wrong("action", said)])
    return action


class ByAction:
    """The parameters of the list beside its pages, for the description."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """Rows are narrowed where they are read."""
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Action and format."""
        return [
            {
                "name": "action",
                "in": "query",
                "description": "Only rows with which loading does this.",
                "schema": {"type": "string", "enum": ACTIONS},
            },
            {
                "name": "format",
                "in": "query",
                "description": "csv and jsonl give all rows as a stream.",
                "schema": {"type": "string", "enum": list(streams.FORMATS)},
            },
        ]


class RowPages(CursorPages):
    """Pages that go forward through the staged parts, then the rows held out."""

    def answer(self, request: Request, file: StagedFile, action: str) -> Response:
        """A page of rows; ``previous`` is always null."""
        place = _place(request.query_params.get("cursor", ""))
        rows, following = file.page(place, limit_of(request), action)
        query = request.query_params.copy()
        link = None
        if following is not None:
            query["cursor"] = _text(following)
            link = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        results = [asdict(row) for row in rows]
        return Response({"next": link, "previous": None, "results": results})


def _text(place: Place) -> str:
    raw = json.dumps([place.part, place.row])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _place(text: str) -> Place:
    if not text:
        return Place()
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        part, row = json.loads(base64.urlsafe_b64decode(padded))
        good = all(type(n) is int and 0 <= n < 2**31 for n in (part, row))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        good = False
    if not good:
        raise ApiProblem("bad_cursor", "This is no cursor of this list.")
    return Place(part, row)
