"""What every kind of file gives the rest of the reader: a sample, then frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Protocol

import polars as pl

from importers.readers.table import ROW, column_names

#: Records looked at to find the header and the shape of the table.
SAMPLE_RECORDS = 1_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some records in a row; ``uneven`` gives the number of cells of those that had
    more or fewer than the width, by source row number."""

    frame: pl.DataFrame
    first_record: int
    uneven: dict[int, int] = field(default_factory=dict)


class OpenFile(Protocol):
    """A file opened for reading, one sheet of it chosen."""

    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[str, ...]

    def close(self) -> None:
        """Let go of the file."""


class Source(OpenFile, Protocol):
    """A file of rows and columns, the header among them."""

    #: The first records, and the record number of the first of them.
    sample: list[list[str]]
    first_record: int
    #: How many columns left of the first cell are empty (Excel).
    first_column: int

    def pieces(self, width: int) -> Iterator[Piece]:
        """All records from the first on, in frames at least ``width`` wide."""

    def repairs(self) -> list[str]:
        """What had to be mended; complete when all pieces have been walked."""


def frame_of(
    numbers: Sequence[int], rows: Sequence[list[str]], width: int, first_record: int
) -> Piece:
    """A piece from lists; wider where a row has something beyond the width."""
    uneven: dict[int, int] = {}
    widest = width
    for number, row in zip(numbers, rows, strict=True):
        length = len(row)
        if length == width or not length:
            continue
        while length > width and not row[length - 1]:
            length -= 1
        if length != width:
            uneven[number] = length
            widest = max(widest, length)
    even = [
        row if len(row) == widest else (row + [""] * (widest - len(row)))[:widest]
        for row in rows
    ]
    columns = list(zip(*even, strict=True)) or list(repeat((), widest))
    frame = pl.DataFrame(
        {ROW: pl.Series(numbers, dtype=pl.Int64)}
        | {
            name: pl.Series(values, dtype=pl.String)
            for name, values in zip(column_names(widest), columns, strict=True)
        }
    )
    return Piece(frame, first_record, uneven)
