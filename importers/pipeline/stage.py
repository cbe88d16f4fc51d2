"""Stage six: good rows as Parquet beside the original, and what they would do.

Each chunk is one part ``staged/<ingestion>/<attempt>/part-00000.parquet`` with typed
columns, the source row number and the action; rejected rows are kept as the sender
wrote them, with what is wrong, in a CSV to download, mend and send again.
"""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connection, transaction

from importers.pipeline import staged_settlements, storage
from importers.pipeline.across import Across
from importers.pipeline.changes import ACTION, Change, carries, walk
from importers.pipeline.control_totals import Totals, add_up
from importers.pipeline.effects import Effect
from importers.pipeline.frames import BROKEN, ROW, no_issues
from importers.pipeline.registers import Register
from importers.pipeline.rules import named
from importers.pipeline.settling import Settled, settle_rows
from importers.pipeline.shown_changes import Shown
from importers.pipeline.side_by_side import SideBySide
from importers.pipeline.together import judge_together
from importers.pipeline.waiting_rows import stands_alone, waiting
from importers.pipeline.whole_files import WholeFile
from importers.record_types import RecordType
from importers.values import Action
from reinsurance.ledger.preview import preview
from reinsurance.resources.contracts import REFERENCE
from reinsurance.resources.conventions import FileContext

PREVIEWED = 50
"""Changed rows that are shown before approval."""


def part_key(folder: str, number: int) -> str:
    """Storage key of a part of the staged rows, counted from 0."""
    return f"{folder}/part-{number:05d}.parquet"


@dataclass(slots=True)
class Staged:
    """What loading would do: rows by action, control totals, first changes.

    ``totals`` are over the good rows; ``effect``: what has to be the same when it is
    loaded.
    """

    effect: Effect = field(default_factory=Effect)
    rows: Counter[str] = field(default_factory=Counter)
    totals: Totals = field(default_factory=dict)
    preview: list[dict[str, Any]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Begun:
    """A chunk on its way: rows refused, rows that are good, what these come to.

    ``issues``: why rows are refused that were good by themselves.
    """

    refused: pl.DataFrame
    good: pl.DataFrame
    issues: pl.DataFrame
    settled: Future[Settled] | None = None


class Stager:
    """Writes the parts of one ingestion's attempt and sums up what they hold."""

    def __init__(
        self,
        record_type: RecordType,
        folder: Path,
        prefix: str,
        context: FileContext,
        headers: Mapping[str, str],
    ) -> None:
        self.record_type = record_type
        self.folder = folder
        self.prefix = prefix
        self.context = context
        self.headers = headers
        self.staged = Staged()
        self._settlement: Any = None
        self.register = Register() if record_type.is_register else None
        self._whole = WholeFile(record_type)

    def begin(self, frame: pl.DataFrame, across: Across, threads: SideBySide) -> Begun:
        """Begin to stage a checked chunk; :meth:`finish_chunk` is called in turn."""
        refused = pl.col(BROKEN) | pl.col(ROW).is_in(across.refused.implode())
        issues = self._waiting(frame, refused)
        waits = issues[ROW].cast(frame.schema[ROW])
        refused |= pl.col(ROW).is_in(waits.implode())
        good = frame.filter(~refused).drop(BROKEN)
        if across.without_contract is not None:
            alone = stands_alone(
                across.without_contract, good, self.record_type.ledger or ""
            )
            issues = pl.concat([issues, named(alone, self.headers)])
        begun = Begun(self._unplaced(frame.filter(refused), across), good, issues)
        if self.record_type.ledger is not None and begun.good.height:
            begun.settled = threads.submit(self._settled, begun.good)
        return begun

    def _unplaced(self, refused: pl.DataFrame, across: Across) -> pl.DataFrame:
        """Rows held out; one that other rows of claims hold out names no contract."""
        if self.record_type.ledger is None or not across.refused.len():
            return refused
        is_unplaced = pl.col(ROW).is_in(across.refused.implode())
        contract = pl.when(~is_unplaced).then(REFERENCE).alias(REFERENCE)
        return refused.with_columns(contract)

    def _waiting(self, frame: pl.DataFrame, refused: pl.Expr) -> pl.DataFrame:
        """Issues of rows that add up with refused ones."""
        ledger = self.record_type.ledger
        if ledger is None or not self.context.conventions.equal_rows_add:
            return no_issues()
        found = waiting(frame.filter(refused), frame.filter(~refused), ledger)
        return named(found, self.headers)

    def finish_chunk(
        self, begun: Begun, across: Across
    ) -> tuple[pl.Series, pl.DataFrame]:
        """Stage a chunk: the rows held out, and what the books say of it."""
        good, issues = begun.good, begun.issues
        held_out = begun.refused.get_column(ROW)
        if self.record_type.ledger is not None:
            self.staged.effect.note_held_out(begun.refused)
            if begun.settled is not None:
                good, found, more = self._take(good, begun.settled.result())
                issues = pl.concat([issues, found])
                held_out = pl.concat([held_out, more.cast(held_out.dtype)])
        else:
            if self.register is not None:
                self.staged.effect.note_held_out_lines(begun.refused)
            good = self._carrying(good, across)
            if good.height:
                good, issues = self._compared(good)
        self.staged.rows[Action.REJECTED.value] += held_out.len()
        if good.height:
            self._keep(good)
        return held_out, issues

    def _carrying(self, good: pl.DataFrame, across: Across) -> pl.DataFrame:
        for index in range(len(self.record_type.resources)):
            absent = across.not_carried.get(index)
            brings = (
                pl.lit(value=True)
                if absent is None or not absent.len()
                else ~pl.col(ROW).is_in(absent.implode())
            )
            good = good.with_columns(brings.alias(carries(index)))
        return good

    def _settled(self, good: pl.DataFrame) -> Settled:
        """What rows of a ledger make of the books; nothing of the file is kept."""
        with transaction.atomic(), connection.cursor() as cursor:
            return settle_rows(
                cursor,
                self.record_type,
                good,
                context=self.context,
                headers=self.headers,
            )

    def _take(
        self, good: pl.DataFrame, settled: Settled
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
        """Take up what was settled: rows that hold, issues, and rows that do not."""
        gone = good.filter(pl.col(ROW).is_in(settled.held_out.implode()))
        self.staged.effect.note_held_out(gone)
        self.staged.effect.note(settled, good)
        room = PREVIEWED - len(self.staged.preview)
        if room > 0:
            self.staged.preview += preview(settled.settlement, room)
        self._settlement = settled.settlement
        kept = good.join(settled.actions, on=ROW, maintain_order="left")
        return kept, settled.issues, settled.held_out

    def _compared(self, good: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of other kinds beside the books."""
        found = [no_issues()]
        with transaction.atomic(), connection.cursor() as cursor:
            for change in walk(cursor, self.record_type, good, context=self.context):
                if isinstance(change, Change):
                    self._show(change)
                    found.append(named(change.issues, self.headers))
                    self.staged.effect.note_change(change)
                else:
                    good = good.join(change, on=ROW, maintain_order="left")
        issues = pl.concat(found)
        self.staged.effect.note_changes(good, no_issues())
        self._whole.add(good)
        if self.register is not None:
            self.register.add(good, self.context)
        return good, issues

    def finish(self) -> pl.DataFrame:
        """What only the whole of a file shows, of a register who has left it."""
        kind, context = self.record_type, self.context
        found, effect = self._whole.issues(), self.staged.effect
        if kind.ledger == "claims":
            parts = range(len(self.staged.parts))
            keys = [staged_settlements.key_of(self.prefix, number) for number in parts]
            effect.own = partial(staged_settlements.told_of, keys)
            effect.own_events = partial(staged_settlements.events_of, keys)
        if found.height:
            effect.note_changes(None, found)
        together = judge_together(effect, kind, context, is_loaded=False)
        found = pl.concat([found, together])
        if self.register is not None:
            context = replace(context, held_out_lines=effect.lines())
            with transaction.atomic(), connection.cursor() as cursor:
                issues = self.register.issues(cursor, context)
            effect.note_register(issues)
            found = pl.concat([found, issues])
        return named(found, self.headers)

    def _keep(self, good: pl.DataFrame) -> None:
        self.staged.rows.update(
            dict(good.get_column(ACTION).value_counts().iter_rows())
        )
        told = self.context.conventions
        add_up(self.staged.totals, good, self.record_type, told)
        key = part_key(self.prefix, len(self.staged.parts))
        path = self.folder / Path(key).name
        good.write_parquet(path, compression="lz4", statistics=False)
        storage.put(key, path)
        path.unlink()
        if self._settlement is not None:
            number = len(self.staged.parts)
            settled = staged_settlements.key_of(self.prefix, number)
            staged_settlements.keep(self._settlement, settled, self.folder)
            self._settlement = None
        self.staged.parts.append(key)

    def _show(self, change: Change) -> None:
        for frame, action in (
            (change.updated, Action.UPDATED),
            (change.created, Action.CREATED),
        ):
            room = PREVIEWED - len(self.staged.preview)
            shown = Shown(change, frame.head(max(room, 0)))
            self.staged.preview += shown.rows(action)
