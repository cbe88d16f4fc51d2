"""Read a workbook (xlsx, xlsm, xls, xlsb, ods) with calamine, every cell as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import polars as pl
import python_calamine as calamine

from importers.exceptions import DamagedFile, EncryptedFile, TooWide, UnknownSheet
from importers.readers import opendocument, structure
from importers.readers.cells import cell_text, column_text
from importers.readers.containers import LOCKED, head_of, is_encrypted
from importers.readers.errors import Errors, error_cells
from importers.readers.sources import SAMPLE_RECORDS, Piece
from importers.readers.table import MAX_COLUMNS, ROW, column_names

_ROWS = 25_000
#: A sheet chosen unasked should be a table, not a cover page of "name: value" lines.
_TABLE_WIDTH = 3


class ExcelSource:
    """One sheet of a workbook.

    Without ``sheet`` the first visible sheet is taken that has a header of three or
    more columns and a data row; else the first visible one with a data row; else the
    first visible one with anything in it; else the first such hidden one.
    """

    encoding: str | None = None
    delimiter: str | None = None

    def __init__(self, path: Path, kind: str, sheet: str | None = None) -> None:
        self.format = kind
        self._grid: calamine.CalamineSheet | None = None
        if kind != "xls":
            _check_open_document(path)
        self._file = path.open("rb")
        self._book = self._open(path)
        try:
            self._select(path, sheet)
        except BaseException:
            self.close()
            raise

    def _select(self, path: Path, sheet: str | None) -> None:
        sheets = [s for s in self._book.sheets_metadata if _is_worksheet(s)]
        self.sheets = tuple(s.name for s in sheets)
        if sheet is not None and sheet not in self.sheets:
            names = ", ".join(repr(name) for name in self.sheets)
            raise UnknownSheet(
                f"The workbook has no sheet {sheet!r}; it has {names or 'none'}. "
                "Choose one of them."
            )
        self.sheet: str | None
        self._forget()
        self._load(self._choose(sheets) if sheet is None else sheet)
        self._errors: Errors = {}
        if self.format == "xlsx" and self.sheet is not None:
            self._errors = error_cells(path, self.sheet)
        for row, cells in enumerate(self.sample, self.first_record):
            self._restore_errors(cells, self._errors.get(row, {}))

    def _open(self, path: Path) -> calamine.CalamineWorkbook:
        try:
            # By handle: the path is content-addressed, no extension to go by.
            return calamine.CalamineWorkbook.from_filelike(self._file)
        except (calamine.CalamineError, OSError) as error:
            self._file.close()
            locked = isinstance(error, calamine.PasswordError)
            if locked or (self.format == "xls" and is_encrypted(head_of(path))):
                raise EncryptedFile(LOCKED) from error
            raise DamagedFile(_damaged(error)) from error

    def _restore_errors(self, cells: list[str], errors: dict[int, str]) -> None:
        for column, text in errors.items():
            place = column - self.first_column
            if 0 <= place < len(cells) and not cells[place]:
                cells[place] = text

    def _choose(self, sheets: list[calamine.SheetMetadata]) -> str | None:
        shown = calamine.SheetVisibleEnum.Visible
        visible = [s.name for s in sheets if s.visible == shown]
        hidden = [s.name for s in sheets if s.name not in visible]
        with_rows = with_cells = None
        for name in visible:
            self._load(name)
            layout = structure.find(self.sample)
            if structure.has_data(self.sample, layout):
                named = sum(1 for text in layout.header if text)
                if named >= _TABLE_WIDTH:
                    return name
                with_rows = with_rows or name
            if layout.width:
                with_cells = with_cells or name
        if with_rows or with_cells:
            return with_rows or with_cells
        for name in hidden:
            self._load(name)
            if structure.find(self.sample).width:
                return name
        return next(iter(visible or hidden), None)

    def _forget(self) -> None:
        self.sheet = None

    def _load(self, name: str | None) -> None:
        if name is not None and name == self.sheet:
            return  # just looked at; loading costs as much as all the rest
        self.sheet = name
        self._grid = None
        self.sample: list[list[str]] = []
        self.first_record = self.first_column = 0
        if name is None:
            return
        try:
            grid = self._book.get_sheet_by_name(name)
        except calamine.CalamineError as error:
            raise DamagedFile(_damaged(error)) from error
        self._grid = grid
        if grid.start is None:
            return
        if grid.width > MAX_COLUMNS:  # before a row of it is made a list
            raise TooWide(
                f"Sheet {name!r} has cells as far right as column {grid.width:,}; "
                f"{MAX_COLUMNS:,} is the most a table can have. Open the workbook in "
                "Excel, save it anew and send it again."
            )
        self.first_record, self.first_column = grid.start
        rows = islice(_rows(grid), SAMPLE_RECORDS)
        self.sample = [[cell_text(value) for value in row] for row in rows]

    def pieces(self, width: int) -> Iterator[Piece]:
        """Rows of the used range, some thousands at a time, converted by column."""
        if self._grid is None or self._grid.start is None:
            return
        rows = _rows(self._grid)
        record = self.first_record
        while chunk := list(islice(rows, _ROWS)):
            columns = [column_text(values) for values in zip(*chunk, strict=True)]
            for row in range(record, record + len(chunk)) if self._errors else ():
                for column, text in self._errors.get(row, {}).items():
                    place = column - self.first_column
                    if 0 <= place < len(columns) and not columns[place][row - record]:
                        columns[place][row - record] = text
            while len(columns) > width and not any(columns[-1]):
                columns.pop()
            names = column_names(max(width, len(columns)))
            numbers = pl.int_range(
                record + 1, record + 1 + len(chunk), dtype=pl.Int64, eager=True
            )
            blank = [""] * len(chunk)
            frame = pl.DataFrame(
                {ROW: numbers}
                | {
                    name: pl.Series(values, dtype=pl.String)
                    for name, values in zip_longest(names, columns, fillvalue=blank)
                }
            )
            yield Piece(frame, record)
            record += len(chunk)

    def repairs(self) -> list[str]:
        """A workbook is either read or refused; nothing is mended."""
        return []

    def close(self) -> None:
        """Free the workbook."""
        self._grid = None
        self._book.close()
        self._file.close()


def _check_open_document(path: Path) -> None:
    """Refuse what calamine would not come to the end of."""
    if opendocument.is_encrypted(path):
        raise EncryptedFile(LOCKED)
    if flaw := opendocument.flaw(path):
        raise DamagedFile(_damaged(flaw))


def _damaged(error: Exception | str) -> str:
    detail = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return (
        "The workbook is damaged and cannot be opened; open it in Excel, save it "
        f"anew and send it again ({detail})."
    )


def _is_worksheet(sheet: calamine.SheetMetadata) -> bool:
    return sheet.typ == calamine.SheetTypeEnum.WorkSheet


def _rows(grid: calamine.CalamineSheet) -> Iterator[list[Any]]:
    """Rows from the first filled one on; calamine begins at row 1 (but cuts off the
    empty columns on the left)."""
    return islice(grid.iter_rows(), grid.start[0] if grid.start else 0, None)
