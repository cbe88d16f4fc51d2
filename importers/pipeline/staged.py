"""Staged rows to be looked at: a page of them, with what loading would do."""

import csv
import datetime
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from importers.pipeline import storage
from importers.pipeline.changes import ACTION
from importers.pipeline.frames import ROW
from importers.pipeline.stage import part_key
from importers.record_types import RecordType
from importers.values import Action
from reinsurance.ledger.held_out import HeldOut
from reinsurance.ledger.periods import END
from reinsurance.models import Treaty
from reinsurance.resources.lookups import ContractWidget, ReferenceWidget


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row of the file: its number, what loading does with it, its values.

    ``values``: by the column's name; of a row held out as the sender wrote them, by
    header, and ``problem`` says what is wrong.
    """

    row: int
    action: str
    values: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: part and row in it; the part behind the last: held out."""

    part: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class StagedFile:
    """What checking left of a file: the folder of its parts, and the rows held out."""

    record_type: RecordType
    folder: str
    parts: int
    rejected: str

    def page(
        self, place: Place, count: int, action: str = ""
    ) -> tuple[list[StagedRow], Place | None]:
        """So many rows from a place on, and where the next page begins; None: at end.

        With ``action`` only such rows.
        """
        found: list[StagedRow] = []
        part, row = place.part, place.row
        if action == Action.REJECTED:
            part = max(part, self.parts)
        while part < self.parts:
            rows, seen = self._of_part(part, row, count - len(found), action)
            found += rows
            if seen is not None:
                return found, Place(part, seen)
            part, row = part + 1, 0
        if action and action != Action.REJECTED:
            return found, None
        held_out, more = self._held_out(row, count - len(found))
        found += held_out
        return found, Place(self.parts, row + len(held_out)) if more else None

    def rows(self, action: str = "") -> Iterator[StagedRow]:
        """All rows, some thousand at a time in memory."""
        place: Place | None = Place()
        while place is not None:
            found, place = self.page(place, 2000, action)
            yield from found

    def _of_part(
        self, part: int, first: int, count: int, action: str
    ) -> tuple[list[StagedRow], int | None]:
        with storage.local(part_key(self.folder, part)) as path:
            rows = pl.scan_parquet(path).with_row_index("__place").slice(first)
            if action:
                rows = rows.filter(pl.col(ACTION) == action)
            frame = rows.head(count + 1).collect()
        page = frame.head(count)
        shown = self._shown(page)
        if frame.height > count:
            return shown, int(frame["__place"][count])
        return shown, None

    def _shown(self, frame: pl.DataFrame) -> list[StagedRow]:
        names = [n for n in self.record_type.columns if n in frame.columns]
        texts = {n: self._texts(n, frame[n]) for n in names}
        return [
            StagedRow(
                row[ROW],
                row[ACTION],
                {n: _plain(texts[n].get(row[n], row[n])) for n in names},
            )
            for row in frame.iter_rows(named=True)
        ]

    def _texts(self, name: str, keys: pl.Series) -> dict[Any, str]:
        """What a key refers to, by the text that files have for it."""
        widget = self.record_type.columns[name].widget
        if isinstance(widget, ContractWidget) and keys.dtype.is_integer():
            contracts = Treaty.objects.filter(pk__in=keys.drop_nulls().unique())
            return dict(contracts.values_list("pk", "reference"))
        if not isinstance(widget, ReferenceWidget) or keys.dtype == pl.String:
            return {}
        records = widget.model._default_manager.filter(
            pk__in=keys.drop_nulls().unique()
        )
        return dict(records.values_list("pk", widget.lookups[0]))

    def _held_out(self, first: int, count: int) -> tuple[list[StagedRow], bool]:
        if not self.rejected:
            return [], False
        with storage.local(self.rejected) as path:
            rows = list(islice(_rejected(path), first, first + count + 1))
        return rows[:count], len(rows) > count


def _rejected(path: Path) -> Iterator[StagedRow]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        lines = csv.reader(stream)
        header = next(lines)[:-2]
        for *cells, number, problem in lines:
            values = dict(zip(header, cells, strict=False))
            yield StagedRow(int(number), Action.REJECTED.value, values, problem)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        whole, _, digits = f"{value:f}".partition(".")
        return f"{whole}.{digits.rstrip('0').ljust(2, '0')}" if digits else whole
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def told_of(
    parts: Iterable[str], name: str, contracts: Collection[int]
) -> Iterator[HeldOut]:
    """Contract, reference (column ``name``) and period's end of staged rows."""
    for part in parts:
        with storage.local(part) as path:
            frame = pl.read_parquet(path, columns=["treaty_reference", name, END])
        mine = frame.filter(pl.col("treaty_reference").is_in(list(contracts)))
        yield from mine.drop_nulls(name).unique().iter_rows()
