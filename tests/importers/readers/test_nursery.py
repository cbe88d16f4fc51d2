"""The processes that fork the children: kept, replaced, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importers.exceptions import HostileFile
from importers.processes import processes
from importers.readers import nursery, sandbox
from importers.readers.sandbox import Limits, spill
from tests.conftest import REPOSITORY
from tests.importers.readers.conftest import Write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PLAIN = "Policy No,Insured,Paid\n0012,Smith,10.50\n0013,Jones,7\n"
Rows = Callable[[str], list[tuple]]


@pytest.fixture(autouse=True)
def none_idle() -> Iterator[None]:
    nursery.dismiss()
    yield
    nursery.dismiss()


@pytest.fixture
def rows(write: Write, tmp_path: Path) -> Rows:
    """Reads the plain file into a folder of that name."""
    path = write(PLAIN)

    def _rows(name: str) -> list[tuple]:
        return [r for f in spill(path, tmp_path / name).chunks() for r in f.rows()]

    return _rows


READ = [(2, "0012", "Smith", "10.50"), (3, "0013", "Jones", "7")]


def nurseries() -> list[int]:
    """Those that this process has started and that are alive."""
    mine = [p for p in processes() if p.parent == os.getpid() and p.state != "Z"]
    return [
        p.pid
        for p in mine
        if b"importers.readers" in Path(f"/proc/{p.pid}/cmdline").read_bytes()
    ]


def _alive(pids: list[int]) -> bool:
    return any(p.pid in pids and p.state != "Z" for p in processes())


def _is_shut_in(pid: int) -> bool:
    return "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()


def _wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "waited for 20 seconds"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    return [p.pid for p in processes() if p.parent == pid]


def test_one_reads_file_after_file(rows: Rows) -> None:
    assert nurseries() == []
    assert rows("one") == READ
    (first,) = nurseries()
    assert rows("two") == READ
    assert nurseries() == [first]
    assert children_of(first) == []
    nursery.dismiss()
    assert nurseries() == []


def test_the_child_gets_nothing_of_our_environment(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    assert rows("out") == READ
    (pid,) = nurseries()
    lines = Path(f"/proc/{pid}/environ").read_bytes().decode().rstrip("\0").split("\0")
    names = sorted(line.partition("=")[0] for line in lines)
    assert names == ["PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH"]


def test_an_idle_one_that_was_killed_is_replaced(rows: Rows) -> None:
    rows("one")
    (first,) = nurseries()
    os.kill(first, signal.SIGKILL)
    assert rows("two") == READ
    (second,) = nurseries()
    assert second != first


def test_one_that_is_killed_while_it_reads_is_no_fault_of_the_file(
    rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = sandbox._watch
    children = []

    def kill_and_watch(child: nursery.Child, limits: Limits) -> int:
        children.append(child.pid)
        _wait_until(lambda: _is_shut_in(child.pid))
        os.kill(nurseries()[0], signal.SIGKILL)
        return watch(child, limits)

    monkeypatch.setattr(sandbox, "_watch", kill_and_watch)
    os.mkfifo(tmp_path / "never.csv")  # a child waits for it
    with pytest.raises(RuntimeError, match="The process that reads files was killed"):
        sandbox._run(tmp_path / "never.csv", "csv", tmp_path, None, Limits())
    monkeypatch.undo()
    _wait_until(lambda: not _alive(children))
    assert rows("one") == READ


def test_a_child_that_takes_too_long_ends_with_its_nursery(
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    seen: list[int] = []
    wait = nursery.Child.wait

    def stop_and_wait(child: nursery.Child, seconds: float) -> int | None:
        if not seen:
            os.kill(child.pid, signal.SIGSTOP)
        seen.append(child.pid)
        return wait(child, seconds)

    monkeypatch.setattr(nursery.Child, "wait", stop_and_wait)
    with pytest.raises(HostileFile, match="took longer than 1 seconds"):
        spill(write(PLAIN), tmp_path / "out", limits=Limits(wall_seconds=1))
    assert nurseries() == []
    assert capfd.readouterr().err == ""
    assert not _alive(seen)


def test_one_that_cannot_start_says_so(
    rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nursery, "_ROOT", tmp_path)
    with pytest.raises(RuntimeError, match="reads files ended with code 1"):
        rows("one")
    monkeypatch.undo()
    assert rows("one") == READ


def test_several_read_at_once(rows: Rows) -> None:
    found: list[list[tuple]] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(rows(f"out-{n}")))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [READ] * 4
    assert len(nurseries()) == 1


#: Not a fork of this process, whose polars has threads by now.
FORKED = """
import os, sys
from importers.readers import nursery
from importers.readers.sandbox import spill

def reads(folder):
    spilled = spill(sys.argv[1], f"{sys.argv[2]}/{folder}")
    return spilled.row_count, nursery._idle[0]._process.pid

ours = reads("one")
forked = os.fork()
if not forked:
    theirs = reads("two")
    nursery.dismiss()
    os._exit(0 if theirs[0] == 2 and theirs[1] != ours[1] else 2)
_, status = os.waitpid(forked, 0)
print(os.waitstatus_to_exitcode(status), reads("three") == ours)
"""


def test_whoever_is_forked_from_us_has_one_of_its_own(
    write: Write, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(write(PLAIN)), str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "0 True\n"
    assert done.stderr == ""
