"""The process table, and ties between a process and the one that started it (Linux)."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>


@dataclass(frozen=True, slots=True)
class Process:
    """A line of the process table; `started` in clock ticks since boot."""

    pid: int
    parent: int
    session: int
    state: str
    started: int


def processes() -> Iterator[Process]:
    """The process table (empty where there is no /proc)."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name, which may hold anything) state ppid pgrp session …
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        state, parent, _, session = fields[:4]
        yield Process(
            int(path.parent.name), int(parent), int(session), state, int(fields[19])
        )


def die_with(parent: int, number: int = signal.SIGKILL) -> None:
    """Ask the kernel for a signal to this process when its parent ends (Linux).

    More exactly, when the parent's thread ends that started this process.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it ended before we could ask
            os.kill(os.getpid(), number)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
