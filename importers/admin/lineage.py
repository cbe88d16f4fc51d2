"""Which file made a record what it is, row by row, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.urls import reverse

from importers.admin.shown import DOMAIN, Names, in_words, model_of, target_of
from importers.models import Ingestion, RowChange
from importers.record_types import RECORD_TYPES, RecordType
from reinsurance.resources.base import DomainResource
from reinsurance.resources.lookups import ReferenceWidget
from reinsurance.visibility import seen_by

MOST_CHANGES = 50


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


def is_traced(record: models.Model) -> bool:
    """Whether loads leave lineage for such records."""
    return any(
        isinstance(record, resource._meta.model)
        for kind in RECORD_TYPES.values()
        for resource in kind.resources
    )


def lineage_of(record: models.Model, user: User) -> list[Change]:
    """The newest changes of a domain record that the user sees, with their files."""
    changes = (
        seen_by(RowChange.objects.all(), user)
        .filter(object_id=record.pk, model=record._meta.model_name)
        .select_related("ingestion__source", "ingestion__submitted_by")
        .order_by("-pk")[:MOST_CHANGES]
    )
    return described(list(changes), user)


def described(changes: Sequence[RowChange], user: User) -> list[Change]:
    """Stored changes in words, with the name and page of each record."""
    names = Names(user)
    for change in changes:
        model = model_of(change.model)
        names.want(model, [change.object_id])
        for image in (change.before, change.after):
            for field, text in _fields(model, image):
                if (target := target_of(field)) is not None:
                    names.want(target, [text])
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
    before = {f.column: text for f, text in _fields(model, change.before)}
    differences = tuple(
        Difference(
            _capital(field.verbose_name),
            in_words(field, before.get(field.column), names),
            in_words(field, text, names),
        )
        for field, text in _fields(model, change.after)
    )
    return Change(
        row=change.row,
        action=change.action,
        did=change.action,
        kind=_capital(model._meta.verbose_name),
        name=names.of(model, change.object_id),
        url=reverse(f"admin:{DOMAIN}_{change.model}_change", args=[change.object_id]),
        differences=differences,
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
