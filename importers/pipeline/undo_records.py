"""Undoing what a load told of registers, parties, rates and events, by its lineage.

What the files told of a record is a chain of words: that it is there, with these
values, or (a register of the whole panel) that it is not there.  Taking a word out
leaves the others: each value goes on from the word before to the next one that tells
it, and where none does it returns to the record.
"""

import json
from decimal import Decimal, InvalidOperation
from itertools import takewhile
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils import timezone
from import_export.fields import NOT_PROVIDED

from importers.models import RowChange
from importers.pipeline.undo_clashes import require_no_clash
from importers.values import Action
from reinsurance.models import Deletion, Load
from reinsurance.resources.base import DomainResource, record_field_of

DELETED = "deleted"
REPEATED = "repeated"
OF_NO_ROW = 0
"""Row of what the whole of a file says, as that somebody is not in its panel."""

Image = dict[str, Any]
"""Values by the table's columns, as text or as JSON has them."""


def says_absent(change: RowChange) -> bool:
    """Whether the word is that the record is not there (any more)."""
    again = change.action == REPEATED and change.row == OF_NO_ROW
    return change.action == DELETED or again


def undo_records(cursor: Any, resource: type[DomainResource], ingestion: int) -> None:
    """Take back what a load told of the resource's records, the last word first.

    Raises CountsTwiceError where a value that comes back does not go with others.
    """
    name = resource.model()._meta.model_name or ""
    words = RowChange.objects.filter(ingestion=ingestion, model=name)
    for change in words.order_by("-pk"):
        chain = _Chain(cursor, resource, change)
        if change.action == Action.CREATED:
            chain.undo_created()
        elif change.action == DELETED:
            chain.undo_deleted()
        elif change.action == Action.UPDATED:
            chain.undo_updated()


class _Chain:
    """A word of a load, and what loads that stand told of its record after it.

    ``telling`` are the words up to the next that it is not there, ``leaving``.
    """

    def __init__(
        self, cursor: Any, resource: type[DomainResource], change: RowChange
    ) -> None:
        self.cursor = cursor
        self.resource = resource
        self.model: type[models.Model] = resource.model()
        self.change = change
        later = _later(change)
        self.telling = list(takewhile(lambda c: not says_absent(c), later))
        rest = later[len(self.telling) :]
        self.leaving = rest[0] if rest else None

    # ------------------------------------------------------------------- the words
    def undo_created(self) -> None:
        """The record goes, unless another file told it again: then it is that file's.

        What only this one told of it goes all the same.
        """
        if self.telling:
            heir = self.telling[0]
            self._hand_on(_untold(self.resource))
            told = [*(heir.after or {}), *(heir.confirmed or ())]
            heir.action, heir.confirmed = Action.CREATED.value, told
            heir.before = heir.after = None
            _save(heir)
        elif self.leaving is not None:
            self._was_gone()
        else:
            _remove(self.cursor, self.model, self.change)

    def undo_updated(self) -> None:
        """Each value returns to what it was, unless a later file told it, too."""
        self._hand_on(self.change.before or {})

    def undo_deleted(self) -> None:
        """The record is there again, unless a later file does not have it, either."""
        image = self.change.before or {}
        if self.telling:
            first = self.telling[0]
            told = {name: self._value(name, 0) for name in first.confirmed or ()}
            first.before, first.after, first.confirmed = {}, told, []
            self._hand_on({n: v for n, v in image.items() if n in self._own()})
            _sort_out(first)
        elif self.leaving is not None:
            self.leaving.before, self.leaving.action = image, DELETED
            _save(self.leaving)
        else:
            _bring_back(self.cursor, self.model, self.change.object_id, image)

    # ----------------------------------------------------------------- their values
    def _own(self) -> set[str]:
        return set(_untold(self.resource))

    def _hand_on(self, before: Image) -> None:
        """Values from before the word go to the next that tells them, or back."""
        back: Image = {}
        for column, value in before.items():
            places = (i for i, c in enumerate(self.telling) if _tells(c, column))
            place = next(places, None)
            if place is None:
                back[column] = value
                continue
            heir = self.telling[place]
            if column in (heir.confirmed or ()):  # told as it was: by it from now on
                told = self._value(column, place)
                heir.after = {**(heir.after or {}), column: told}
                heir.confirmed = [c for c in heir.confirmed or () if c != column]
                heir.action = Action.UPDATED.value
            heir.before = {**(heir.before or {}), column: value}
            _save(heir)
        if back and self.leaving is not None:
            if self.leaving.before is not None:
                self.leaving.before = {**self.leaving.before, **back}
                _save(self.leaving)
        elif back:
            require_no_clash(self.model, self.change.object_id, back)
            _set(self.cursor, self.model, self.change.object_id, back)

    def _value(self, column: str, place: int) -> Any:
        """What the record said of a column after the word at that place."""
        word = self.telling[place]
        if column in (word.after or {}):
            return (word.after or {})[column]
        for later in self.telling[place + 1 :]:
            if column in (later.before or {}):
                return (later.before or {})[column]
        if self.leaving is not None:
            return (self.leaving.before or {}).get(column)
        field = next(f for f in self.model._meta.concrete_fields if f.column == column)
        records = self.model._base_manager.filter(pk=self.change.object_id)
        value = records.values_list(field.attname, flat=True).first()
        return value if value is None or isinstance(value, bool) else str(value)

    def _was_gone(self) -> None:
        """The next word found nothing there: it has nothing to bring back."""
        if self.leaving is not None:
            self.leaving.before, self.leaving.action = None, REPEATED
            _save(self.leaving)


def _later(change: RowChange) -> list[RowChange]:
    """What loads that stand told of the same record after this one, in order."""
    rows = RowChange.objects.filter(
        model=change.model, object_id=change.object_id, pk__gt=change.pk
    ).exclude(ingestion=change.ingestion_id)
    standing = Load.objects.filter(undone_at=None, user=None).values("number")
    return list(rows.filter(ingestion__in=standing).order_by("pk"))


def _tells(change: RowChange, column: str) -> bool:
    """Whether a row told the column, as something new or as it was."""
    return column in (change.after or {}) or column in (change.confirmed or ())


def _save(change: RowChange) -> None:
    change.save(update_fields=["before", "after", "confirmed", "action"])


def _sort_out(change: RowChange) -> None:
    """What a word changes, and what it says again; as which it goes on."""
    before, after = change.before or {}, change.after or {}
    same = [n for n in after if _is_same(before.get(n), after[n])]
    change.before = {n: v for n, v in before.items() if n not in same}
    change.after = {n: v for n, v in after.items() if n not in same}
    change.confirmed = [*(change.confirmed or ()), *same]
    change.action = Action.UPDATED.value if change.after else REPEATED
    _save(change)


def _is_same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return str(one).lower() == str(other).lower()


def _untold(resource: type[DomainResource]) -> Image:
    """What a record says in the columns that no file told.

    Of its key only what need not be known, as the inception of a contract.
    """
    found: Image = {}
    for name, column in resource.fields.items():
        field = record_field_of(resource, name)
        if field is None or (name in resource.key() and not field.null):
            continue
        if column.default is not NOT_PROVIDED:
            found[str(field.column)] = column.default
        elif field.null:
            found[str(field.column)] = None
        elif field.has_default() or field.empty_strings_allowed and field.blank:
            found[str(field.column)] = field.get_default()
    plain: Image = json.loads(json.dumps(found, cls=DjangoJSONEncoder))
    return plain


# -------------------------------------------------------------------------- the books
def _set(cursor: Any, model: type[models.Model], key: int, values: Image) -> None:
    fields = {f.column: f for f in model._meta.concrete_fields}
    sets = ", ".join(
        f'"{column}" = CAST(%s AS {fields[column].db_type(connection)})'
        for column in values
    )
    cursor.execute(
        f"UPDATE {model._meta.db_table} SET {sets}, updated_at = now() "  # noqa: S608
        "WHERE id = %s",
        [*values.values(), key],
    )


def _bring_back(cursor: Any, model: type[models.Model], key: int, image: Image) -> None:
    """A record that the load took out is there again, as of now."""
    whole = {**image, "id": key, "updated_at": timezone.now().isoformat()}
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} "  # noqa: S608
        f"SELECT (jsonb_populate_record(NULL::{model._meta.db_table}, %s)).* "
        "ON CONFLICT DO NOTHING",
        [json.dumps(whole)],
    )


def _remove(cursor: Any, model: type[models.Model], change: RowChange) -> None:
    """A record that no file tells any more is not in the books any more.

    Where another refers to it, one that was undone as well, the foreign key refuses it:
    what was known at an earlier moment is worked out from those that were undone, too.
    """
    record = model._base_manager.filter(pk=change.object_id).first()
    if record is None:
        return
    deletion = deletion_of(record)
    cursor.execute(
        f"DELETE FROM {model._meta.db_table} WHERE id = %s",  # noqa: S608
        [change.object_id],
    )
    deletion.save()


def deletion_of(record: models.Model) -> Deletion:
    """What those who follow changes are told of a record that goes; not saved."""
    return Deletion(
        model=record._meta.model_name or "",
        object_id=record.pk,
        reference=str(record)[:200],
        cedant_id=_cedant_of(record),
    )


def _cedant_of(record: models.Model) -> int | None:
    paths = getattr(record, "cedant_paths", ())
    if not paths or paths[0] == "pk":
        return None
    value: Any = record
    for name in paths[0].split("__"):
        value = getattr(value, name, None)
    return getattr(value, "pk", None)
