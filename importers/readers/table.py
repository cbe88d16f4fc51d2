"""The value every reader returns: header, rows of text, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

#: First columns of a frame: source row number, then c0, c1, …
ROW = "row"
#: Widest sheet Excel knows; anything wider is an attack or another delimiter.
MAX_COLUMNS = 16_384
#: Longest text Excel keeps in one cell.
MAX_CELL = 32_767


def column_names(width: int) -> list[str]:
    """The names c0 … c(width-1)."""
    return [f"c{i}" for i in range(width)]


def letters(column: int) -> str:
    """Excel's letters of a column counted from 0: A, …, Z, AA, …"""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def widen(frame: pl.DataFrame, width: int) -> pl.DataFrame:
    """The frame with empty columns added until it has ``width`` cells a row."""
    have = len(frame.columns) - 1
    if have >= width:
        return frame
    names = column_names(width)[have:]
    return frame.with_columns(pl.lit("").alias(name) for name in names)


@dataclass(frozen=True, slots=True)
class Rows:
    """Data rows, lists of text all of one width; may be walked again and again."""

    frames: tuple[pl.DataFrame, ...]
    width: int

    def __iter__(self) -> Iterator[list[str]]:
        for _number, cells in self.numbered():
            yield cells

    def __len__(self) -> int:
        return sum(frame.height for frame in self.frames)

    def numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Pairs of source row number (from 1) and cells."""
        for frame in self.frames:
            for number, *cells in widen(frame, self.width).iter_rows():
                yield number, cells


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file, every cell as text.

    ``header`` is empty where the file has none; a name is "" where a column has
    none. ``roles`` gives record numbers from 0 under "header", "data" and
    "skipped". ``repairs`` says in short sentences what had to be mended.
    """

    header: tuple[str, ...]
    rows: Rows
    roles: dict[str, list[int]]
    repairs: tuple[str, ...]
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    skipped: tuple[tuple[int, str, str], ...] = field(default=())

    def numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Pairs of source row number as a clerk sees it (from 1) and cells."""
        return self.rows.numbered()
