"""What every place does, whichever kind it is."""

import pytest

from importers.exceptions import FileMoved
from importers.places.values import Found
from tests.importers.places.conftest import Corner


def only(corner: Corner) -> Found:
    (found,) = corner.place.look()
    return found


def test_files_directly_in_it_are_seen(corner: Corner) -> None:
    corner.put("b.csv", b"b" * 10)
    corner.put("ä “2”.csv", b"a")
    corner.put("below/c.csv", b"c")
    seen = {found.name: found.size for found in corner.place.look()}
    assert seen == {"b.csv": 10, "ä “2”.csv": 1}


def test_a_file_is_read_whole(corner: Corner) -> None:
    content = bytes(range(256)) * 12_000
    corner.put("large.csv", content)
    assert b"".join(corner.place.read(only(corner))) == content


def test_another_file_of_that_name_is_not_read(corner: Corner) -> None:
    corner.put("a.csv", b"first")
    found = only(corner)
    corner.put("a.csv", b"second one")
    with pytest.raises(FileMoved):
        b"".join(corner.place.read(found))
    with pytest.raises(FileMoved):
        corner.place.move("a.csv", "processed/1-a.csv", found.etag)
    assert corner.get("a.csv") == b"second one"


def test_a_file_that_is_gone(corner: Corner) -> None:
    corner.put("a.csv", b"first")
    found = only(corner)
    corner.place.move("a.csv", "elsewhere/a.csv")
    with pytest.raises(FileMoved):
        b"".join(corner.place.read(found))
    with pytest.raises(FileMoved):
        corner.place.move("a.csv", "processed/1-a.csv", found.etag)


def test_a_move_done_twice_is_done_once(corner: Corner) -> None:
    corner.put("a.csv", b"first")
    etag = only(corner).etag
    for _ in range(2):
        corner.place.move("a.csv", "processed/2026-11-25/1-a.csv", etag)
    corner.place.write("processed/2026-11-25/1-a.csv.reason.txt", "Größe")
    corner.place.write("processed/2026-11-25/1-a.csv.reason.txt", "Größer")
    assert corner.names() == [
        "processed/2026-11-25/1-a.csv",
        "processed/2026-11-25/1-a.csv.reason.txt",
    ]
    assert corner.get("processed/2026-11-25/1-a.csv") == b"first"
    assert corner.get("processed/2026-11-25/1-a.csv.reason.txt").decode() == "Größer"
    assert list(corner.place.look()) == []
