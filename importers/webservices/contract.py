"""The agreed shape of records: a JSON Schema (2020-12), what deviates, what drifts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import jsonschema_rs
from genson import SchemaBuilder

from importers.webservices.paths import plain
from importers.webservices.problems import BadFeed, ContractBroken
from importers.webservices.values import ContractMode, ContractPlan, Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_SAID = 20
MOST_SHAPED = 200
TELLING = 50
"""Records from which on a field that none has counts as gone."""

Seen = Mapping[str, Sequence[str]]
"""Field to the kinds of value it had."""


def validator(schema: Mapping[str, Json]) -> jsonschema_rs.Draft202012Validator:
    """The schema, ready to check; raises BadFeed where it is none."""
    try:
        jsonschema_rs.meta.validate(dict(schema))
        return jsonschema_rs.Draft202012Validator(dict(schema))
    except (jsonschema_rs.ValidationError, ValueError, TypeError) as error:
        said = getattr(error, "message", str(error)).splitlines()[0]
        raise BadFeed(f"The schema is not a JSON Schema (2020-12): {said}") from error


def infer(records: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """A schema that fits these records: a first draft for people to edit."""
    builder = SchemaBuilder(schema_uri=DIALECT)
    for record in records:
        builder.add_object(_plain(record))
    return dict(builder.to_schema())


def _plain(value: Json) -> Json:
    """Decimal numbers as floats, which genson knows."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def closed(schema: Json) -> Json:
    """The schema with every object closed to properties that it does not name."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {name: closed(inner) for name, inner in schema.items()}
    is_object = isinstance(found.get("properties"), dict) and "$ref" not in found
    if is_object and not {"additionalProperties", "unevaluatedProperties"} & set(found):
        found["additionalProperties"] = False
    return found


class Contract:
    """Checks the records of a sync, page by page, and remembers what deviates.

    ``shape`` grows to the fields and kinds of value that came; see :func:`drift`.
    """

    def __init__(self, plan: ContractPlan) -> None:
        self._mode = plan.mode
        self._validator = None
        if plan.schema is not None:
            is_strict = plan.mode != ContractMode.EVOLVE
            schema = closed(plan.schema) if is_strict else plan.schema
            self._validator = validator(schema)
        self._kinds: dict[str, set[str]] = {}
        self.deviations: Counter[str] = Counter()

    def check(
        self, records: list[dict[str, Json]]
    ) -> tuple[list[dict[str, Json]], list[dict[str, Json]]]:
        """Records to go on with, and those that are discarded.

        Raises ContractBroken where the contract is frozen and a record deviates.
        """
        self._look_at(records)
        if self._validator is None:
            return records, []
        bad = [r for r in records if not self._validator.is_valid(r)]
        if not bad:
            return records, []
        for record in bad:
            self.deviations.update(self._said_of(record))
        if self._mode == ContractMode.FREEZE:
            said = "; ".join(list(self.deviations)[:3])
            raise ContractBroken(
                f"{len(bad):,} of {len(records):,} records of a page break the "
                f"contract: {said}. Ask the partner, or change the feed's contract."
            )
        if self._mode == ContractMode.EVOLVE:
            return records, []
        deviating = {id(record) for record in bad}
        return [r for r in records if id(r) not in deviating], bad

    def _said_of(self, record: Mapping[str, Json]) -> Iterable[str]:
        assert self._validator is not None  # noqa: S101 for the type checker
        for error in self._validator.iter_errors(record):
            path = ".".join(str(part) for part in error.instance_path)
            yield plain(_sentence(path, error))

    def _look_at(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Note fields and kinds: of some records all, of the others new fields."""
        keys = {tuple(record) for record in records}
        seen = self._kinds
        some = list(records[:MOST_SHAPED])
        if any(name not in seen for names in keys for name in names):
            some = list(records)
        for record in some:
            for name, value in record.items():
                seen.setdefault(plain(name), set()).add(_kind(value))

    @property
    def shape(self) -> dict[str, list[str]]:
        """Field to the kinds of value it had; null alone says nothing of the kind."""
        return {n: sorted(kinds) for n, kinds in sorted(self._kinds.items())}

    def take_up(self, shape: Seen, said: Mapping[str, int]) -> None:
        """Go on from what an earlier attempt at the sync saw."""
        for name, kinds in shape.items():
            self._kinds.setdefault(name, set()).update(kinds)
        self.deviations.update(said)


def drift(before: Seen, now: Seen, *, records: int) -> list[str]:
    """What is different from the syncs before, in sentences; empty: nothing is.

    A few ``records`` do not tell that a field is gone: not every one has all.
    """
    if not before:
        return []
    said = [f"New field “{name}”." for name in now if name not in before]
    if records >= TELLING:
        said += [f"Field “{name}” is gone." for name in before if name not in now]
    for name in now:
        old = set(before.get(name, ())) - {"null"}
        new = set(now[name]) - {"null"}
        if old and new and new - old:
            was, came = " or ".join(sorted(old)), " and ".join(sorted(new - old))
            said.append(f"Field “{name}” was {was} and now also comes as {came}.")
    return said


def remembered(before: Seen, now: Seen, *, records: int) -> dict[str, list[str]]:
    """The shape to compare the next sync with."""
    if records >= TELLING:
        return {name: list(kinds) for name, kinds in now.items()}
    names = sorted({*before, *now})
    return {n: sorted({*before.get(n, ()), *now.get(n, ())}) for n in names}


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, (int, float, Decimal)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "object"


def _sentence(path: str, error: jsonschema_rs.ValidationError) -> str:
    """The deviation without the record's own values, which may be personal data."""
    kind = type(error.kind).__name__.rpartition("_")[2]
    details: Any = error.kind
    where = f"“{path}”" if path else "the record"
    if kind == "AdditionalProperties":
        names = ", ".join(f"“{name}”" for name in details.unexpected)
        return f"new field {names} in {where}"
    if kind == "Required":
        name = str(details.property).strip('"')
        return f"“{name}” is missing in {where}"
    if kind == "Type":
        return f"{where} is of another kind than agreed"
    return f"{where} breaks the rule “{kind}”"
