"""Turn the values a spreadsheet holds into the text a clerk would read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

#: Below this a whole number in a double is exact, so its digits can be trusted.
_EXACT = 2.0**53


def number_text(value: float) -> str:
    """Shortest digits that give the same double, never with an exponent."""
    if value.is_integer() and -_EXACT < value < _EXACT:
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    return format(Decimal(text), "f")


def moment_text(value: dt.datetime) -> str:
    """ISO date; the time only where it is not midnight.

    Excel keeps days as a fraction, so 14:30 may come back as 14:29:59.999996:
    rounded to the millisecond, which is all Excel shows.
    """
    if value.microsecond:
        milliseconds = round(value.microsecond / 1_000)
        value = value.replace(microsecond=0) + dt.timedelta(milliseconds=milliseconds)
    if value.time() == dt.time():
        return value.date().isoformat()
    return f"{value.date().isoformat()} {time_text(value.time())}"


def time_text(value: dt.time) -> str:
    """HH:MM:SS, with the fraction of a second where there is one."""
    text = value.isoformat(timespec="seconds")
    milliseconds = round(value.microsecond / 1_000)
    if not milliseconds:
        return text
    if milliseconds < 1_000:
        return f"{text}.{milliseconds:03d}".rstrip("0")
    later = dt.datetime.combine(dt.date.min, value.replace(microsecond=0))
    return (later + dt.timedelta(seconds=1)).time().isoformat()


def duration_text(value: dt.timedelta) -> str:
    """Hours may exceed 24, as in Excel's own [h]:mm:ss."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def cell_text(value: Any) -> str:
    """Text of one cell as calamine gives it; the order is by how often it occurs."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return moment_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return duration_text(value)
    if isinstance(value, dt.time):
        return time_text(value)
    return "" if value is None else str(value)


def column_text(values: Sequence[Any]) -> list[str]:
    """Texts of one column; the kinds are looked at once, not once a cell."""
    kinds = set(map(type, values))
    if kinds <= {str}:
        return list(values)
    if kinds == {float}:
        return list(map(number_text, values))
    if kinds == {dt.date}:
        return list(map(dt.date.isoformat, values))
    return list(map(cell_text, values))
