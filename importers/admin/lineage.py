"""What files and people did to a record, in words, and what a file will do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.urls import reverse

from importers.admin.shown import DOMAIN, Names, in_words, model_of, target_of
from importers.models import Ingestion, RowChange
from importers.record_types import RECORD_TYPES, RecordType
from importers.services import history
from importers.services.history import Entry
from reinsurance.resources.base import DomainResource
from reinsurance.resources.lookups import ReferenceWidget

MOST_CHANGES = 200
DID = {
    "repeated": "told again, no change",
    "told": "told",
    "replaced": "replaced it",
    "earlier": "told before",
    "added": "added by hand",
    "changed": "changed by hand",
    "deleted": "deleted",
    "proposed": "proposed by hand",
    "refused": "proposed by hand, refused",
    "withdrawn": "withdrawn by hand",
}
"""What an entry of a history is called; any other is its action."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of a record before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one row of a file did, or will do, to one record; ``did`` in words."""

    row: int
    action: str
    did: str
    kind: str
    name: str
    url: str
    differences: tuple[Difference, ...]
    ingestion: Ingestion | None = None
    entry: Entry | None = None


def is_traced(record: models.Model) -> bool:
    """Whether such records have a history of files and people."""
    return any(
        isinstance(record, resource._meta.model)
        for kind in RECORD_TYPES.values()
        for resource in kind.resources
    )


def lineage_of(record: models.Model, user: User) -> list[Change]:
    """The history of a domain record, what was done last first, in words."""
    entries = history.of(record, user=user)[:MOST_CHANGES]
    names = Names(user)
    _want(names, entries)
    return [_of_entry(entry, names) for entry in entries]


def _of_entry(entry: Entry, names: Names) -> Change:
    differences = _differences(model_of(entry.model), entry, names)
    return Change(
        row=entry.row or 0,
        action=entry.action,
        did=DID.get(entry.action, entry.action),
        kind="",
        name="",
        url="",
        differences=differences,
        ingestion=entry.ingestion,
        entry=entry,
    )


def _want(names: Names, entries: Iterable[Any]) -> None:
    """Note the keys in the values of entries or stored changes."""
    for entry in entries:
        for image in (entry.before, entry.after):
            for field, text in _fields(model_of(entry.model), image):
                if (target := target_of(field)) is not None:
                    names.want(target, [text])


def _differences(
    model: type[models.Model], change: Any, names: Names
) -> tuple[Difference, ...]:
    """The values before and after, each in words."""
    before = {f.column: text for f, text in _fields(model, change.before)}
    after = {f.column: text for f, text in _fields(model, change.after)}
    fields = {f.column: f for f in model._meta.concrete_fields}
    return tuple(
        Difference(
            _capital(fields[name].verbose_name),
            in_words(fields[name], before.get(name), names),
            in_words(fields[name], after.get(name), names),
        )
        for name in {**after, **before}
    )


def described(changes: Sequence[RowChange], user: User) -> list[Change]:
    """Stored changes in words, with the name and page of each record."""
    names = Names(user)
    for change in changes:
        names.want(model_of(change.model), [change.object_id])
    _want(names, changes)
    return [_described(change, names) for change in changes]


def _fields(
    model: type[models.Model], image: dict[str, Any] | None
) -> Iterable[tuple[models.Field, Any]]:
    columns = {field.column: field for field in model._meta.concrete_fields}
    for column, text in (image or {}).items():
        if column in columns:
            yield columns[column], text


def _described(change: RowChange, names: Names) -> Change:
    model = model_of(change.model)
    return Change(
        row=change.row,
        action=change.action,
        did=change.action,
        kind=_capital(model._meta.verbose_name),
        name=names.of(model, change.object_id),
        url=reverse(f"admin:{DOMAIN}_{change.model}_change", args=[change.object_id]),
        differences=_differences(model, change, names),
        ingestion=change.ingestion,
    )


# ---------------------------------------------------------------------- preview
def previewed(
    ingestion: Ingestion, record_type: RecordType, user: User
) -> list[Change]:
    """What loading would do, in words: the first changed rows of a checked file."""
    resources = {
        str(resource._meta.model._meta.verbose_name): resource
        for resource in record_type.resources
    }
    known = [e for e in ingestion.preview if e.get("record") in resources]
    names = Names(user)
    for entry in known:
        for label, before, after in entry["changes"]:
            field = _field_behind(resources[entry["record"]], label)
            if field is not None and (target := target_of(field)) is not None:
                names.want(target, [before, after])
    return [_previewed(entry, resources[entry["record"]], names) for entry in known]


def _field_behind(resource: type[DomainResource], label: str) -> models.Field | None:
    """The model field of a column; None where the preview has the words already."""
    for column in resource.fields.values():
        if str(column.column_name) != label or not column.attribute:
            continue
        if isinstance(column.widget, ReferenceWidget):
            return None
        attribute = column.attribute.removesuffix("_id")
        return resource._meta.model._meta.get_field(attribute)
    return None


def _previewed(
    entry: dict[str, Any], resource: type[DomainResource], names: Names
) -> Change:
    differences: list[Difference] = []
    for label, before, after in entry["changes"]:
        field = _field_behind(resource, label)
        if field is not None:
            before = in_words(field, before, names)
            after = in_words(field, after, names)
        differences.append(Difference(label, before, after))
    return Change(
        row=entry["row"],
        action=entry["action"],
        did={"created": "will be created", "updated": "will be updated"}.get(
            entry["action"], entry["action"]
        ),
        kind=_capital(resource._meta.model._meta.verbose_name),
        name=entry.get("key", ""),
        url="",
        differences=tuple(differences),
    )


def _capital(text: Any) -> str:
    text = str(text)
    return text[:1].upper() + text[1:]
