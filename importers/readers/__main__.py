"""The nursery: ``-m importers.readers`` forks a child for each file it has to read.

To import polars takes longer than to read most files; here that is done once. A line of
JSON on stdin asks for a file; the answers are the child's process id and, at its end,
its exit code. When stdin ends, so do the child under way and the nursery.

Exit code 0 of a child with table.json written, or with problem.json for an expected
failure; anything else among its last words is ours to mend.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from importers.exceptions import DamagedFile, FileProblem, HostileFile
from importers.processes import die_with
from importers.readers.handover import LAST_WORDS, PROBLEM
from importers.readers.limits import Limits
from importers.readers.spilling import spill

# <linux/prctl.h>, <linux/sched.h>
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def serve() -> int:
    """Read file after file until nobody asks any more."""
    gc.freeze()  # what is loaded stays; the children need not look it over
    while line := sys.stdin.buffer.readline():
        _bring_up(json.loads(line))
    return 0


def _bring_up(request: dict[str, Any]) -> None:
    """Fork the child; wait until it ends, or until nobody waits for it any more."""
    nursery = os.getpid()
    ends, held = os.pipe()
    child = os.fork()
    if not child:
        os.close(ends)
        _be_a_child(request, nursery)
    os.close(held)
    _say(child)
    ready, _, _ = select.select([ends, sys.stdin], [], [])
    os.close(ends)
    # The child leads a session of its own; nothing it started outlives it.
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if sys.stdin not in ready:
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever asked is gone
        os.write(sys.stdout.fileno(), f"{number}\n".encode())


def _be_a_child(request: dict[str, Any], nursery: int) -> None:
    """The whole life of a child; does not return."""
    code = 1
    try:
        os.setsid()
        folder = Path(request["folder"])
        nothing = os.open(os.devnull, os.O_RDWR)
        words = os.open(folder / LAST_WORDS, os.O_WRONLY | os.O_CREAT, 0o600)
        for old, new in ((nothing, 0), (nothing, 1), (words, 2)):
            os.dup2(old, new)
        os.environ.update(request["environment"])
        _shut_in(nursery)
        limits = Limits.from_json(request["limits"])
        _confine(limits)
        read(Path(request["path"]), request["kind"], folder, request["sheet"], limits)
        code = 0
    except BaseException:  # noqa: BLE001 (whatever it is, said with its last words)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _confine(limits: Limits) -> None:
    """Bound this process before it reads a byte of the file."""
    for what, most in (
        (resource.RLIMIT_AS, limits.address_space),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _shut_in(parent: int) -> None:
    """Without network and new privileges, and no longer alive than the parent (Linux).

    A system that allows no user namespaces leaves the network: nothing here uses it.
    """
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.unshare(CLONE_NEWUSER | CLONE_NEWNET)
        system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    die_with(parent)  # after what may take the signal away again


def read(
    path: Path, kind: str, folder: Path, sheet: str | None, limits: Limits
) -> None:
    """Read one file into the folder; a problem of the file is written there as well."""
    problem: FileProblem
    try:
        spill(path, kind, folder, sheet, limits)
    except FileProblem as error:
        problem = error
    except MemoryError:
        problem = HostileFile(
            "The file is damaged or hostile: reading it takes more memory than is "
            "allowed. Split it and send the pieces."
        )
    except Exception:
        raise
    except BaseException as error:
        # A panic of the Rust reader is no Exception; it means a damaged workbook.
        if type(error).__name__ != "PanicException" or kind in ("csv", "jsonl"):
            raise
        problem = DamagedFile(
            "The workbook is damaged and cannot be read; open it in Excel, save it "
            "anew and send it again."
        )
    else:
        return
    text = json.dumps(problem.as_dict(), ensure_ascii=False)
    (folder / PROBLEM).write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(serve())
