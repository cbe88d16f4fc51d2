"""Stages clean, check and stage over a whole table, chunk by chunk, in flat memory.

The first pass cleans and applies the rules; only after it is known which rows
contradict each other; the second pass compares with the books and stages.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from importers.pipeline import storage
from importers.pipeline.across import Across
from importers.pipeline.aside import Aside
from importers.pipeline.check import Checker
from importers.pipeline.clean import Cleaner
from importers.pipeline.frames import ISSUES, ROW, no_issues
from importers.pipeline.left_out import left_out
from importers.pipeline.match import Matches
from importers.pipeline.rejected import RejectedRows
from importers.pipeline.side_by_side import AT_ONCE, SideBySide, late, side_by_side
from importers.pipeline.stage import Begun, Staged, Stager
from importers.pipeline.staged_settlements import books_version
from importers.readers.sandbox import Spilled
from importers.record_types import RecordType
from importers.values import Action, Severity
from reinsurance.ledger.statistics import refresh_statistics
from reinsurance.resources.cells import CellOptions
from reinsurance.resources.conventions import FileContext

KEPT_ISSUES = 20_000
"""Issues listed one by one; all of them are counted and all rejected rows kept."""

Checked = Future[tuple[pl.DataFrame, pl.DataFrame]]
BegunChunk = tuple[Begun, pl.DataFrame, pl.DataFrame]
"""A chunk on its way, its text and its issues."""


@dataclass(slots=True)
class Examined:
    """What came out: staged rows, issues, and the storage key of the rejected rows.

    ``books``: the version of the books that the rows were settled against; empty where
    they have moved meanwhile.
    """

    staged: Staged
    issues: pl.DataFrame = field(default_factory=no_issues)
    by_code: Counter[str] = field(default_factory=Counter)
    by_severity: Counter[str] = field(default_factory=Counter)
    rejected: str = ""
    books: str = ""

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
    context: FileContext,
    prefix: str,
    folder: Path,
    alive: Callable[[], None] = lambda: None,
) -> Examined:
    """Clean, check and stage the table; only storage below ``prefix`` is written.

    ``alive`` is called between chunks and may raise to stop the work.
    """
    refresh_statistics(record_type.ledger)
    cleaner = Cleaner(record_type, matches, options)
    checker = Checker(record_type, cleaner.headers, folder, context)
    stager = Stager(record_type, folder, prefix, context, cleaner.headers)
    examined = Examined(stager.staged)
    ends: list[int] = []
    # A file of one chunk has nothing to be worked on meanwhile.
    others = spilled.chunk_count - 1
    with side_by_side(min(others, 1)) as threads:
        checked = FirstPass(cleaner, checker, threads).chunks(spilled)
        for count, (end, frame, issues) in enumerate(checked, start=1):
            examined.note(issues)
            frame.write_ipc(folder / f"clean-{count:05d}.arrow")
            issues.write_ipc(folder / f"issues-{count:05d}.arrow")
            ends.append(end)
            alive()
    across = checker.across()
    examined.note(across.issues)
    rejected = RejectedRows(folder / "rejected.csv", tuple(spilled.header))
    aside = Aside.of(checker, ends, folder)
    version = books_version()
    with side_by_side(min(others, AT_ONCE)) as threads:
        second = SecondPass(folder, stager, rejected, across, examined, aside, threads)
        for _ in second.chunks(spilled):
            alive()
    examined.note(stager.finish())
    if record_type.ledger is not None and version == books_version():
        examined.books = version
    for code, missing in left_out(stager.staged.effect, record_type, context):
        examined.note_file(code, Severity.WARNING, missing)
    if examined.staged.rows[Action.REJECTED.value]:
        examined.rejected = f"{prefix}/rejected.csv"
        storage.put(examined.rejected, rejected.path)
    return examined


@dataclass(slots=True)
class FirstPass:
    """Cleaning and the rules: one chunk is checked while the next is cleaned."""

    cleaner: Cleaner
    checker: Checker
    threads: SideBySide

    def chunks(
        self, spilled: Spilled
    ) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """Last row, row frame and issues of each chunk."""
        for end, cell_issues, checked in late(self._begin(spilled), by=1):
            frame, row_issues = checked.result()
            yield end, frame, pl.concat([cell_issues, row_issues])

    def _begin(self, spilled: Spilled) -> Iterator[tuple[int, pl.DataFrame, Checked]]:
        for chunk in spilled.chunks():
            frame, issues = self.cleaner.clean(chunk)
            checked = self.threads.submit(self.checker.check, frame)
            yield chunk[ROW].to_list()[-1], issues, checked


@dataclass(slots=True)
class SecondPass:
    """Staging chunk by chunk; rows of records that several chunks tell of come last."""

    folder: Path
    stager: Stager
    rejected: RejectedRows
    across: Across
    examined: Examined
    aside: Aside
    threads: SideBySide

    def chunks(self, spilled: Spilled) -> Iterator[None]:
        """Stage chunk by chunk; the next ones are settled meanwhile."""
        yield from map(self._finish, late(self._begin_all(spilled), by=AT_ONCE))

    def _begin_all(self, spilled: Spilled) -> Iterator[BegunChunk]:
        for number, chunk in enumerate(spilled.chunks(), start=1):
            clean = self.folder / f"clean-{number:05d}.arrow"
            noted = self.folder / f"issues-{number:05d}.arrow"
            frame, issues = pl.read_ipc(clean), pl.read_ipc(noted)
            clean.unlink()
            noted.unlink()
            frame, chunk = self.aside.put(number, frame, chunk, issues)
            if frame.height:
                yield self._begin(frame, chunk, issues)
        for frame, chunk, issues in self.aside.portions():
            yield self._begin(frame, chunk, issues)

    def _begin(
        self, frame: pl.DataFrame, chunk: pl.DataFrame, issues: pl.DataFrame
    ) -> BegunChunk:
        return self.stager.begin(frame, self.across, self.threads), chunk, issues

    def _finish(self, begun: BegunChunk) -> None:
        rows, chunk, issues = begun
        held_out, found = self.stager.finish_chunk(rows, self.across)
        self.examined.note(found)
        if held_out.len():
            listed = held_out.implode()
            here = self.across.issues.filter(pl.col(ROW).is_in(listed))
            self.rejected.add(chunk, held_out, pl.concat([issues, here, found]))
