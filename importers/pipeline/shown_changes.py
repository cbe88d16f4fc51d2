"""Changes of records in words, as they are shown before approval."""

from typing import Any

import polars as pl

from importers.pipeline.changes import Change
from importers.pipeline.compare import WAS
from importers.pipeline.frames import ROW
from importers.values import Action
from reinsurance.resources.base import DomainResource
from reinsurance.resources.lookups import ReferenceWidget
from reinsurance.resources.no_limits import NONE

UNLIMITED = "unlimited"


class Shown:
    """Some rows of a change in words: references by their text, not their number."""

    def __init__(self, change: Change, frame: pl.DataFrame) -> None:
        self.change = change
        self.frame = frame
        self.fields = change.resource.fields
        self.texts = {
            name: self._texts(name, column.widget)
            for name, column in self.fields.items()
            if isinstance(column.widget, ReferenceWidget)
        }

    def _texts(self, name: str, widget: ReferenceWidget) -> dict[Any, str]:
        wanted = {name, WAS + name} & set(self.frame.columns)
        pks = {pk for column in wanted for pk in self.frame[column].drop_nulls()}
        if not pks or self.frame.schema[next(iter(wanted))] == pl.String:
            return {}
        records = widget.model._default_manager.filter(pk__in=pks)
        return dict(records.values_list("pk", widget.lookups[0]))

    def rows(self, action: Action) -> list[dict[str, Any]]:
        """``row``, ``record``, ``key``, ``action`` and ``changes`` of each row.

        ``changes`` holds ``[column, before, after]`` of what is new or different.
        """
        label = str(self.change.resource._meta.model._meta.verbose_name)
        key = full_key_names(self.change)
        return [
            {
                "row": row[ROW],
                "record": label,
                "key": " · ".join(
                    filter(None, (self._text(n, row[n]) for n in key if n in row))
                ),
                "action": action.value,
                "changes": self._differences(row),
            }
            for row in self.frame.iter_rows(named=True)
        ]

    def _differences(self, row: dict[str, Any]) -> list[list[str]]:
        found = []
        for name in self.change.compared.names:
            before, after = row.get(WAS + name), row[name]
            if before != after and (before is not None or after not in {None, ""}):
                label = str(self.fields[name].column_name)
                then = UNLIMITED if row.get(NONE + name) else self._text(name, after)
                found.append([label, self._text(name, before), then])
        return found

    def _text(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        return str(self.texts.get(name, {}).get(value, value))


def full_key_names(change: Change) -> list[str]:
    """Columns that tell the record apart, outermost first."""
    resource: type[DomainResource] | None = change.resource
    names: list[str] = []
    while resource is not None:
        names = [n for n in resource.key() if n not in names] + names
        resource = resource.parent
    return names
