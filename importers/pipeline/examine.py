"""Stages clean, check and stage over a whole table, chunk by chunk, in flat memory.

The first pass cleans and applies the rules; only after it is known which rows
contradict each other; the second pass compares with the books and stages.
"""

import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from importers.pipeline import storage
from importers.pipeline.check import Across, Checker
from importers.pipeline.clean import Cleaner
from importers.pipeline.frames import ISSUES, ROW, no_issues
from importers.pipeline.match import Matches
from importers.pipeline.stage import RejectedRows, Staged, Stager
from importers.readers.sandbox import Spilled
from importers.record_types import RecordType
from importers.values import Action, Severity
from reinsurance.resources.cells import CellOptions

KEPT_ISSUES = 20_000
"""Issues listed one by one; all of them are counted and all rejected rows kept."""


@dataclass(slots=True)
class Examined:
    """What came out: staged rows, issues, and the storage key of the rejected rows."""

    staged: Staged
    issues: pl.DataFrame = field(default_factory=no_issues)
    by_code: Counter[str] = field(default_factory=Counter)
    by_severity: Counter[str] = field(default_factory=Counter)
    rejected: str = ""

    def note(self, issues: pl.DataFrame) -> None:
        """Count issues and keep the first of them."""
        for name, counter in (("code", self.by_code), ("severity", self.by_severity)):
            counter.update(dict(issues.get_column(name).value_counts().iter_rows()))
        room = KEPT_ISSUES - self.issues.height
        if room > 0 and issues.height:
            self.issues = pl.concat([self.issues, issues.sort(ROW).head(room)])

    def note_file(self, code: str, severity: Severity, message: str) -> None:
        """Count an issue of the whole file; it stands before those of the rows."""
        one = (0, "", "", code, severity.value, message[:400])
        issue = pl.DataFrame([one], schema=ISSUES, orient="row")
        self.by_code[code] += 1
        self.by_severity[severity.value] += 1
        self.issues = pl.concat([issue, self.issues.head(KEPT_ISSUES - 1)])


def examine(
    spilled: Spilled,
    record_type: RecordType,
    matches: Matches,
    *,
    options: CellOptions,
    period_end: datetime.date | None,
    prefix: str,
    folder: Path,
    alive: Callable[[], None] = lambda: None,
) -> Examined:
    """Clean, check and stage the table; only storage below ``prefix`` is written.

    ``alive`` is called between chunks and may raise to stop the work.
    """
    cleaner = Cleaner(record_type, matches, options)
    checker = Checker(record_type, cleaner.headers, folder)
    stager = Stager(record_type, folder, prefix, period_end)
    examined = Examined(stager.staged)
    count = 0
    for count, chunk in enumerate(spilled.chunks(), start=1):  # noqa: B007
        frame, cell_issues = cleaner.clean(chunk)
        frame, row_issues = checker.check(frame)
        issues = pl.concat([cell_issues, row_issues])
        examined.note(issues)
        frame.write_ipc(folder / f"clean-{count:05d}.arrow")
        issues.write_ipc(folder / f"issues-{count:05d}.arrow")
        alive()
    across = checker.across()
    examined.note(across.issues)
    rejected = RejectedRows(folder / "rejected.csv", tuple(spilled.header))
    for number, chunk in enumerate(spilled.chunks(), start=1):
        _stage(number, chunk, folder, stager, rejected, across)
        alive()
    if examined.staged.rows[Action.REJECTED.value]:
        examined.rejected = f"{prefix}/rejected.csv"
        storage.put(examined.rejected, rejected.path)
    return examined


def _stage(
    number: int,
    chunk: pl.DataFrame,
    folder: Path,
    stager: Stager,
    rejected: RejectedRows,
    across: Across,
) -> None:
    clean = folder / f"clean-{number:05d}.arrow"
    noted = folder / f"issues-{number:05d}.arrow"
    frame = pl.read_ipc(clean)
    held_out = stager.add(frame, across)
    if held_out.len():
        here = across.issues.filter(pl.col(ROW).is_in(held_out.implode()))
        issues = pl.concat([pl.read_ipc(noted), here])
        rejected.add(chunk, held_out, issues)
    clean.unlink()
    noted.unlink()
