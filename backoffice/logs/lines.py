"""How a line of the log is written: as one JSON object, or plain for reading.

Either way a line stays one line whatever is in its text, and what the database says of
the values of a row is left out.
"""

import logging
import re
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from importers import log_context

_VALUES = re.compile(r"^(DETAIL|CONTEXT|LINE \d+):.*$", re.MULTILINE)
_OURS = ("request", "server_time", "request_id")
"""Attributes of records that are not told as they are."""


def without_values(text: str) -> str:
    """The text without the lines in which PostgreSQL quotes a row or a statement."""
    return _VALUES.sub(r"\1: (left out)", text)


class Json(JsonFormatter):
    """``time``, ``level``, ``logger``, ``message``, ``exception``, and the ids.

    Times are UTC (ISO 8601).
    """

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
            },
            timestamp="time",
            reserved_attrs=[*RESERVED_ATTRS, *_OURS],
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """The time first; the ids of the block; no values of rows."""
        told = {"time": log_data.pop("time").isoformat(timespec="milliseconds")}
        told |= {**log_data, **log_context.fields()}
        return {
            name: without_values(value) if isinstance(value, str) else value
            for name, value in told.items()
        }


class Plain(logging.Formatter):
    """Time, level, logger and text; further lines are set in."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)-8s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S"
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return without_values(super().format(record)).replace("\n", "\n    ")


def is_wanted(record: logging.LogRecord) -> bool:
    """Drop what others say as well; take addresses, which may hold tokens, out."""
    if str(record.msg).startswith("Enqueued"):  # said again by who hands the task over
        return False
    if record.name == "django.request":
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        route = match.view_name if match else "an unknown address"
        status = getattr(record, "status_code", "")
        record.msg, record.args = "Answer %s at %s.", (status, route)
    return True
