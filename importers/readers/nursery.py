"""Children that are ready to read: processes kept with all they need already loaded.

A nursery reads one file at a time, each in a child of its own; it ends with the process
that started it. Whoever reads takes an idle one or starts one.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["Child", "child", "dismiss"]

_ROOT = Path(__file__).resolve().parents[2]
#: Idle ones kept; a process with more threads that read at once starts more.
_MOST_IDLE = 1
_END_SECONDS = 5.0


class Child:
    """A process that reads one file, in a session of its own."""

    def __init__(self, pid: int, nursery: _Nursery) -> None:
        self.pid = pid
        self.has_ended = False
        self._nursery = nursery

    def wait(self, seconds: float) -> int | None:
        """Its exit code as of subprocess, or None where it takes longer than that.

        Raises RuntimeError where its nursery was killed, and it with that.
        """
        if not self._nursery.has_said(seconds):
            return None
        said = self._nursery.said()
        if not said:
            raise RuntimeError("The process that reads files was killed.")
        self.has_ended = True
        return int(said)


class _Nursery:
    """The process of ``-m importers.readers``, seen from the one that started it."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        self._answers = self._line.makefile("rb", buffering=0)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-m", "importers.readers"],
                cwd=_ROOT,
                # Nothing of our environment: it has passwords and keys in it.
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "PYTHONPATH": str(_ROOT),
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                start_new_session=True,
            )

    def ask(self, request: dict[str, Any]) -> Child | None:
        """A child that reads the file of the request; None where the nursery ended."""
        with suppress(ConnectionError):
            self._line.sendall(json.dumps(request).encode() + b"\n")
        said = self.said()
        return Child(int(said), self) if said else None

    def has_said(self, seconds: float) -> bool:
        """Whether there is an answer, or will be none, within that time."""
        return bool(select.select([self._line], [], [], seconds)[0])

    def said(self) -> bytes:
        """The next answer; empty where the nursery ended."""
        try:
            return self._answers.readline()
        except ConnectionError:  # it ended with a request unread
            return b""

    def close(self) -> int:
        """End it and the child under way; its exit code."""
        self._answers.close()
        self._line.close()
        try:
            return self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


_idle: list[_Nursery] = []


@atexit.register
def dismiss() -> None:
    """End the idle ones; whoever reads next starts one."""
    while _idle:
        _idle.pop().close()


# Whoever is forked from us has to start one of its own.
os.register_at_fork(after_in_child=_idle.clear)


@contextmanager
def child(**request: Any) -> Iterator[Child]:
    """A child that reads a file; it does not outlive the block.

    The request is what :mod:`importers.readers.__main__` takes. Raises RuntimeError
    where no process can be started.
    """
    nursery, reader = _take(request)
    try:
        yield reader
    finally:
        if reader.has_ended and len(_idle) < _MOST_IDLE:
            _idle.append(nursery)
        else:
            nursery.close()


def _take(request: dict[str, Any]) -> tuple[_Nursery, Child]:
    """An idle nursery or a new one, and its child."""
    while True:
        try:
            nursery, is_new = _idle.pop(), False
        except IndexError:
            nursery, is_new = _Nursery(), True
        if reader := nursery.ask(request):
            return nursery, reader
        code = nursery.close()
        if is_new:
            raise RuntimeError(f"The process that reads files ended with code {code}.")
