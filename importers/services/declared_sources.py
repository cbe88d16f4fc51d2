"""Senders in a YAML file: applied to the database, and written from it.

The format is described in ``docs/operators.md``.  What a sender of the file leaves out
stays as it is, or has its default where the sender is new; senders that the file does
not name are left alone.
"""

from decimal import Decimal
from typing import Any

import yaml
from django.db import models, transaction

from importers.models import Source
from importers.services import feed_yaml
from importers.services.feed_settings import Entry, Outcome, entry_of, written
from importers.services.feed_yaml import Report, Wrong
from importers.services.ingestions import DIRECT
from reinsurance.models import Party

HEAD = "# Senders of files. The format: docs/operators.md\n"
ORDER = (
    "code", "name", "party", "is_house", "frequency", "return_sign", "blank_is_zero",
    "several_currencies", "equal_rows_add", "premium_lists", "premium_amounts_are",
    "other_contracts", "incurred_factor", "date_order", "decimal_mark", "policy",
    "is_active",
)  # fmt: skip
"""The settings of a sender, in the order in which they are written."""

_FIELDS: dict[str, "models.Field[Any, Any]"] = {
    name: Source._meta.get_field(name)  # type: ignore[misc]
    for name in ORDER
    if name != "party"
}


def apply(text: str) -> list[Outcome]:
    """Make senders be as the file has them, all or none of them.

    Raises BadFeedFile, which tells all that is wrong, by line; nothing is written then.
    """
    report = Report()
    entries = _read(text, report)
    with transaction.atomic():
        parties = _parties(entries, report)
        codes = [entry.code for entry in entries]
        known = {
            source.code: source
            for source in Source.objects.filter(code__in=codes)
            .select_for_update()
            .order_by("pk")
        }
        outcomes = [_save(entry, known, parties, report) for entry in entries]
        report.end()
    return outcomes


def _read(text: str, report: Report) -> list[Entry]:
    """The senders of the file; raises BadFeedFile for bad YAML."""
    root = feed_yaml.compose(text)
    if root is None or feed_yaml.is_null(root):
        report.say(1, "The file is empty. It begins with “sources:”.")
        return []
    found = feed_yaml.entries(root, ("sources",), "The file", report)
    if isinstance(root, yaml.MappingNode) and "sources" not in found:
        report.say(1, "The file has no “sources:”.")
    entries: list[Entry] = []
    lines: dict[str, int] = {}
    for _, listed in found.values():
        for node in feed_yaml.items(listed, "“sources”", report):
            entry = entry_of(node, _FIELDS, ("party",), "A source", report)
            entries.append(entry)
            _refuse_factor(entry, report)
            if entry.code in lines:
                line = lines[entry.code]
                said = f"The code “{entry.code}” stands in line {line} already."
                entry.say(report, "code", said)
            elif entry.code:
                lines[entry.code] = entry.lines["code"]
    return entries


def _refuse_factor(entry: Entry, report: Report) -> None:
    factor = entry.values.get("incurred_factor")
    if factor is not None and factor <= 1:
        said = "“incurred_factor” takes a number above 1, or null: not looked at."
        entry.say(report, "incurred_factor", said)


def _parties(entries: list[Entry], report: Report) -> dict[str, Party]:
    """The parties that the senders name, by code; unknown ones are reported."""
    wanted: dict[str, list[Entry]] = {}
    for entry in entries:
        if "party" not in entry.nodes:
            continue
        try:
            code = feed_yaml.text_of(entry.nodes["party"])
        except Wrong as problem:
            entry.say(report, "party", f"“party” {problem.message}")
            continue
        entry.values["party"] = code
        if code:
            wanted.setdefault(code, []).append(entry)
    known = {party.code: party for party in Party.objects.filter(code__in=wanted)}
    for code in wanted.keys() - known.keys():
        for entry in wanted[code]:
            entry.say(report, "party", f"There is no party “{code}”.")
    return known


def _save(
    entry: Entry, known: dict[str, Source], parties: dict[str, Party], report: Report
) -> Outcome:
    """Make or change the sender that the entry declares, if it is right."""
    told = {
        name: entry.values[name]
        for name in ORDER
        if name in entry.lines and name in entry.values
    }
    if "party" in told:
        told["party"] = parties.get(told["party"])
    source = known.get(entry.code)
    if source is None:
        if not entry.wrong:
            Source.objects.create(**told)
        return Outcome("source", entry.code, "created")
    changed = tuple(n for n, value in told.items() if _now(source, n) != _key(value))
    for name in changed:
        setattr(source, name, told[name])
    if "premium_lists" in changed and (said := source.why_lists_stay()):
        entry.say(report, "premium_lists", said)
    if changed and not entry.wrong:
        source.save(update_fields=changed)
    outcome = "updated" if changed else "unchanged"
    return Outcome("source", entry.code, outcome, changed)


def _now(source: Source, name: str) -> Any:
    return source.party_id if name == "party" else getattr(source, name)


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, Party) else value


# -------------------------------------------------------------------- writing
def export() -> str:
    """All senders as a file, without the one of lone files as long as it is as made."""
    sources = [
        told
        for source in Source.objects.select_related("party").order_by("code")
        if (told := _written(source)) != _AS_MADE
    ]
    return HEAD + feed_yaml.dump({"sources": sources})


def _written(source: Source) -> dict[str, Any]:
    told: dict[str, Any] = {
        **written(_FIELDS, source),
        "party": source.party.code if source.party else None,
    }
    return {name: _plain(told[name]) for name in ORDER}


def _plain(value: Any) -> Any:
    """A value as the file has it: nothing as null, a decimal number as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if value == "" else value


_AS_MADE = _written(Source(code=DIRECT, name="Direct upload", is_house=True))
