"""gunicorn's settings: its log is ours, and its processes count requests together.

Each web process writes its counts to a file of its own in a folder of this server;
``/metrics`` of any of them tells the sum.
"""

import logging
import os
import shutil
from contextlib import suppress
from typing import Any

from backoffice.settings.environment import VAR_DIR
from backoffice.settings.logging import LOGGING

_COUNTS = VAR_DIR / "run" / "metrics"
_OWN = _COUNTS / str(os.getpid())

logconfig_dict = LOGGING
accesslog = None  # a line for each request is written by backoffice.logs.requests


def _is_alive(pid: str) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(int(pid), 0)
        except PermissionError:
            return True
        return True
    return False


def on_starting(server: Any) -> None:
    """A new folder, and no more of those whose servers are gone."""
    _COUNTS.mkdir(parents=True, exist_ok=True)
    for folder in _COUNTS.iterdir():
        if folder.name.isdecimal() and not _is_alive(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(_OWN, ignore_errors=True)
    _OWN.mkdir()


def post_fork(server: Any, worker: Any) -> None:
    """Warnings are lines of the log; and Prometheus, not imported yet, looks once."""
    logging.captureWarnings(True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_OWN)


def child_exit(server: Any, worker: Any) -> None:
    """What a dead process had in flight counts no more; what it had answered does."""
    for path in _OWN.glob(f"gauge_live*_{worker.pid}.db"):
        path.unlink(missing_ok=True)


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(_OWN, ignore_errors=True)
