"""A folder that somebody means ill with."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.exceptions import FileMoved, PlaceProblem
from importers.places.folder import Folder
from importers.places.values import Found, Whereabouts, is_plain
from importers.values import InboxKind


def folder(root: Path, path: str = "in") -> Folder:
    return Folder(Whereabouts(kind=InboxKind.FOLDER, path=path), root=root)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n")
    return path


def test_links_and_devices_are_no_files(tmp_path: Path, secret: Path) -> None:
    place = folder(tmp_path / "root")
    here = tmp_path / "root" / "in"
    (here / "link.csv").symlink_to(secret)
    os.mkfifo(here / "pipe.csv")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(here / "socket.csv"))
    listener.close()
    assert list(place.look()) == []
    (here / "hard.csv").write_text("x")
    assert [found.name for found in place.look()] == ["hard.csv"]
    place.close()


def test_a_link_put_in_the_place_of_a_file(tmp_path: Path, secret: Path) -> None:
    place = folder(tmp_path / "root")
    path = tmp_path / "root" / "in" / "a.csv"
    path.write_text("a,b\n")
    (found,) = place.look()
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(PlaceProblem):
        b"".join(place.read(found))
    with pytest.raises(FileMoved):
        place.move("a.csv", "processed/1-a.csv", found.etag)
    assert secret.read_text() == "a,b\n"
    place.close()


def test_a_link_put_in_the_place_of_a_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = folder(tmp_path / "root")
    here = tmp_path / "root" / "in"
    (here / "processed").symlink_to(outside)
    (here / "a.csv").write_text("a")
    with pytest.raises(PlaceProblem):
        place.move("a.csv", "processed/1-a.csv")
    with pytest.raises(PlaceProblem):
        place.write("processed/1-a.csv.reason.txt", "x")
    assert list(outside.iterdir()) == []
    place.close()
    (tmp_path / "root" / "away").symlink_to(outside)
    with pytest.raises(PlaceProblem):
        folder(tmp_path / "root", "away/deeper")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["..", "in/../..", "./in", "in/.."])
def test_no_path_leads_upwards(tmp_path: Path, path: str) -> None:
    with pytest.raises(PlaceProblem, match="goes upwards"):
        folder(tmp_path / "root", path)


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    place = folder(tmp_path / "root")
    path = tmp_path / "root" / "in" / "a.csv"
    path.write_bytes(b"a" * (3 << 20))
    (found,) = place.look()
    blocks = place.read(found)
    next(blocks)
    with path.open("ab") as out:
        out.write(b"more")
    with pytest.raises(FileMoved):
        b"".join(blocks)
    place.close()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_a_plain_name_is_one_part_of_a_path(name: str) -> None:
    if is_plain(name):
        assert Path("/inbox", name).parent == Path("/inbox")
        assert name.encode().decode() == name
        assert "\0" not in name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../a", "/etc/passwd", "a\0b", "a" * 1025, "\udcff.csv"]
)
def test_names_that_are_not_plain(name: str, tmp_path: Path) -> None:
    assert not is_plain(name)


def test_names_that_are_no_text_are_seen_and_left(tmp_path: Path) -> None:
    place = folder(tmp_path / "root")
    here = os.fsencode(tmp_path / "root" / "in")
    Path(os.fsdecode(here + b"/\xff.csv")).write_text("x")
    (found,) = place.look()
    assert not is_plain(found.name)
    assert isinstance(found, Found)
    place.close()
