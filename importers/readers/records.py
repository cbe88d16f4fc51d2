"""The careful path through a CSV: one record at a time, stray quotes contained.

A quote opened and never closed makes the csv module swallow everything up to the next
quote without an error. So a record that took several lines is looked at again: where
its first line is a whole record by itself, the quote is taken for text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from importers.exceptions import TooWide
from importers.readers.blocks import Blocks
from importers.readers.dialect import Dialect
from importers.readers.table import MAX_COLUMNS

#: No cell of a bordereau runs over more lines or characters than this.
MAX_LINES = 1_000
MAX_CHARACTERS = 1 << 20

# The default of 131,072 characters raises an error in the middle of a file; too long
# cells are judged by us, with a message a clerk understands.
csv.field_size_limit(2**31 - 1)


class _RunawayError(Exception):
    """A record has taken more lines than any real one."""


class _Lines:
    """Feeds lines to the csv module and remembers those of the record under way."""

    def __init__(self, block: bytes, blocks: Blocks) -> None:
        self._blocks = blocks
        self._text = io.StringIO(block.decode("utf-8", "replace"), newline="")
        self._queue: list[str] = []
        self._length = 0
        self.taken: list[str] = []
        self.has_ended = False

    def start(self) -> list[str]:
        """Begin a record; its lines are collected in the list returned."""
        self.taken, self._length = [], 0
        return self.taken

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._queue:
            line = self._queue.pop()
        else:
            line = self._text.readline()
            if not line:
                # Asked for more in the middle of a record: go on into the next block.
                block = self._blocks.take() if self.taken else b""
                if not block:
                    self.has_ended = True
                    raise StopIteration
                self._text = io.StringIO(block.decode("utf-8", "replace"), newline="")
                line = self._text.readline()
        self.taken.append(line)
        self._length += len(line)
        if len(self.taken) > 1 and (
            len(self.taken) > MAX_LINES or self._length > MAX_CHARACTERS
        ):
            raise _RunawayError
        return line

    def put_back(self, lines: list[str]) -> None:
        self._queue.extend(reversed(lines))

    def rest(self) -> bytes:
        """Everything not yet read, to hand back to the blocks."""
        queued = "".join(reversed(self._queue))
        self._queue = []
        return (queued + self._text.read()).encode()


class Records:
    """Cuts blocks into records of the dialect; counts lines and mended quotes."""

    def __init__(self, blocks: Blocks, dialect: Dialect) -> None:
        self._blocks = blocks
        self._dialect = dialect
        self._options = dialect.reader_options()
        self._cell = _cell_pattern(dialect)
        #: Number of the physical line the next record starts on.
        self.line = 1
        #: Lines on which a quote was taken for text.
        self.stray_quotes: list[int] = []

    def read(
        self, block: bytes, limit: int | None = None
    ) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each record that starts in the block.

        Stops after ``limit`` records; the unread rest goes back to the blocks.
        """
        lines = _Lines(block, self._blocks)
        reader = csv.reader(lines, **self._options)
        count = 0
        while limit is None or count < limit:
            taken = lines.start()
            cells: list[str] | None
            try:
                cells = next(reader)
            except StopIteration:
                break
            except _RunawayError:
                cells = None
            if cells is None or len(taken) > 1 or len(cells) != self._dialect.width:
                mended = self._mend(cells, taken, lines.has_ended)
                if mended is not None:
                    cells = mended
                    lines.put_back(taken[1:])
                    del taken[1:]
                    lines.has_ended = False
                    reader = csv.reader(lines, **self._options)
                    self.stray_quotes.append(self.line)
            assert cells is not None  # noqa: S101 (a runaway is always mended)
            if len(cells) > MAX_COLUMNS:
                raise TooWide(
                    f"Line {self.line} has {len(cells):,} columns; 16,384 is the most "
                    "a table can have. Check the delimiter and send the file again."
                )
            yield self.line, cells
            self.line += len(taken)
            count += 1
        self._blocks.give_back(lines.rest())

    def _mend(
        self, cells: list[str] | None, taken: list[str], has_ended: bool
    ) -> list[str] | None:
        """Cells of the first line alone where its quote is a stray one, else None."""
        quote, width = self._dialect.quote, self._dialect.width
        if cells is None:
            return self._cut(taken[0])
        if quote is None or quote not in taken[0]:
            return None
        alone = self._cut(taken[0])
        if width < 2 or len(alone) != width:
            if has_ended and len(taken) > 3 and len(cells) < width:
                return alone  # never closed: better one odd line than a lost file
            return None
        if len(cells) != width:
            return alone
        if width > 2 and len(taken) > 1:
            swallowed = any(len(self._cut(line)) == width for line in taken[1:])
            return alone if swallowed else None
        return None

    def _cut(self, line: str) -> list[str]:
        """Cells of one line; a quote counts only where its partner ends the cell."""
        line = line.rstrip("\r\n")
        delimiter = self._dialect.delimiter or "\x1e"
        if len(line) > MAX_CHARACTERS:
            return line.split(delimiter)
        quote = self._dialect.quote or '"'
        cells, at = [], 0
        while True:
            found = self._cell.match(line, at)
            if found is None:  # pragma: no cover (the pattern matches anything)
                return line.split(delimiter)
            quoted = found.group(1)
            plain = found.group(2)
            cells.append(
                quoted.replace(quote * 2, quote) if quoted is not None else plain
            )
            at = found.end()
            if not found.group(3):
                return cells


def _cell_pattern(dialect: Dialect) -> re.Pattern[str]:
    quote = re.escape(dialect.quote or '"')
    delimiter = re.escape(dialect.delimiter or "\x1e")
    space = " *" if dialect.skips_space else ""
    inner = rf"\\.|[^\\{quote}]" if dialect.escape else f"[^{quote}]|{quote}{quote}"
    return re.compile(
        rf"{space}(?:{quote}((?:{inner})*){quote}(?={delimiter}|$)|([^{delimiter}]*))"
        rf"({delimiter}|$)"
    )
