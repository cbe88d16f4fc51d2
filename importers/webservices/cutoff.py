"""Ending an exchange whose bytes drip in for ever: no time-out of sockets sees that.

A socket's time-out begins anew with every byte.  So the connections of a guarded
session report themselves when they are used, and a timer shuts their socket.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import requests
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_of_thread = threading.local()


class Cut:
    """One exchange under guard; ``is_done``: its time was over."""

    def __init__(self) -> None:
        self.is_done = False
        self.connection: HTTPConnection | None = None

    def now(self) -> None:
        """Shut the socket: whoever reads from it gets an error or the end."""
        self.is_done = True
        used = self.connection.sock if self.connection else None
        if used is not None:
            with contextlib.suppress(OSError):
                used.shutdown(socket.SHUT_RDWR)


class _Reporting(HTTPConnection):
    """A connection that says when it is used."""

    def request(self, *arguments: Any, **more: Any) -> None:
        """As ever, under the guard of this thread."""
        cut: Cut | None = getattr(_of_thread, "cut", None)
        if cut is not None:
            cut.connection = self
        super().request(*arguments, **more)


class _ReportingSafe(_Reporting, HTTPSConnection):
    """The same with encryption."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Reporting


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _ReportingSafe


def guard(session: requests.Session) -> None:
    """Let the session's connections be cut off."""
    for adapter in session.adapters.values():
        manager = adapter.poolmanager  # type: ignore[attr-defined]
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SafePool}


@contextlib.contextmanager
def cut_off(seconds: float) -> Iterator[Cut]:
    """Everything this thread exchanges inside ends after so many seconds."""
    cut = Cut()
    timer = threading.Timer(max(seconds, 0.01), cut.now)
    timer.daemon = True
    _of_thread.cut = cut
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        _of_thread.cut = None
