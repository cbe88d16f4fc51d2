"""What kind of file it is, by its first bytes and its table of contents."""

from __future__ import annotations

import re
import zipfile
from codecs import BOM_UTF8
from pathlib import Path

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Old BIFF streams outside a container: versions 2, 3, 4 (5 and later are in OLE).
OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
#: As much of a text as is looked at for JSON.
_LOOK = 1 << 16
#: A line that begins and ends as an object does; or, cut or damaged, begins as one and
#: has another or nothing after it. The parent process does not parse it.
_JSON_LINE = re.compile(
    rb'\{[ \t]*["}][^\r\n]*(?:(?<=\})[ \t]*(?:[\r\n]|\Z)|[\r\n]\s*(?:\{|\Z)|\Z)'
)
_JSON_DOCUMENT = re.compile(rb'(?:\[\s*)?\{\s*["}]')


def kind_of(path: Path) -> str:
    """One of xlsx, xlsb, ods, xls, jsonl, or csv (whatever is none of these)."""
    with path.open("rb") as file:
        head = file.read(_LOOK)
    if head.startswith(OLE) or head.startswith(OLD_EXCEL):
        return "xls"
    if head.startswith(ZIP) or head.startswith(b"PK\x05\x06"):
        return zip_kind(path) or "csv"
    return "jsonl" if is_json_lines(head) else "csv"


def is_json_lines(head: bytes) -> bool:
    """Whether the first line that is not blank looks like a JSON object."""
    return _JSON_LINE.match(_text(head)) is not None


def is_json_document(head: bytes) -> bool:
    """Whether a text begins as a JSON array of objects, or as an object."""
    return _JSON_DOCUMENT.match(_text(head)) is not None


def _text(head: bytes) -> bytes:
    return head[:_LOOK].removeprefix(BOM_UTF8).lstrip()


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
