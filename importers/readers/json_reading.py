"""Put JSON lines together as a table: every field any record has is a column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from importers.exceptions import (
    BadEncoding,
    DamagedFile,
    DuplicateHeader,
    FileProblem,
    NoRows,
    NulBytes,
    TooLarge,
    TooWide,
)
from importers.readers.body import BLANK
from importers.readers.json_frames import Stack, is_broken
from importers.readers.json_lines import JsonLines
from importers.readers.json_records import RepeatedName, flat_record
from importers.readers.limits import Limits
from importers.readers.reading import Judged

#: Cells turned into one frame; keeps memory flat where the table is wide.
_BLOCK_CELLS = 2_000_000
#: Cells of a chunk. A few bytes of JSON can ask for a new column of all rows.
_CHUNK_CELLS = 50_000_000
_ASK = "Send JSON lines: one record (a JSON object) a line."


@dataclass(slots=True)
class JsonReading:
    """JSON lines under way: walk :meth:`judged` once, then ask for the header.

    There are no totals or notes to judge: every object is a data row, but one
    without any field counts as blank.
    """

    source: JsonLines
    limits: Limits
    #: Name → line it first stood in; and the same by what later stages compare.
    _lines: dict[str, int] = field(default_factory=dict)
    _alike: dict[str, str] = field(default_factory=dict)
    _rows: int = 0

    @property
    def header(self) -> tuple[str, ...]:
        """All names so far, in the order of their first appearance."""
        return tuple(self._lines)

    @property
    def width(self) -> int:
        """Number of columns so far."""
        return len(self._lines)

    @property
    def header_records(self) -> list[int]:
        """None: each record brings its names along."""
        return []

    def check_header(self) -> None:
        """Nothing yet: names are checked as they come."""

    def place(self, column: int) -> str:
        """How the sender knows a column."""
        return f"field {self.header[column][:80]!r}"

    def judged(self, *, wants_records: bool = True) -> Iterator[Judged]:
        """Frames of all records. Raises the FileProblem of the first bad line."""
        record = most = 0
        stack = Stack()
        data: list[int] = []
        skipped: list[tuple[int, int, str, str]] = []
        for first, lines in self.source.blocks():
            for number, raw in enumerate(lines, first):
                line = raw.strip()
                if not line:
                    continue
                names, cells = _record(line, number)
                if not names:
                    skipped.append((record, number, BLANK, ""))
                else:
                    if stack.add(number, names, cells):
                        self._learn(names, number)
                        most = min(self.limits.chunk_rows, _BLOCK_CELLS // self.width)
                    if wants_records:
                        data.append(record)
                record += 1
                if 0 < most <= stack.height or len(skipped) >= self.limits.chunk_rows:
                    yield Judged(self._frame(stack), data, skipped)
                    data, skipped = [], []
            # No longer than a block of text: texts may be long.
            yield Judged(self._frame(stack), data, skipped)
            data, skipped = [], []

    def _frame(self, stack: Stack) -> pl.DataFrame:
        self._rows += stack.height
        if min(self._rows, self.limits.chunk_rows) * self.width > _CHUNK_CELLS:
            raise TooWide(
                f"The first {self._rows:,} records have {self.width:,} different "
                "fields between them, more than a table of that length can have. "
                "Check that no field has a value for its name and send the file again."
            )
        return stack.take(self.header)

    def _learn(self, names: tuple[str, ...], number: int) -> None:
        """Make columns of the names not seen before."""
        for name in names:
            if name in self._lines:
                continue
            _check_name(name, number, self.limits)
            key = name.strip().casefold()
            if key and key in self._alike:
                other = self._alike[key]
                raise DuplicateHeader(
                    f"The fields {other[:80]!r} (line {self._lines[other]}) and "
                    f"{name[:80]!r} (line {number}) differ only in capitals or blanks. "
                    "Have the sender rename one of them and send the file again."
                )
            self._alike[key] = name
            self._lines[name] = number
        if self.width > self.limits.columns:
            raise TooWide(
                f"The records have {self.width:,} different fields between them by "
                f"line {number}; {self.limits.columns:,} columns is the most a table "
                "can have. Check that no field has a value for its name and send the "
                "file again."
            )

    def no_rows(self) -> FileProblem:
        """What to raise where not one record had a field."""
        return NoRows(
            "The file has no records with a field in them; ask the sender whether the "
            "period is nil."
        )

    def repairs(self) -> tuple[str, ...]:
        """None: what is no JSON is refused, not mended."""
        return ()


def _record(line: str, number: int) -> tuple[tuple[str, ...], tuple]:
    try:
        return flat_record(line)
    except RepeatedName as error:
        raise DuplicateHeader(
            f"Line {number} has the field {str(error)[:80]!r} twice, so one of its "
            "values would be lost. Have the sender rename one of them and send the "
            "file again."
        ) from error
    except ValueError as error:
        raise DamagedFile(
            f"Line {number} is no JSON object of its own: the file is cut short or "
            f"damaged, or its records are spread over several lines. {_ASK}"
        ) from error
    except RecursionError as error:
        raise DamagedFile(
            f"Line {number} has lists or objects nested hundreds of levels deep, as "
            "only damage or an attack does. Have the sender export the file anew."
        ) from error


def _check_name(name: str, number: int, limits: Limits) -> None:
    if len(name) > limits.cell_characters:
        raise TooLarge(
            f"Line {number} has a field whose name is {len(name):,} characters long; "
            f"{limits.cell_characters:,} is the most a name can have. Have the sender "
            "shorten it and send the file again."
        )
    if "\0" in name:
        raise NulBytes(
            f"Line {number}: the name of field {name[:80]!r} has a NUL character in "
            "it. Have the sender take it out and send the file again."
        )
    if is_broken(name):
        raise BadEncoding(
            f"Line {number}: the name of field {name[:80]!r} has half of a character "
            "in it (a lone \\ud800 to \\udfff). Have the sender export the file anew."
        )
