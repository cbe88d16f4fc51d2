"""What kind of file it is, by its first bytes and its table of contents."""

from __future__ import annotations

import zipfile
from pathlib import Path

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Old BIFF streams outside a container: versions 2, 3, 4 (5 and later are in OLE).
OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")


def kind_of(path: Path) -> str:
    """One of xlsx, xlsb, ods, xls, or csv (whatever is no workbook)."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(OLE) or head.startswith(OLD_EXCEL):
        return "xls"
    if head.startswith(ZIP) or head.startswith(b"PK\x05\x06"):
        return zip_kind(path) or "csv"
    return "csv"


def zip_kind(path: Path) -> str | None:
    """Which workbook a zip holds, by the names of its parts; None for another zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError):
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.endswith("workbook.xml") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    # A workbook part under another name: for the reader to open or to refuse.
    return "xlsx" if "[content_types].xml" in names else None
