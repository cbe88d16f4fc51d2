"""What to ask for: everything, what is new since the cursor, or spans of days.

Parameters and the path of a feed may hold ``{cursor}``, ``{from}``, ``{to}`` and
``{today}``; a parameter whose value is not known yet is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from importers.webservices.problems import BadFeed
from importers.webservices.values import FeedPlan, Incremental, WhatIsNew, Window

MOST_WINDOWS = 2_000
_PLACE = re.compile(r"\{(cursor|from|to|today)\}")


def windows(new: WhatIsNew, cursor: str, today: date) -> list[Window]:
    """The rounds of a sync, oldest first; each is paged through on its own."""
    since = cursor or new.start
    if new.kind == Incremental.FULL:
        return [Window()]
    if new.kind == Incremental.CURSOR:
        return [Window(cursor=earlier(since, new.overlap) if cursor else since)]
    first = _day(since) - timedelta(days=new.overlap if cursor else 0)
    found: list[Window] = []
    while first <= today and len(found) < MOST_WINDOWS:
        last = min(first + timedelta(days=new.window_days - 1), today)
        found.append(Window(first.isoformat(), first, last))
        first = last + timedelta(days=1)
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadFeed(
            f"“{text}” is no date to begin with. Enter the first day of the feed as "
            "year-month-day."
        ) from error


def filled(
    plan: FeedPlan, window: Window, today: date
) -> tuple[str, list[tuple[str, str]]]:
    """Address and parameters of a round, the places filled in."""
    values = {
        "cursor": window.cursor,
        "from": window.first.isoformat() if window.first else "",
        "to": window.last.isoformat() if window.last else "",
        "today": today.isoformat(),
    }
    for name in _PLACE.findall(plan.path):
        if not values[name]:
            raise BadFeed(
                f"The path of the feed holds {{{name}}}, which is not known. Enter "
                "where the feed begins."
            )
    path = _PLACE.sub(lambda place: values[place[1]], plan.path)
    parameters = [
        (name, _PLACE.sub(lambda place: values[place[1]], str(text)))
        for name, text in plan.parameters.items()
        if all(values[place] for place in _PLACE.findall(str(text)))
    ]
    base = plan.service.base_url.rstrip("/")
    return (f"{base}/{path.lstrip('/')}" if path else base), parameters


def earlier(cursor: str, overlap: int) -> str:
    """The cursor put back: days from a date, seconds from a time, or a number."""
    if not overlap:
        return cursor
    value = _value(cursor)
    if isinstance(value, datetime):
        is_zulu = cursor.endswith(("Z", "z"))
        text = (value - timedelta(seconds=overlap)).isoformat(
            timespec="milliseconds" if "." in cursor else "seconds"
        )
        if is_zulu:
            return text.replace("+00:00", "Z")
        return text if _has_zone(cursor) else text.removesuffix("+00:00")
    if isinstance(value, date):
        return (value - timedelta(days=overlap)).isoformat()
    if isinstance(value, int):
        return str(value - overlap)
    return cursor


def latest(texts: Iterable[str], so_far: str) -> str:
    """The largest cursor: by number, date or time where all are, else by letters."""
    found = {text for text in texts if text}
    if so_far:
        found.add(so_far)
    if not found:
        return so_far
    values: Mapping[str, int | date | str] = {text: _value(text) for text in found}
    kinds = {type(value) for value in values.values()}
    if len(kinds) == 1:
        return max(found, key=lambda text: values[text])
    return max(found)


def _has_zone(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _value(text: str) -> int | date | str:
    """A cursor as a number, day or time (UTC where it has no zone); else itself."""
    if text.lstrip("-").isdecimal():
        return int(text)
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else found.replace(tzinfo=UTC)
