"""What is spoilt: small valid files of every kind that is read."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from functools import cache
from itertools import islice

import openpyxl
import xlwt

from tests import opendocument
from tests.benchmarks import generate

ROWS = 12
Rows = list[list[str]]
MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

PARTIES: Rows = [
    ["Code", "Name", "Country", "LEI"],
    ["ACME", "Acme Re", "GB", ""],
    ["BOLT", "Bolt Rück", "DE", "529900T8BM49AURSDO55"],
    ["ANDES", "Seguros Andes", "CL", ""],
]
EVENTS: Rows = [
    ["Code", "Name", "Cat Code", "Date from", "Date to"],
    ["EV-1", "Windstorm Petra", "26A", "2026-01-12", "2026-01-14"],
    ["EV-2", "Río Claro flood", "26B", "2026-02-02", "2026-02-20"],
]


def claims() -> Rows:
    """A claims bordereau as a coverholder sends it."""
    return [list(generate.HEADER), *islice(generate.rows(ROWS), ROWS)]


TABLES: dict[str, Callable[[], Rows]] = {
    "claims": claims,
    "parties": lambda: PARTIES,
    "loss-events": lambda: EVENTS,
}


def csv_of(rows: Rows) -> bytes:
    """Commas, UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def xlsx_of(rows: Rows) -> bytes:
    """A workbook with numbers as numbers."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([_typed(text) for text in row])
    out = io.BytesIO()
    book.save(out)
    return _without_moment(out.getvalue())


def _without_moment(book: bytes) -> bytes:
    """The same workbook, whenever it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = MOMENT.sub(b"2026-01-01T00:00:00Z", old.read(name))
            new.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def xls_of(rows: Rows) -> bytes:
    """A workbook of the old kind."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Claims")
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            sheet.write(y, x, _typed(text))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods_of(rows: Rows) -> bytes:
    """A workbook of LibreOffice's kind."""
    return opendocument.packed(opendocument.content_of(rows))


def _typed(text: str) -> str | float:
    try:
        return float(text) if "." in text else text
    except ValueError:
        return text


WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "csv": csv_of,
    "xlsx": xlsx_of,
    "xls": xls_of,
    "ods": ods_of,
}


@cache
def seed(kind: str, record_type: str) -> bytes:
    """The valid file of a kind for a record type."""
    return WRITERS[kind](TABLES[record_type]())
