"""Workbooks of OpenDocument whose XML is not whole are refused before they are read."""

import re
from pathlib import Path

import pytest

from importers.exceptions import FileProblem
from importers.readers.limits import Limits
from importers.readers.sandbox import spill
from tests.opendocument import content_of, packed

CONTENT = content_of([("Code", "Name", "Country"), ("ACME", "Acme Re", "GB")])
TAGS = [hit.span() for hit in re.finditer(r"<[^>?]*>", CONTENT)]
SHORT = Limits(cpu_seconds=2, wall_seconds=10)


def refused(book: bytes, folder: Path) -> str:
    path = folder / "book"
    path.write_bytes(book)
    with pytest.raises(FileProblem) as caught:
        spill(path, folder / "out", name="parties.ods", limits=SHORT)
    return caught.value.code


def test_one_that_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "book"
    path.write_bytes(packed(CONTENT))
    spilled = spill(path, tmp_path / "out", limits=SHORT)
    rows = [row for frame in spilled.chunks() for row in frame.rows()]
    assert rows == [(2, "ACME", "Acme Re", "GB")]


@pytest.mark.parametrize(("start", "end"), TAGS)
def test_a_tag_is_lost(start: int, end: int, tmp_path: Path) -> None:
    """Without the end of its table calamine would look for it for ever."""
    content = CONTENT[:start] + CONTENT[end:]
    assert refused(packed(content), tmp_path) == "damaged_file"


@pytest.mark.parametrize("name", ["content.xml", "Content.XML"])
def test_the_end_is_lost(name: str, tmp_path: Path) -> None:
    content = CONTENT[: CONTENT.index("Acme")]
    assert refused(packed(content, name=name), tmp_path) == "damaged_file"


def test_entities_are_not_taken(tmp_path: Path) -> None:
    declared = '<!DOCTYPE x [<!ENTITY a "Acme">]><office:document-content'
    content = CONTENT.replace("<office:document-content", declared)
    assert refused(packed(content), tmp_path) == "damaged_file"


def test_what_has_a_password_is_not_called_damaged(tmp_path: Path) -> None:
    locked = packed("\x01\x02", entry="<manifest:encryption-data/>")
    assert refused(locked, tmp_path) == "encrypted_file"
