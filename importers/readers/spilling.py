"""The child's work: read a file piece by piece and write it as Arrow chunks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl

from importers.exceptions import FileProblem, NilReturn, NulBytes, TooLarge
from importers.readers.handover import CHUNK, TABLE
from importers.readers.limits import Limits
from importers.readers.opening import TableReading, open_reading
from importers.readers.table import ROW, widen

#: Skipped rows kept word for word; all are counted.
_SKIPPED_KEPT = 1_000
_NUL_BOOK = (
    "The workbook has NUL characters in its text; save it anew in Excel and send it "
    "again."
)
_NUL_JSON = (
    "The file has NUL characters (\\u0000) in its text; have the sender take them out "
    "and send it again."
)


class _Chunks:
    """Collects data rows and writes them in files of at most so many rows."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = rows
        self._waiting: list[pl.DataFrame] = []
        self._height = 0
        self.count = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take some rows; whatever fills a chunk is written."""
        if not frame.height:
            return
        self._waiting.append(frame)
        self._height += frame.height
        if self._height < self._rows:
            return
        whole = self._joined()
        for start in range(0, whole.height, self._rows):
            part = whole.slice(start, self._rows)
            if part.height < self._rows:
                self._waiting, self._height = [part], part.height
                return
            self._write(part)

    def finish(self) -> None:
        """Write what is left."""
        if self._height:
            self._write(self._joined())

    def _joined(self) -> pl.DataFrame:
        frames, self._waiting, self._height = self._waiting, [], 0
        width = max(len(frame.columns) for frame in frames) - 1
        if len(frames) == 1:
            return frames[0]
        return pl.concat([widen(frame, width) for frame in frames])

    def _write(self, frame: pl.DataFrame) -> None:
        # The old layout copies just these rows; the new one would drag along the
        # whole block each slice points into.
        frame.write_ipc(
            self._folder / CHUNK.format(self.count),
            compat_level=pl.CompatLevel.oldest(),
        )
        self.count += 1


def spill(
    path: Path, kind: str, folder: Path, sheet: str | None, limits: Limits
) -> None:
    """Write the chunks and table.json; raises the FileProblem a file deserves."""
    reading = open_reading(path, kind, sheet, limits)
    source = reading.source
    try:
        reading.check_header()
        chunks = _Chunks(folder, limits.chunk_rows)
        rows = 0
        skipped: list[tuple[int, str, str]] = []
        skipped_count = 0
        for judged in reading.judged(wants_records=False):
            _check_cells(judged.frame, limits, reading)
            chunks.add(judged.frame)
            rows += judged.frame.height
            skipped_count += len(judged.skipped)
            room = _SKIPPED_KEPT - len(skipped)
            skipped += [(row, why, text) for _r, row, why, text in judged.skipped][
                :room
            ]
        chunks.finish()
        if not rows:
            raise _nothing(reading, skipped)
        table: dict[str, Any] = {
            "header": reading.header,
            "format": source.format,
            "encoding": source.encoding,
            "delimiter": source.delimiter,
            "sheet": source.sheet,
            "sheets": source.sheets,
            "width": reading.width,
            "header_rows": reading.header_records,
            "row_count": rows,
            "skipped_count": skipped_count,
            "skipped": skipped,
            "repairs": reading.repairs(),
            "chunk_count": chunks.count,
        }
        (folder / TABLE).write_text(json.dumps(table, ensure_ascii=False), "utf-8")
    finally:
        source.close()


def _check_cells(frame: pl.DataFrame, limits: Limits, reading: TableReading) -> None:
    """Refuse a cell Excel could not hold, and NUL where bytes were not looked at."""
    if not frame.height:
        return
    cells = pl.all().exclude(ROW)
    # Bytes are free to count and never fewer than characters.
    longest = frame.select(cells.str.len_bytes().max()).row(0)
    for i, length in enumerate(longest):
        if length <= limits.cell_characters:
            continue
        lengths = frame.select(ROW, pl.col(f"c{i}").str.len_chars().alias("n"))
        long = lengths.filter(pl.col("n") > limits.cell_characters)
        if long.height:
            row, characters = long.row(0)
            raise TooLarge(
                f"Row {row}, {reading.place(i)} holds {characters:,} characters; "
                f"{limits.cell_characters:,} is the most a cell can have. Shorten it "
                "(or close an open quote) and send the file again."
            )
    if reading.source.format == "csv":
        return
    found = frame.select(cells.str.contains("\0", literal=True).any()).row(0)
    if any(found):
        raise NulBytes(_NUL_JSON if reading.source.format == "jsonl" else _NUL_BOOK)


_NIL = re.compile(
    r"\bnil\b|\bnothing to report\b|\bno (?:claims?|premiums?|transactions?|"
    r"movements?|entries)\b",
    re.IGNORECASE,
)


def _nothing(reading: TableReading, skipped: list[tuple[int, str, str]]) -> FileProblem:
    """What to raise where not one row was left: a nil return, if the file says so."""
    if any(_NIL.search(text) for _, _, text in skipped):
        return NilReturn("The sender reports that there is nothing to report.")
    return reading.no_rows()
