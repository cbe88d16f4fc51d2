"""Files that are no tables: rejected with a sentence, kept, nothing written."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from importers.models import Ingestion, RowChange
from importers.pipeline import storage
from importers.services import ingestions, work
from reinsurance.models import Claim

pytestmark = pytest.mark.django_db
HEADER = "UMR,Claim Ref,Date of Loss,Currency\n"


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """A workbook whose sheet is that XML."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["a"]]))) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            target.writestr(name, xml if is_sheet else source.read(name))
    return out.getvalue()


def two_cells() -> bytes:
    """A1 and the last cell there can be: it aborts the parser's process."""
    cell = '<c r="{0}" t="n"><v>1</v></c>'
    return with_sheet(
        (
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
            '2006/main">'
            f'<sheetData><row r="1">{cell.format("A1")}</row>'
            f'<row r="1048576">{cell.format("XFD1048576")}</row>'
            "</sheetData></worksheet>"
        ).encode()
    )


def encrypted() -> bytes:
    """The beginning of an encrypted workbook: an OLE file with EncryptedPackage."""
    name = "EncryptedPackage".encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + name + b"\0" * 2048


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.csv", lambda: b"", "empty_file"),
    "blank": ("a.csv", lambda: b"\n\n \n", "empty_file"),
    "wrong extension": ("a.docx", lambda: HEADER.encode(), "wrong_kind"),
    "PDF named xlsx": ("a.xlsx", lambda: b"%PDF-1.7\n" + b"x" * 900, "wrong_kind"),
    "program named csv": ("a.csv", lambda: b"MZ\x90\0" + b"\0" * 900, "wrong_kind"),
    "encrypted": ("a.xlsx", encrypted, "encrypted_file"),
    "header alone": ("a.csv", lambda: HEADER.encode(), "no_rows"),
    "a million columns": ("a.csv", lambda: b"a," * 1_000_000 + b"\n1\n", "too_wide"),
    "duplicate headers": (
        "a.csv",
        lambda: b"UMR,Claim Ref,Paid,Paid\nT,1,2,3\n",
        "duplicate_header",
    ),
    "NUL bytes": (
        "a.csv",
        lambda: HEADER.encode() + b"T,A\0B,2026-01-01,GBP\n",
        "nul_bytes",
    ),
    "zip bomb": ("a.xlsx", lambda: with_sheet(b" " * (450 << 20)), "too_large"),
    "two cells": ("a.xlsx", two_cells, "hostile_file"),
    "cut workbook": (
        "a.xlsx",
        lambda: workbook([["a", "b"], [1, 2]])[:-300],
        "damaged_file",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file(name: str, clerk: object) -> None:
    file_name, make, code = BAD[name]
    content = make()
    ingestion = ingestions.submit(
        blocks=[content],
        file_name=file_name,
        record_type="claims",
        source=ingestions.source_of(None),
        door="test",
        enqueue=False,
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "rejected", ingestion.message
    assert ingestion.issue_counts["by_code"] == {code: 1}
    assert ingestion.message.endswith(".")
    assert "Traceback" not in ingestion.message
    assert ingestion.events.last().message == ingestion.message
    with storage.local(ingestion.original) as path:
        assert Path(path).read_bytes() == content
    assert not Claim.objects.exists()
    assert not RowChange.objects.exists()
    assert Ingestion.objects.count() == 1


def test_wrong_encoding_is_read_as_what_it_is(tmp_path: Path) -> None:
    """A file in the Windows code page is read; mixed rubbish is refused."""
    content = (HEADER[:-1] + ",Insured\nT,1,2026-01-01,GBP,Müller\n").encode("cp1252")
    ingestion = ingestions.submit(
        blocks=[content],
        file_name="a.csv",
        record_type="claims",
        source=ingestions.source_of(None),
        door="test",
        enqueue=False,
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.table["encoding"] == "cp1252"
    assert ingestion.issue_counts["by_code"] == {"unknown_treaty": 1}
