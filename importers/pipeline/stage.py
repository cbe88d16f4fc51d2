"""Stage six: good rows as Parquet beside the original, and what they would do.

Each chunk is one part ``staged/<ingestion>/<attempt>/part-00000.parquet`` with typed
columns, the source row number and the action; rejected rows are kept as the sender
wrote them, with what is wrong, in a CSV to download, mend and send again.
"""

import csv
import datetime
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connection, transaction

from importers.pipeline import storage
from importers.pipeline.changes import ACTION, Change, carries, walk
from importers.pipeline.check import Across
from importers.pipeline.compare import WAS
from importers.pipeline.frames import BROKEN, ROW
from importers.record_types import RecordType
from importers.values import Action, Severity
from reinsurance.resources.formats import harmless

PREVIEWED = 50
"""Changed rows that are shown before approval."""


@dataclass(slots=True)
class Staged:
    """What loading would do: rows by action, control totals, first changes.

    ``totals``: currency to ``{"rows": n, column: sum}`` over the good rows.
    """

    rows: Counter[str] = field(default_factory=Counter)
    totals: dict[str, dict[str, Any]] = field(default_factory=dict)
    preview: list[dict[str, Any]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


class Stager:
    """Writes the parts of one ingestion's attempt and sums up what they hold."""

    def __init__(
        self,
        record_type: RecordType,
        folder: Path,
        prefix: str,
        period_end: datetime.date | None,
    ) -> None:
        self.record_type = record_type
        self.folder = folder
        self.prefix = prefix
        self.period_end = period_end
        self.staged = Staged()

    def add(self, frame: pl.DataFrame, across: Across) -> pl.Series:
        """Stage one checked chunk; the row numbers that are held out."""
        refused = pl.col(BROKEN) | pl.col(ROW).is_in(across.refused.implode())
        held_out = frame.filter(refused).get_column(ROW)
        good = frame.filter(~refused).drop(BROKEN)
        for index in range(len(self.record_type.resources)):
            absent = across.not_carried.get(index)
            brings = (
                pl.lit(value=True)
                if absent is None or not absent.len()
                else ~pl.col(ROW).is_in(absent.implode())
            )
            good = good.with_columns(brings.alias(carries(index)))
        self.staged.rows[Action.REJECTED.value] += held_out.len()
        if good.height:
            self._plan(good)
        return held_out

    def _plan(self, good: pl.DataFrame) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for change in walk(
                cursor, self.record_type, good, period_end=self.period_end
            ):
                if isinstance(change, Change):
                    self._show(change)
                else:
                    good = good.join(change, on=ROW, maintain_order="left")
        self.staged.rows.update(
            dict(good.get_column(ACTION).value_counts().iter_rows())
        )
        self._total(good)
        name = f"part-{len(self.staged.parts):05d}.parquet"
        path = self.folder / name
        good.write_parquet(path, compression="lz4", statistics=False)
        key = f"{self.prefix}/{name}"
        storage.put(key, path)
        path.unlink()
        self.staged.parts.append(key)

    def _total(self, good: pl.DataFrame) -> None:
        names = [
            name
            for name, column in self.record_type.columns.items()
            if column.total and name in good.columns
        ]
        if "currency" not in good.columns:
            return
        sums = good.group_by("currency").agg(
            pl.len().alias("rows"), *(pl.col(name).sum() for name in names)
        )
        for row in sums.iter_rows(named=True):
            totals = self.staged.totals.setdefault(row["currency"] or "", {"rows": 0})
            totals["rows"] += row["rows"]
            for name in names:
                so_far = Decimal(totals.get(name, "0.00"))
                totals[name] = str(so_far + (row[name] or Decimal("0.00")))

    def _show(self, change: Change) -> None:
        label = str(change.resource._meta.model._meta.verbose_name)
        room = PREVIEWED - len(self.staged.preview)
        for frame, action in (
            (change.updated, Action.UPDATED),
            (change.created, Action.CREATED),
        ):
            for row in frame.head(max(room, 0)).iter_rows(named=True):
                self.staged.preview.append(
                    {
                        "row": row[ROW],
                        "record": label,
                        "action": action.value,
                        "changes": _differences(change, row),
                    }
                )
            room = PREVIEWED - len(self.staged.preview)


def _differences(change: Change, row: dict[str, Any]) -> list[list[str]]:
    """``[column, before, after]`` of what is new or different in a row."""
    fields = change.resource.fields
    found = []
    for name in (*change.resource.key(), *change.compared.names):
        if name not in row:
            continue
        before, after = row.get(WAS + name), row[name]
        if before != after and (before is not None or after not in {None, ""}):
            label = str(fields[name].column_name)
            found.append([label, _shown(before), _shown(after)])
    return found


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


class RejectedRows:
    """The rows held out, as the sender wrote them, with number and reasons, as CSV."""

    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        self.path = path
        names = [name or f"Column {n}" for n, name in enumerate(header, start=1)]
        with path.open("w", newline="", encoding="utf-8-sig") as stream:
            csv.writer(stream).writerow([*names, "Row in the file", "What is wrong"])

    def add(
        self, chunk: pl.DataFrame, held_out: pl.Series, issues: pl.DataFrame
    ) -> None:
        """Append the rows of a chunk of text that are held out."""
        if not held_out.len():
            return
        reasons = (
            issues.filter(pl.col("severity") == Severity.ERROR.value)
            .group_by(ROW, maintain_order=True)
            .agg(pl.col("message").unique(maintain_order=True).str.join(" | "))
        )
        rows = chunk.filter(pl.col(ROW).is_in(held_out.implode())).join(
            reasons, on=ROW, how="left", maintain_order="left"
        )
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            for number, *cells, reason in rows.iter_rows():
                writer.writerow([*map(harmless, cells), number, reason or ""])
