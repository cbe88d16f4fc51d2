"""Files that mean harm cost one child and a sentence, never more.

The items of ASVS 5.0, V5 (File Handling), one after the other.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importers.exceptions import FileProblem, HostileFile
from importers.readers.sandbox import Limits, spill
from tests.conftest import REPOSITORY
from tests.importers.readers import hostile

MB = 1 << 20
READ = """
import re
import resource
import sys
from pathlib import Path
from importers.exceptions import FileProblem
from importers.readers import nursery
from importers.readers.sandbox import spill
try:
    spill(sys.argv[1], sys.argv[2], name="claims.xlsx")
except FileProblem as problem:
    print(problem.code)
nursery.dismiss()  # so that the children of its own are counted as well
# What getrusage says of this process begins with the peak of the one that started it.
own = int(re.search("VmHWM: *\t *([0-9]+)", Path("/proc/self/status").read_text())[1])
print(own >> 10, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""


def refused(path: Path, folder: Path, **limits: object) -> tuple[str, str]:
    with pytest.raises(FileProblem) as caught:
        spill(path, folder, name="claims.xlsx", limits=Limits(**limits))  # type: ignore[arg-type]
    return caught.value.code, str(caught.value)


def rows_of(path: Path, folder: Path, name: str = "claims.xlsx") -> list[tuple]:
    spilled = spill(path, folder, name=name)
    return [row for frame in spilled.chunks() for row in frame.rows()]


# -- 5.2.1, 5.2.3: size before and after unpacking ------------------------------------

BOMBS: dict[str, Callable[[Path], Path]] = {
    "a GiB of blanks": lambda path: hostile.sheet_of_size(path, hostile.GIB, b" "),
    "a string of a GiB": lambda path: hostile.sheet_of_size(
        path,
        hostile.GIB,
        b"x",
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>',
        b"</t></is></c></row>",
    ),
    "70 million cells": lambda path: hostile.sheet_of_size(
        path, hostile.GIB, b"<row>" + b"<c><v>1</v></c>" * 1_000 + b"</row>"
    ),
    "a directory that lies": lambda path: hostile.that_lies(path, hostile.GIB),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("kind", BOMBS)
def test_a_sheet_of_a_gigabyte_costs_next_to_nothing(kind: str, tmp_path: Path) -> None:
    path = BOMBS[kind](tmp_path / "claims.xlsx")
    assert path.stat().st_size < 8 * MB
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", READ, str(path), str(tmp_path / "out")],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = process.communicate()
    took = time.monotonic() - started
    code, own, child = said.split()
    assert code in {"too_large", "damaged_file", "hostile_file"}
    # Peaks in MB of who asks and of the child, which were not at the same time.
    assert max(int(own), int(child)) < 200, (own, child, took)
    assert took < 60


def test_a_cell_further_right_than_excel_goes(
    raw_sheet: Callable[[str], Path], tmp_path: Path
) -> None:
    """Thirteen rows of half a million columns took seventeen seconds to refuse."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 14))
    first = '<row r="1"><c r="A1"><v>1</v></c><c r="ZZZZ1"><v>2</v></c></row>'
    code, said = refused(raw_sheet(first + rows), tmp_path / "out")
    assert code == "too_wide"
    assert "has cells as far right as column 475,254; 16,384 is the most" in said


def test_parts_that_share_their_bytes(tmp_path: Path) -> None:
    path = hostile.overlapping(tmp_path / "bomb")
    code, said = refused(path, tmp_path / "out")
    assert code == "hostile_file"
    assert "its parts lie over each other" in said


def test_a_zip_in_a_zip_is_not_opened(tmp_path: Path) -> None:
    inner = hostile.sheet_of_size(tmp_path / "inner", 50 * MB, b" ").read_bytes()
    path = hostile.with_parts(tmp_path / "outer", {"xl/embeddings/book.xlsx": inner})
    assert rows_of(path, tmp_path / "out") == [(2, "0012", "Smith", "5")]


def test_a_child_that_grows_is_killed(tmp_path: Path) -> None:
    """A string of 32,767 characters in 200,000 cells: 2 MB become 6 GB."""
    path = hostile.amplified_string(tmp_path / "book", 200_000)
    assert path.stat().st_size < 2 * MB
    code, said = refused(path, tmp_path / "out", memory=256 * MB, ratio=100_000)
    assert code == "hostile_file"
    assert "more memory than is allowed" in said


def test_the_memory_of_the_child_is_watched(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    line = b"0012,Smith and Sons Limited,2024-01-31,10.50\n"
    path.write_bytes(b"Policy No,Insured,Date,Paid\n" + line * 1_000_000)
    with pytest.raises(HostileFile, match="more memory than is allowed"):
        spill(path, tmp_path / "out", limits=Limits(memory=40 * MB))


# -- 1.5: XML -------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Somebody on this machine who notes whoever asks."""
    asked: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            asked.append("asked")
            caller.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/secret", asked
    server.close()


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    for make in (hostile.billion_laughs, hostile.quadratic):
        started = time.monotonic()
        code, _ = refused(make(tmp_path / "laughs"), tmp_path / "out", memory=256 * MB)
        assert code == "damaged_file"
        assert time.monotonic() - started < 20


@pytest.mark.parametrize("where", ["address", "file"])
def test_nothing_outside_is_asked(
    where: str, listener: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    target = address if where == "address" else secret.as_uri()
    path = hostile.entities(tmp_path / "xxe", f'<!ENTITY x SYSTEM "{target}">', "&x;")
    code, said = refused(path, tmp_path / "out")
    assert code == "damaged_file"
    assert "hunter2" not in said
    assert asked == []


def test_macros_and_links_are_left_alone(
    listener: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = listener
    path = hostile.linked(tmp_path / "book", address)
    assert rows_of(path, tmp_path / "out", "claims.xlsm") == [(2, "0012", "Smith", "5")]
    assert asked == []


# -- 5.2.5, 5.3.2, 5.3.3: names of parts ----------------------------------------------


def test_links_in_the_archive_are_refused(tmp_path: Path) -> None:
    path = hostile.with_parts(
        tmp_path / "book", {"xl/media/a": b"/etc/passwd"}, hostile.SYMLINK
    )
    assert refused(path, tmp_path / "out")[0] == "hostile_file"


def test_names_of_parts_are_no_paths(tmp_path: Path) -> None:
    evil = {
        "../../evil.txt": b"x",
        "/tmp/evil-of-the-tests.txt": b"x",
        "C:\\evil.txt": b"x",
        "xl/\x00evil": b"x",
    }
    path = hostile.with_parts(tmp_path / "book", evil)
    assert rows_of(path, tmp_path / "in" / "out") == [(2, "0012", "Smith", "5")]
    assert not list(tmp_path.rglob("*evil*"))
    assert not Path("/tmp/evil-of-the-tests.txt").exists()


# -- 5.2.2: what it is has to agree with what it says ---------------------------------


def test_what_stands_before_a_workbook(tmp_path: Path) -> None:
    whole = hostile.with_parts(tmp_path / "book", {}).read_bytes()
    for before in (b"<html><script>alert(1)</script></html>", b"%PDF-1.7\n"):
        path = tmp_path / "polyglot"
        path.write_bytes(before + whole)
        assert refused(path, tmp_path / "out")[0] == "wrong_kind"
    path.write_bytes(b"Ref,Paid\n" + whole)
    assert refused(path, tmp_path / "out")[0] == "wrong_kind"


def test_what_stands_after_a_workbook_is_not_looked_at(tmp_path: Path) -> None:
    whole = hostile.with_parts(tmp_path / "book", {}).read_bytes()
    path = tmp_path / "polyglot"
    path.write_bytes(whole + b"<html><script>alert(1)</script></html>")
    assert rows_of(path, tmp_path / "out") == [(2, "0012", "Smith", "5")]


# -- the sandbox ----------------------------------------------------------------------

LOOK = """
import json, os, resource, socket, sys
from pathlib import Path
from importers.readers import __main__ as child
from importers.readers.limits import Limits
child._shut_in(os.getppid())
child._confine(Limits())
lines = Path("/proc/self/status").read_text().splitlines()
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)
    network = True
except OSError:
    network = False
print(json.dumps({
    "no new privileges": dict(line.split(":", 1) for line in lines)["NoNewPrivs"],
    "network": network,
    "limits": [resource.getrlimit(what)[0] for what in (
        resource.RLIMIT_CORE, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU,
        resource.RLIMIT_AS, resource.RLIMIT_FSIZE,
    )],
}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shuts a process in")
def test_the_child_is_shut_in(listener: tuple[str, list[str]]) -> None:
    address, asked = listener
    port = address.rpartition(":")[2].partition("/")[0]
    done = subprocess.run(
        [sys.executable, "-c", LOOK, port],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["limits"] == [0, 128, 120, 4096 * MB, 2048 * MB]
    assert seen["no new privileges"].strip() == "1"
    # A system without user namespaces leaves the network; docs/security.md says so.
    assert seen["network"] is (asked == ["asked"])
