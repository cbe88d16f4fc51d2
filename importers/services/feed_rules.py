"""Which settings of a feed hold together: the rules, for every door.

The admin's forms and the YAML files ask the same questions before anything is saved.
A rule looks at an object that need not be saved yet, and answers with the field and
what to do about it; lengths, choices and numbers are the models' own validators'.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings

from importers.models import Feed
from importers.services import hand_in_rules
from importers.services.service_rules import (
    Problems,
    is_flat,
    problems_of_service,
    texts,
)
from importers.values import ContractMode, Incremental, Paging
from importers.webservices import contract, paths
from importers.webservices.problems import ServiceProblem

__all__ = ["problems_of_feed", "problems_of_service", "texts"]

PATHS = (
    "records_path", "cursor_path", "next_path", "more_path", "total_path",
    "snapshot_path", "cursor_field",
)  # fmt: skip
UNKNOWN_PLACES: Mapping[Incremental, set[str]] = {
    Incremental.FULL: {"cursor", "from", "to"},
    Incremental.CURSOR: {"from", "to"},
    Incremental.WINDOWS: set(),
}
KNOWN_WHERE = {
    "cursor": "asks for what is new",
    "from": "asks for spans of days",
    "to": "asks for spans of days",
}
_PLACE = re.compile(r"\{([^{}]*)\}")


def problems_of_feed(feed: Feed) -> Problems:
    """What keeps the feed from being fetched and read, by field."""
    found: Problems = {}
    for rule in (
        hand_in_rules.kind_of_record,
        hand_in_rules.mapping,
        _request,
        _reading,
        _pages,
        _new,
        _contract,
        _time,
    ):
        for name, said in rule(feed).items():
            found.setdefault(name, said)
    return found


def _request(feed: Feed) -> Problems:
    found: Problems = {}
    if "://" in feed.path or not feed.path.isprintable():
        found["path"] = "Enter only what follows the service's address."
    if not is_flat(feed.parameters):
        found["parameters"] = 'Write names and values: {"status": "open"}.'
        return found
    unknown = UNKNOWN_PLACES[_asks_for(feed)]
    asked = {"path": feed.path, "parameters": " ".join(_values(feed))}
    for name, text in asked.items():
        for place in _PLACE.findall(text):
            if place in unknown:
                found[name] = (
                    f"{{{place}}} is only known where the feed {KNOWN_WHERE[place]}. "
                    "Change that, or take it out."
                )
    return found


def _reading(feed: Feed) -> Problems:
    found: Problems = {}
    for name in PATHS:
        if said := _path(getattr(feed, name)):
            found[name] = said
    if not is_flat(feed.page_values, only_texts=True):
        found["page_values"] = 'Write names and paths: {"as_of": "meta.date"}.'
    else:
        for path in feed.page_values.values():
            if said := _path(path):
                found["page_values"] = said
    if not _is_unfold(feed.unfold):
        found["unfold"] = (
            "Write at least two names, one for the keys and one for the value: "
            '["currency", "rate"]; or leave it empty.'
        )
    return found


def _path(path: str) -> str:
    try:
        paths.check(path)
    except ServiceProblem as problem:
        return problem.message
    return ""


def _is_unfold(names: Any) -> bool:
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        return False
    return not names or (len(names) >= 2 and len(set(names)) == len(names))


def _pages(feed: Feed) -> Problems:
    if feed.paging == Paging.CURSOR and not feed.cursor_path:
        return {"cursor_path": "Say where an answer tells the cursor of the next page."}
    return {}


def _new(feed: Feed) -> Problems:
    kind = _asks_for(feed)
    if kind == Incremental.FULL:
        return {}
    places = {place for text in _asked(feed) for place in _PLACE.findall(text)}
    return _cursor(feed, places) if kind == Incremental.CURSOR else _days(feed, places)


def _cursor(feed: Feed, places: set[str]) -> Problems:
    found: Problems = {}
    if not feed.cursor_field:
        found["cursor_field"] = "Name the field of a record by which it is new."
    if "cursor" not in places:
        found["parameters"] = (
            "Say how the service is asked for what is new, with {cursor} as the value: "
            '{"updated_since": "{cursor}"}.'
        )
    elif "{cursor}" in feed.path and not (feed.cursor or feed.cursor_start):
        found["cursor_start"] = "The path holds {cursor}: say where the feed begins."
    return found


def _days(feed: Feed, places: set[str]) -> Problems:
    found: Problems = {}
    if not _is_day(feed.cursor_start):
        found["cursor_start"] = "Enter the first day of the feed, as 2026-01-31."
    if feed.cursor and not _is_day(feed.cursor):
        found["cursor"] = "Enter a day, as 2026-01-31, or leave it empty."
    spans = {"from", "to"}
    if not (spans <= places or (feed.window_days == 1 and spans & places)):
        found["parameters"] = (
            "Say how the service is asked for a span of days, with {from} and {to} as "
            "the values."
        )
    return found


def _contract(feed: Feed) -> Problems:
    if feed.contract is None:
        if feed.contract_mode in {ContractMode.FREEZE, ContractMode.DISCARD}:
            return {
                "contract": "Records cannot deviate from a contract that is not there. "
                "Enter one, or take records as they come."
            }
        return {}
    if not isinstance(feed.contract, dict):
        return {"contract": "A contract is a JSON Schema: an object in braces."}
    try:
        contract.validator(feed.contract)
    except ServiceProblem as problem:
        return {"contract": problem.message}
    return {}


def _time(feed: Feed) -> Problems:
    most = settings.Q_TIMEOUT // 60
    if feed.deadline_minutes and feed.deadline_minutes * 60 >= settings.Q_TIMEOUT:
        return {
            "deadline_minutes": f"Less than {most} minutes, after which the queue ends "
            "every task."
        }
    return {}


def _asked(feed: Feed) -> list[str]:
    """The texts that may hold places."""
    return [feed.path, *_values(feed)]


def _asks_for(feed: Feed) -> Incremental:
    known = [kind.value for kind in Incremental]
    is_known = feed.incremental in known
    return Incremental(feed.incremental) if is_known else Incremental.FULL


def _values(feed: Feed) -> list[str]:
    return (
        [str(v) for v in feed.parameters.values()] if is_flat(feed.parameters) else []
    )


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text[:10]))
    except ValueError:
        return False
