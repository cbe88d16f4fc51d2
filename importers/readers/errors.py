"""Find the error cells of an xlsx sheet (#DIV/0!, #N/A, …), which calamine leaves out.

A blank where Excel shows an error would pass for "no amount"; so the sheet's XML is
searched, as bytes, for cells of type "e". Other workbooks keep errors as blanks.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from html import unescape
from pathlib import Path

_BLOCK = 1 << 20
#: Longer than any one error cell with its formula (8,192 characters at most).
_OVERLAP = 1 << 15
_MARKS = (b't="e"', b"t='e'")
_CELL = re.compile(
    rb"<(?:\w+:)?c\b([^>]*\bt=[\"']e[\"'][^>]*)>"
    rb"(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?\s*"
    rb"<(?:\w+:)?v>([^<]{1,40})</"
)
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*?>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*?>")
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"

Errors = dict[int, dict[int, str]]


def error_cells(path: Path, sheet: str) -> Errors:
    """Row → column → text of each error cell, both from 0; empty if none is found."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part_of(archive, sheet)
            if part is None:
                return {}
            with archive.open(part) as stream:
                return _search(stream)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, EOFError):
        return {}  # calamine has read it; an odd archive only loses the error texts


def _search(stream: object) -> Errors:
    found: Errors = {}
    tail = b""
    while block := stream.read(_BLOCK):  # type: ignore[attr-defined]
        text = tail + block
        if any(mark in text for mark in _MARKS):
            for cell in _CELL.finditer(text):
                place = _PLACE.search(cell.group(1))
                if place is not None:
                    row, column = int(place.group(2)) - 1, _column(place.group(1))
                    value = unescape(cell.group(2).decode("utf-8", "replace"))
                    found.setdefault(row, {})[column] = value
        tail = text[-_OVERLAP:]
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Name of the archive's part that holds the sheet."""
    book = archive.read(_WORKBOOK).decode("utf-8", "replace")
    wanted = None
    for tag in _SHEET.findall(book):
        if _attribute(tag, "name") == sheet:
            wanted = _attribute(tag, r"\w+:id")
    if wanted is None:
        return None
    relations = archive.read(_RELATIONS).decode("utf-8", "replace")
    for tag in _RELATION.findall(relations):
        if _attribute(tag, "Id") == wanted:
            target = _attribute(tag, "Target") or ""
            if target.startswith("/"):
                return target[1:]
            return posixpath.normpath(posixpath.join("xl", target))
    return None


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf"""\s{name}=(?:"([^"]*)"|'([^']*)')""", tag)
    return unescape(found.group(1) or found.group(2) or "") if found else None
