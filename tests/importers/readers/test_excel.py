"""Workbooks of every kind give the text a clerk sees."""

# ruff: noqa: DTZ001 (Excel knows no time zones)

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table as OdsTable
from odf.table import TableCell, TableRow
from odf.text import P

from importers.exceptions import UnknownSheet
from importers.readers import read
from importers.readers.cells import cell_text, column_text

HEADER = ("Policy No", "Insured", "Inception", "Paid", "Open")
ROWS = [
    ["0012", "Smith", "2024-01-31", "10.5", "TRUE"],
    ["0013", "Jönsson", "2024-02-29", "12345", "FALSE"],
]
VALUES: list[list[object]] = [
    ["0012", "Smith", dt.date(2024, 1, 31), 10.5, True],
    ["0013", "Jönsson", dt.date(2024, 2, 29), 12345, False],
]


def _xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Claims"
    for row in [HEADER, *VALUES]:
        book.active.append(row)
    book.save(path)


def _xls(path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Claims")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for r, row in enumerate([HEADER, *VALUES]):
        for c, value in enumerate(row):
            if isinstance(value, dt.date):
                sheet.write(r, c, value, day)
            else:
                sheet.write(r, c, value)
    book.save(str(path))


def _ods(path: Path) -> None:
    document = OpenDocumentSpreadsheet()
    table = OdsTable(name="Claims")
    for row in [HEADER, *VALUES]:
        line = TableRow()
        for value in row:
            if isinstance(value, bool):
                text = str(value).lower()
                cell = TableCell(valuetype="boolean", booleanvalue=text)
            elif isinstance(value, dt.date):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
            elif isinstance(value, (int, float)):
                cell = TableCell(valuetype="float", value=str(value))
            else:
                cell = TableCell(valuetype="string")
                cell.addElement(P(text=value))
            line.addElement(cell)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    document.save(str(path))


@pytest.mark.parametrize(
    ("kind", "make"), [("xlsx", _xlsx), ("xls", _xls), ("ods", _ods)]
)
def test_each_kind(tmp_path: Path, kind: str, make: Callable[[Path], None]) -> None:
    path = tmp_path / "stored-without-extension"
    make(path)
    table = read(path)
    assert table.header == HEADER
    assert list(table.rows) == ROWS
    assert list(table.numbered()) == [(2, ROWS[0]), (3, ROWS[1])]
    assert table.roles == {"header": [0], "data": [1, 2], "skipped": []}
    assert (table.format, table.sheet, table.sheets) == (kind, "Claims", ("Claims",))
    assert (table.encoding, table.delimiter) == (None, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("007", "007"),
        (" x ", " x "),
        (7.0, "7"),
        (12345.0, "12345"),
        (1e5, "100000"),
        (1e20, "100000000000000000000"),
        (1.5e-7, "0.00000015"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-1234.5, "-1234.5"),
        (9007199254740991.0, "9007199254740991"),
        (True, "TRUE"),
        (False, "FALSE"),
        (None, ""),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (dt.datetime(2024, 1, 2), "2024-01-02"),
        (dt.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
        (dt.datetime(2024, 1, 2, 14, 29, 59, 999_996), "2024-01-02 14:30:00"),
        (dt.datetime(2024, 1, 2, 23, 59, 59, 999_996), "2024-01-03"),
        (dt.datetime(2024, 1, 2, 3, 4, 5, 600_000), "2024-01-02 03:04:05.6"),
        (dt.time(3, 4), "03:04:00"),
        (dt.time(13, 3, 21, 600_000), "13:03:21.6"),
        (dt.time(14, 29, 59, 999_996), "14:30:00"),
        (dt.timedelta(hours=30, minutes=5), "30:05:00"),
        (dt.timedelta(hours=-1), "-01:00:00"),
    ],
)
def test_the_text_of_a_cell(value: object, text: str) -> None:
    assert cell_text(value) == text
    assert column_text([value, value]) == [text, text]
    assert column_text([value, "x", 1.0, True]) == [text, "x", "1", "TRUE"]


def test_dates_counted_from_1904(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in [["Ref", "Loss", "Paid"], ["001", dt.date(2024, 1, 31), 1.0]]:
        book.active.append(row)
    book.save(tmp_path / "mac")
    assert list(read(tmp_path / "mac").rows) == [["001", "2024-01-31", "1"]]


def test_error_cells_are_text_not_blanks(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["B3"], sheet["C3"], sheet["D3"] = "Ref", "Rate", "Paid"
    for row in range(4, 6):
        sheet.cell(row, 2, f"00{row}")
        sheet.cell(row, 3, "#DIV/0!").data_type = "e"
        sheet.cell(row, 4, 1.5)
    sheet["D5"] = "#N/A"
    sheet["D5"].data_type = "e"
    book.save(tmp_path / "errors")
    assert list(read(tmp_path / "errors").numbered()) == [
        (4, ["004", "#DIV/0!", "1.5"]),
        (5, ["005", "#DIV/0!", "#N/A"]),
    ]


def test_merged_cells_and_rows_numbered_as_in_excel(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["C4"] = "Premium bordereau 2024"
    sheet.merge_cells("C4:E4")
    for column, name in zip("CDE", ("Policy", "Insured", "Premium"), strict=True):
        sheet[f"{column}6"] = name
    sheet["C8"], sheet["D8"], sheet["E8"] = "007", "Smith", 5
    book.save(tmp_path / "merged")
    table = read(tmp_path / "merged")
    assert table.header == ("Policy", "Insured", "Premium")
    assert list(table.numbered()) == [(8, ["007", "Smith", "5"])]
    assert table.roles == {"header": [5], "data": [7], "skipped": [3, 4, 6]}


def _book_of_sheets(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["Cedant", "Acme"])
    book.active.append(["Period", "2024"])
    for name, state in [("Old", "hidden"), ("Jan", "visible"), ("Feb", "visible")]:
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        sheet.append(["Policy", "Insured", "Paid"])
        sheet.append([name, "Smith", 5])
    book.save(path)


def test_the_sheet_chosen_unasked_is_the_first_visible_table(tmp_path: Path) -> None:
    _book_of_sheets(tmp_path / "book")
    table = read(tmp_path / "book")
    assert table.sheet == "Jan"
    assert table.sheets == ("Cover", "Old", "Jan", "Feb")
    assert list(table.rows) == [["Jan", "Smith", "5"]]


def test_any_sheet_may_be_asked_for(tmp_path: Path) -> None:
    _book_of_sheets(tmp_path / "book")
    assert list(read(tmp_path / "book", "Old").rows) == [["Old", "Smith", "5"]]
    assert read(tmp_path / "book", sheet="Feb").sheet == "Feb"
    with pytest.raises(UnknownSheet, match="it has 'Cover', 'Old', 'Jan', 'Feb'"):
        read(tmp_path / "book", "Mar")


def test_a_hidden_sheet_is_taken_where_there_is_nothing_else(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    sheet.append(["Policy", "Insured", "Paid"])
    sheet.append(["1", "Smith", 5])
    sheet.sheet_state = "hidden"
    book.save(tmp_path / "book")
    assert read(tmp_path / "book").sheet == "Data"


def test_an_empty_workbook(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "book")
    table = read(tmp_path / "book")
    assert (table.header, list(table.rows), table.sheet) == ((), [], "Sheet")
