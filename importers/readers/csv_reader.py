"""Read a delimited text file: a careful look at its head, then block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from importers.readers import dialect as dialects
from importers.readers.blocks import BLOCK_BYTES, Blocks
from importers.readers.encoding import Encoding, detect
from importers.readers.fast import parse_block
from importers.readers.records import Records
from importers.readers.sources import SAMPLE_RECORDS, Piece, frame_of
from importers.readers.table import column_names

_HEAD_CHARACTERS = 1 << 18
#: Records turned into one frame by the careful path.
_CAREFUL_RECORDS = 20_000


class CsvSource:
    """A delimited text file. ``is_quick=False`` keeps to the csv module throughout."""

    format = "csv"
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    first_column = 0
    first_record = 0

    def __init__(
        self,
        path: Path,
        encoding: Encoding | None = None,
        *,
        is_quick: bool = True,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self._encoding = encoding or detect(path)
        self._is_quick = is_quick
        self._blocks = Blocks(path, self._encoding, block_bytes)
        # What is decided on the head must not depend on the size of blocks.
        head = self._blocks.take(4 * _HEAD_CHARACTERS)
        self.dialect = dialects.detect(_head(head))
        self.encoding: str | None = self._encoding.name
        self.delimiter = self.dialect.delimiter
        self._records = Records(self._blocks, self.dialect)
        self._numbers: list[int] = []
        self.sample: list[list[str]] = []
        for number, cells in self._records.read(head, limit=SAMPLE_RECORDS):
            self._numbers.append(number)
            self.sample.append(cells)

    def pieces(self, width: int) -> Iterator[Piece]:
        """The sample, then the rest: quick where that is certain, else careful."""
        record = len(self.sample)
        yield frame_of(self._numbers, self.sample, width, 0)
        while block := self._blocks.take():
            if self._is_quick:
                frame = self._quick(block, width)
                if frame is not None:
                    yield Piece(frame, record)
                    record += frame.height
                    self._records.line += frame.height
                    continue
            for piece in self._careful(block, width, record):
                yield piece
                record += piece.frame.height

    def _quick(self, block: bytes, width: int) -> pl.DataFrame | None:
        """The block by the quick path; lines may end in needless delimiters."""
        written = max(width, self.dialect.width)
        frame = parse_block(block, self._records.line, self.dialect, written)
        if frame is None or written == width:
            return frame
        names = column_names(written)[width:]
        beyond = frame.select(pl.col(names).str.len_bytes().max()).row(0)
        return None if any(beyond) else frame.drop(names)

    def _careful(self, block: bytes, width: int, record: int) -> Iterator[Piece]:
        numbers: list[int] = []
        rows: list[list[str]] = []
        for number, cells in self._records.read(block):
            numbers.append(number)
            rows.append(cells)
            if len(rows) == _CAREFUL_RECORDS:
                yield frame_of(numbers, rows, width, record)
                record += len(rows)
                numbers, rows = [], []
        if rows:
            yield frame_of(numbers, rows, width, record)

    def repairs(self) -> list[str]:
        """Quotes taken for text, and bytes that could not be decoded."""
        said = []
        if lines := self._records.stray_quotes:
            said.append(
                f"{counted(len(lines), 'line')} had a quote that is never closed; it "
                f"was read as text ({first_few(lines)})."
            )
        if self._encoding.is_mixed:
            said.append("Some characters could not be decoded and show as \ufffd.")
        return said

    def close(self) -> None:
        """Close the file."""
        self._blocks.__exit__()


def _head(block: bytes) -> str:
    text = block[: 4 * _HEAD_CHARACTERS].decode("utf-8", "ignore")[:_HEAD_CHARACTERS]
    if len(text) == _HEAD_CHARACTERS and (end := text.rfind("\n")) > 0:
        return text[: end + 1]
    return text


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 line, 1,204 lines."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def first_few(lines: list[int], noun: str = "line") -> str:
    """The first few numbers: line 7; lines 7, 9, 12, …"""
    shown = ", ".join(str(line) for line in lines[:5])
    more = ", …" if len(lines) > 5 else ""
    return f"{noun}{'' if len(lines) == 1 else 's'} {shown}{more}"
