"""The one place that chooses how a file is read, by what kind of file it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from importers.exceptions import BadEncoding, FileProblem, NulBytes
from importers.readers import encoding as encodings
from importers.readers.csv_reader import CsvSource
from importers.readers.excel import ExcelSource
from importers.readers.json_lines import JsonLines
from importers.readers.json_reading import JsonReading
from importers.readers.limits import Limits
from importers.readers.reading import Judged, Reading
from importers.readers.sources import OpenFile


class TableReading(Protocol):
    """A table under way, of whatever kind of file.

    Header and width may grow while :meth:`judged` is walked, as may the repairs.
    """

    @property
    def source(self) -> OpenFile:
        """The file it is read from; the caller closes it."""

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns, "" for one without; empty without a header."""

    @property
    def width(self) -> int:
        """Number of columns; 0 where there is no table."""

    @property
    def header_records(self) -> list[int]:
        """Record numbers (from 0) of the header rows."""

    def check_header(self) -> None:
        """Raise DuplicateHeader for names that later stages cannot tell apart."""

    def place(self, column: int) -> str:
        """How the sender knows a column counted from 0: "column C"."""

    def judged(self, *, wants_records: bool = True) -> Iterator[Judged]:
        """Data rows and skipped ones, piece by piece; to be walked once."""

    def no_rows(self) -> FileProblem:
        """What to raise where the walk came upon no data row."""

    def repairs(self) -> tuple[str, ...]:
        """Sentences for everything mended."""


def open_reading(
    path: Path, kind: str, sheet: str | None = None, limits: Limits | None = None
) -> TableReading:
    """The table of a file of that kind (see ``kinds.kind_of``).

    With limits, the file is one from outside: text that could be read only in part
    is refused. Raises FileProblem where the file cannot be opened.
    """
    if kind == "jsonl":
        limits = limits or Limits()
        return JsonReading(JsonLines(path, block_bytes=limits.block_bytes), limits)
    if kind != "csv":
        return Reading.of(ExcelSource(path, kind, sheet))
    return Reading.of(CsvSource(path) if limits is None else _clean(path, limits))


def _clean(path: Path, limits: Limits) -> CsvSource:
    encoding = encodings.detect(path)
    if encoding.has_nul:
        raise NulBytes(
            "The file has NUL characters between the text, so it is damaged or no "
            "table; export it again and send it anew."
        )
    if encoding.is_mixed:
        raise BadEncoding(
            "The text of the file is in several encodings or damaged; save it as "
            '"CSV UTF-8" and send it again.'
        )
    return CsvSource(path, encoding, block_bytes=limits.block_bytes)
