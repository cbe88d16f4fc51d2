"""What loading a file does: the same at its check, its approval and its load.

The approval is of this.  Where the books have moved since, so that counts, totals or
warnings are other ones, nothing is loaded and the difference is shown.
"""

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import polars as pl

from importers.exceptions import CountsTwice
from importers.pipeline import befores
from importers.pipeline.changes import Change
from importers.pipeline.frames import ROW
from importers.pipeline.held_out import (
    in_order,
    lines_of,
    names_in,
    names_of,
    names_told,
)
from importers.pipeline.settling import Settled, year_listing
from importers.record_types import RecordType
from reinsurance.ledger.claim_events import OwnEvents
from reinsurance.ledger.contracts_left import Rejected
from reinsurance.ledger.held_out import HeldOut
from reinsurance.ledger.lacked_days import lacked_days
from reinsurance.ledger.lacking import Lacked, lacked_by
from reinsurance.ledger.lacking_moves import (
    Changes,
    Own,
    changes_of_claims,
    moves_of_claims,
    moves_of_premiums,
)
from reinsurance.ledger.moved_away import moved_away
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.periods import END, START
from reinsurance.ledger.spoken_for import Period, not_spoken_for
from reinsurance.resources.conventions import FileContext, HeldOutLine


@dataclass(slots=True)
class Effect:
    """Counts of rows by action and of what the books say of them; the periods told.

    ``periods``: contract, start and end of the period to its rows.  ``present``: keys
    of records of the books that rows are about, with their period; ``beside``: what
    others may have told beside them; ``together``: what
    rules of the whole file add up; ``held_out``: keys
    of those that rows held out name, ``held_out_lines`` what those of a register name.
    ``lacking`` and ``lacking_digest``: how many records a correction leaves out, and
    which.  ``before``: what the changed records held, as a digest by kind of record.
    ``is_settled``: it was worked out here, not taken over from the check.  ``own``:
    and ``own_events``: what rows tell of claims, as long as the books do not have them.
    """

    rows: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)
    periods: Counter[tuple[Any, Any, Any]] = field(default_factory=Counter)
    present: list[pl.DataFrame] = field(default_factory=list)
    beside: list[pl.DataFrame] = field(default_factory=list)
    together: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    held_out: list[pl.DataFrame] = field(default_factory=list)
    held_out_lines: list[pl.DataFrame] = field(default_factory=list)
    lacking: int = 0
    lacking_digest: str = ""
    before: dict[str, int] = field(default_factory=dict)
    is_settled: bool = False
    own: Own | None = None
    own_events: OwnEvents | None = None
    _lacked: list[Lacked] | None = None
    _changes: Changes | None = None

    def speaks_for(self, context: FileContext) -> dict[Period, int]:
        """Contracts and periods of which a correction leaves out what it lacks."""
        return not_spoken_for(self.periods, context.of_parents)

    def count(self, good: pl.DataFrame) -> None:
        """Count the rows of a chunk by their action."""
        self.rows.update(dict(good.get_column("__action").value_counts().iter_rows()))

    def note_changes(self, good: pl.DataFrame | None, issues: pl.DataFrame) -> None:
        """Take up what a chunk of other kinds does, and what has to be looked at."""
        self.is_settled = True
        if good is not None:
            self.count(good)
        self.codes.update(dict(issues["code"].value_counts().iter_rows()))

    def note_before(self, digests: Mapping[str, int]) -> None:
        """Take up what records that rows of a chunk change held before."""
        for kind, digest in digests.items():
            self.before[kind] = self.before.get(kind, 0) ^ digest

    def note_change(self, change: Change) -> None:
        """Take up what a chunk does to one kind of records."""
        self.note_changes(None, change.issues)
        self.note_before(befores.of_change(change))

    def note_register(self, issues: pl.DataFrame) -> None:
        """Take up what only the whole of a register shows: who has left it, and all."""
        self.note_changes(None, issues)
        self.note_before({"panel": befores.of_issues(issues)})

    def note(self, settled: Settled, good: pl.DataFrame) -> None:
        """Take up what a settled chunk does."""
        self.is_settled = True
        self.count(settled.actions)
        counts = settled.issues.filter(
            ~pl.col(ROW).is_in(settled.held_out.cast(pl.Int64).implode())
        ).get_column("code")
        self.codes.update(dict(counts.value_counts().iter_rows()))
        self.moves.update(settled.settlement.moves)
        self.note_before(befores.of_settlement(settled.settlement))
        kept = good.filter(~pl.col(ROW).is_in(settled.held_out.implode()))
        self.note_periods(kept)
        self.present.append(settled.settlement.present)
        self.beside.append(settled.settlement.beside)
        for name, frame in settled.together.items():
            self.together.setdefault(name, []).append(frame)

    def note_periods(self, rows: pl.DataFrame) -> None:
        """Count rows by the contract and period that they are for."""
        told = rows.group_by("treaty_reference", START, END).len()
        for treaty, start, end, count in told.iter_rows():
            self.periods[treaty, start, end] += count

    def note_held_out(self, rows: pl.DataFrame) -> None:
        """Rows held out name records that a correction does not lack."""
        if rows.height and "treaty_reference" in rows.columns:
            self.held_out.append(names_in(rows))

    def note_held_out_lines(self, rows: pl.DataFrame) -> None:
        """Rows of a register that are held out: whose lines they may be."""
        if rows.height:
            self.held_out_lines.append(lines_of(rows))

    def lines(self) -> tuple[HeldOutLine, ...]:
        """Whose lines the rows of a register that are held out may be."""
        frames = self.held_out_lines
        return tuple(HeldOutLine(*row) for frame in frames for row in frame.iter_rows())

    def named(self) -> tuple[HeldOut, ...]:
        """What rows held out are about, of those that tell it."""
        return in_order(names_told(self.rejected()))

    def rejected(self) -> list[Rejected]:
        """Contract, claim or policy and end of the period of rows held out.

        A row whose contract is not known may be about any that the file is for.
        """
        contracts = {treaty for treaty, _, _ in self.periods if treaty is not None}
        return names_of(self.held_out, contracts)

    def moved_away(
        self, cursor: Any, record_type: RecordType, context: FileContext
    ) -> list[str]:
        """A sentence for each claim that was moved out of contracts it speaks for."""
        if record_type.ledger != "claims":
            return []
        return moved_away(
            cursor,
            number=context.number,
            sender=context.conventions.sender,
            periods=[(t, e) for t, _, e in self.speaks_for(context) if e is not None],
            present=self._present_positions(),
        )

    def find_lacking(
        self, cursor: Any, record_type: RecordType, context: FileContext
    ) -> list[Lacked]:
        """What the correction leaves out of the contracts and periods it speaks for."""
        found = self.lacked(cursor, record_type, context)
        self.lacking = len(found)
        self.moves.update(self._moves_of(cursor, record_type, context, found))
        keys = sorted(f"{x.key} {x.period_end} {x.stands}" for x in found)
        self.lacking_digest = sha256("\n".join(keys).encode()).hexdigest()
        return found

    def lacked(
        self, cursor: Any, record_type: RecordType, context: FileContext
    ) -> list[Lacked]:
        """What was told before and is missing now, of contracts and periods told.

        Worked out once, when the whole file is known.  Raises CountsTwice.
        """
        if self._lacked is not None:
            return self._lacked
        try:
            self._lacked = lacked_by(
                cursor,
                record_type.ledger or "",
                number=context.number,
                sender=context.conventions.sender,
                periods=[period for period in self.speaks_for(context) if period[2]],
                present=self.present,
                held_out={*self.named(), *context.held_out},
                listing=year_listing,
                lists_year=lists_year(record_type, context),
                also_then=context.conventions.is_correction,
            )
        except CountsTwiceError as problem:
            raise CountsTwice(str(problem)) from problem
        return self._lacked

    def _moves_of(
        self,
        cursor: Any,
        record_type: RecordType,
        context: FileContext,
        lacked: list[Lacked],
    ) -> dict[str, Any]:
        if record_type.ledger != "claims":
            return moves_of_premiums(lacked)
        return moves_of_claims(self.changes(cursor, context, lacked))

    def changes(
        self, cursor: Any, context: FileContext, lacked: list[Lacked]
    ) -> Changes:
        """By how much positions of claims change by what the correction leaves out."""
        if self._changes is None:
            speaks_for = self.speaks_for(context)
            self._changes = changes_of_claims(
                cursor,
                lacked,
                number=context.number,
                sender=context.conventions.sender,
                periods=[(t, e) for t, _, e in speaks_for if e is not None],
                held_out={*self.named(), *context.held_out},
                own=self.own,
            )
        return self._changes

    def lacked_days(
        self,
        cursor: Any,
        record_type: RecordType,
        context: FileContext,
        lacked: list[Lacked],
    ) -> dict[tuple[int, datetime.date | None], str]:
        """What else changes with claims left out (:func:`lacked_days.lacked_days`)."""
        if record_type.ledger != "claims" or not lacked:
            return {}
        changes = self.changes(cursor, context, lacked)
        return lacked_days(changes.before, changes.after, lacked)

    def _present_positions(self) -> pl.Series:
        told = [f["position"] for f in self.present if "position" in f.columns]
        return pl.concat([pl.Series(dtype=pl.Int64), *told])

    def as_json(self) -> dict[str, Any]:
        """What has to be the same."""
        return {
            "rows": {n: c for n, c in sorted(self.rows.items()) if c},
            "codes": {n: c for n, c in sorted(self.codes.items()) if c},
            "moves": {n: c for n, c in sorted(self.moves.items()) if c},
            "lacking": self.lacking,
            "lacking_digest": self.lacking_digest,
            "before": {n: f"{d:016x}" for n, d in sorted(self.before.items()) if d},
        }


def lists_year(record_type: RecordType, context: FileContext) -> bool:
    """Whether the file lists premium of the year to date."""
    return (
        record_type.ledger == "premiums" and context.conventions.premium_lists == "year"
    )
