"""Which settings a service and a feed have in a file: those of their models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import models

from importers import record_types
from importers.models import Feed, WebService
from importers.models.secrets import SecretField
from importers.services import feed_yaml
from importers.services.feed_yaml import Report, Wrong

REFERENCES = ("source", "mapping", "schedule")
_MACHINES_OWN = {"id", "service", "cursor"}

Fields = Mapping[str, "models.Field[Any, Any]"]


def _fields(model: type[models.Model]) -> Fields:
    return {
        field.name: field
        for field in model._meta.concrete_fields
        if field.editable and field.name not in _MACHINES_OWN
    }


_OF_SERVICE = _fields(WebService)
SECRETS = tuple(n for n, f in _OF_SERVICE.items() if isinstance(f, SecretField))
SERVICE: Fields = {n: f for n, f in _OF_SERVICE.items() if n not in SECRETS}
FEED: Fields = {n: f for n, f in _fields(Feed).items() if n not in REFERENCES}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a service or feed: created, updated (in what) or unchanged."""

    kind: str
    code: str
    outcome: str
    changed: tuple[str, ...] = ()


@dataclass(slots=True)
class Entry:
    """A service or feed of the file: its line, its values and where they stand.

    ``values`` has every setting, those left out by their default, but none that is
    wrong; ``nodes`` what is neither text nor number: secrets, feeds, sender, times.
    """

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, yaml.Node] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    @property
    def code(self) -> str:
        """Its code; empty where that is wrong."""
        return str(self.values.get("code", ""))

    def say(self, report: Report, name: str, sentence: str) -> None:
        """Report what is wrong with a setting, at its line; once for each."""
        if name not in self.wrong:
            self.wrong.add(name)
            report.say(self.lines.get(name, self.line), sentence)

    def assign(self, record: WebService | Feed) -> list[str]:
        """Give a record the values; the names of those that were different."""
        changed = [n for n, v in self.values.items() if getattr(record, n) != v]
        for name in changed:
            setattr(record, name, self.values[name])
        return changed

    def save(self, record: WebService | Feed, changed: list[str]) -> Outcome:
        """Save what is different, if it is right.

        Settings that are no fields count as changes but are not saved here.
        """
        kind = "service" if isinstance(record, WebService) else "feed"
        if record._state.adding:
            if not self.wrong:
                record.save()
            return Outcome(kind, self.code, "created")
        columns = {field.name for field in record._meta.concrete_fields}
        if changed and not self.wrong:
            record.save(update_fields=columns & {*changed})
        outcome = "updated" if changed else "unchanged"
        return Outcome(kind, self.code, outcome, tuple(changed))


def entry_of(
    node: yaml.Node, fields: Fields, others: tuple[str, ...], what: str, report: Report
) -> Entry:
    """Read a service or feed; what is wrong with it is reported."""
    entry = Entry(feed_yaml.line_of(node))
    known = (*fields, *others)
    found = feed_yaml.entries(node, known, what, report)
    for name, (line, value) in found.items():
        entry.lines[name] = line
        if name in others:
            entry.nodes[name] = value
    for name, model_field in fields.items():
        if name in found:
            _read(entry, model_field, found[name][1], report)
        elif model_field.blank or model_field.has_default():
            entry.values[name] = model_field.get_default()
        elif isinstance(node, yaml.MappingNode):
            entry.say(report, name, f"{what} needs “{name}”.")
    return entry


def _read(
    entry: Entry, field: "models.Field[Any, Any]", node: yaml.Node, report: Report
) -> None:
    try:
        value = _value(field, node, report)
        entry.values[field.name] = field.clean(value, None)
    except Wrong as problem:
        entry.say(report, field.name, f"“{field.name}” {problem.message}")
    except ValidationError as error:
        said = " ".join(error.messages)
        entry.say(report, field.name, f"“{field.name}”: {said}")


def _value(field: "models.Field[Any, Any]", node: yaml.Node, report: Report) -> Any:
    if isinstance(field, models.JSONField):
        return _json(field, node, report)
    if feed_yaml.is_null(node) and (field.null or field.blank):
        return None if field.null else field.get_default()
    if field.choices:
        return _choice(field, feed_yaml.text_of(node))
    if isinstance(field, models.BooleanField):
        return feed_yaml.truth_of(node)
    if isinstance(field, models.IntegerField):
        return feed_yaml.number_of(node)
    text = feed_yaml.text_of(node)
    if field.name == "record_type" and text not in record_types.RECORD_TYPES:
        raise Wrong(f"takes one of: {', '.join(record_types.RECORD_TYPES)}.")
    return text


def _json(field: "models.Field[Any, Any]", node: yaml.Node, report: Report) -> Any:
    """Names and texts, a list of texts, or (where it may be null) any JSON."""
    if field.null:
        return feed_yaml.json_of(node, report)
    empty = field.get_default()
    if feed_yaml.is_null(node):
        return empty
    if isinstance(empty, list):
        return feed_yaml.texts_of(node)
    if not isinstance(node, yaml.MappingNode):
        raise Wrong("takes names and texts (name: text).")
    found = feed_yaml.entries(node, (), f"“{field.name}”", report)
    return {name: feed_yaml.text_of(value) for name, (_, value) in found.items()}


def _choice(field: "models.Field[Any, Any]", text: str) -> Any:
    """The value that a word stands for."""
    words = words_of(field)
    if text not in words:
        raise Wrong(f"takes one of: {', '.join(words)}.")
    return words[text]


def words_of(field: "models.Field[Any, Any]") -> dict[str, Any]:
    """The words for a field's choices, and what they stand for."""
    return {
        value if isinstance(value, str) else str(label): value
        for value, label in field.flatchoices
    }


def written(fields: Fields, record: models.Model) -> dict[str, Any]:
    """A record's settings as a file has them."""
    found = {}
    for name, model_field in fields.items():
        value = getattr(record, name)
        if model_field.choices:
            words = {meant: word for word, meant in words_of(model_field).items()}
            value = words.get(value, value)
        found[name] = value
    return found
