"""Files made by the tests themselves, and the way to the shared real data."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
_SHEET = (
    '<?xml version="1.0"?><worksheet '
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>%s</sheetData></worksheet>"
)

Write = Callable[..., Path]


@pytest.fixture
def shared() -> Path:
    """The folder of real files nobody here wrote."""
    return SHARED


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text or bytes to a file without an extension, as the store keeps them."""

    def _write(content: str | bytes, name: str = "file") -> Path:
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        return path

    return _write


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[[list[list[object]]], Path]:
    """An xlsx with one sheet of the rows given."""

    def _workbook(rows: list[list[object]]) -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        path = tmp_path / "book"
        book.save(path)
        return path

    return _workbook


@pytest.fixture
def raw_sheet(tmp_path: Path) -> Callable[[str], Path]:
    """An xlsx whose sheet data is the XML given, hostile or not."""

    def _raw_sheet(xml: str) -> Path:
        plain, path = tmp_path / "plain.xlsx", tmp_path / "raw"
        openpyxl.Workbook().save(plain)
        with (
            zipfile.ZipFile(plain) as source,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for part in source.namelist():
                is_sheet = part == "xl/worksheets/sheet1.xml"
                target.writestr(part, _SHEET % xml if is_sheet else source.read(part))
        return path

    return _raw_sheet
