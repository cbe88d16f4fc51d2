"""Processes that a command starts and that end with it, whatever it ends for."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings

from importers.processes import die_with, processes

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 15.0
ORPHAN_SECONDS = 6.0


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold signals back while something is half done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def child(*arguments: str, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python process in a session of its own, so that Ctrl-C reaches it through us.

    When the block ends, however it does, so does the process: SIGTERM, then SIGKILL.
    It gets SIGTERM too when this command is killed.
    """
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])  # the mask is inherited
        die_with(parent, signal.SIGTERM)

    with uninterrupted():
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            start_new_session=True,
            preexec_fn=prepare,
            **options,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def end_orphans(spare: list[int]) -> None:
    """End what a killed child left to us: SIGTERM, after some seconds SIGKILL."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    number: int = signal.SIGTERM
    while orphans := [
        process.pid
        for process in processes()
        if process.parent == os.getpid() and process.pid not in spare
    ]:
        if time.monotonic() > deadline:
            number = signal.SIGKILL
        for pid in orphans:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.2)
