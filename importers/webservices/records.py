"""The records of a page: where they are in the body, and as flat a list as they go."""

from __future__ import annotations

from collections.abc import Mapping

from importers.webservices import paths
from importers.webservices.problems import NoRecords
from importers.webservices.values import FeedPlan, Json

USUAL = ("data", "value", "items", "results", "records", "rows", "entries", "content")


def records_of(plan: FeedPlan, body: Json) -> list[dict[str, Json]]:
    """The objects of a page, in their order; raises NoRecords where there is no list.

    A list that is null is empty; one that is not there is none, on every page, so that
    no odd answer passes for the end.

    With ``unfold`` names, objects keyed by values are laid out flat: for
    ``{"2026-01-02": {"USD": 1.1}}`` and the names day, currency, rate one record
    ``{"day": "2026-01-02", "currency": "USD", "rate": 1.1}``.  ``page_values`` are
    taken from the body and given to every record of it.
    """
    # A JSONPath into the list would find one record of one, nothing of none.
    path = plan.records_path.removesuffix("[*]")
    found = paths.find(path, body) if path else _guess(body)
    if plan.unfold:
        found = _unfold(found, plan.unfold)
    if isinstance(found, dict):
        found = [found]
    elif found is None and _is_null(plan.records_path, body):
        found = []
    if not isinstance(found, list) or not all(isinstance(r, dict) for r in found):
        where = f"at “{plan.records_path}”" if plan.records_path else "in the answer"
        raise NoRecords(
            f"There is no list of records {where}. Look at “Test connection” and "
            "enter where the records are."
        )
    if plan.page_values:
        common = {n: paths.find(p, body) for n, p in plan.page_values.items()}
        found = [{**common, **record} for record in found]
    return found


def _is_null(path: str, body: Json) -> bool:
    """Whether the list is there but null, as some write an empty one."""
    parent, _, name = path.removeprefix("$.").rpartition(".")
    around = paths.find(parent, body) if parent else body
    return isinstance(around, dict) and bool(name) and name in around


def _guess(body: Json) -> Json:
    """The list of an answer that is one, or has just one, or one of a usual name."""
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping):
        return None
    for name in USUAL:
        if isinstance(body.get(name), list):
            return body[name]
    lists = [value for value in body.values() if _is_records(value)]
    if len(lists) == 1:
        return lists[0]
    empty = [value for value in body.values() if value == []]
    if not lists and len(empty) == 1:
        return []
    inner = [value for value in body.values() if isinstance(value, Mapping)]
    if len(body) == 1 and inner:
        return _guess(inner[0])
    return None


def _is_records(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _unfold(found: Json, names: tuple[str, ...]) -> Json:
    if not isinstance(found, Mapping):
        return found
    level: list[tuple[tuple[Json, ...], Json]] = [((), found)]
    for _ in names[:-1]:
        level = [
            ((*keys, key), value)
            for keys, inner in level
            if isinstance(inner, Mapping)
            for key, value in inner.items()
        ]
    return [dict(zip(names, (*keys, value), strict=True)) for keys, value in level]
