"""The sandboxed child: ``-m importers.readers PATH KIND FOLDER SHEET LIMITS PARENT``.

Exit code 0 with table.json written, or with problem.json for an expected failure;
anything else on stderr is ours to mend.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

from importers.exceptions import DamagedFile, FileProblem, HostileFile
from importers.readers.handover import PROBLEM
from importers.readers.limits import Limits

# <linux/prctl.h>, <linux/sched.h>
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


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
        # After what may take the signal away again.
        system.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # it ended before we could ask
            os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> int:
    """Read one file; returns the exit code."""
    path, kind, folder, sheet, limits_text, parent = arguments
    _shut_in(int(parent))
    limits = Limits.from_json(limits_text)
    _confine(limits)
    # Imported only now: polars and calamine are held to the limits as well.
    from importers.readers.spilling import spill

    problem: FileProblem
    try:
        spill(Path(path), kind, Path(folder), json.loads(sheet), limits)
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
        return 0
    text = json.dumps(problem.as_dict(), ensure_ascii=False)
    (Path(folder) / PROBLEM).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
