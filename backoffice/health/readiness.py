"""All checks, each under the same short time limit, so that nothing hangs who asks."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from django.conf import settings
from django.db import connections

from backoffice.health import checks

State = Literal["ok", "warning", "failed"]
Check = Callable[[], str]

# The checks of a group go one after the other and share a connection.
GROUPS: tuple[tuple[Check, ...], ...] = (
    (
        checks.database, checks.broker, checks.migrations, checks.cluster,
        checks.backups,
    ),
    (checks.storage,),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """How a check went, and how long it took in milliseconds."""

    state: State
    detail: str
    milliseconds: float


@dataclass
class _Round:
    """One going through the checks of a group, in a thread of its own."""

    group: tuple[Check, ...]
    found: dict[str, Result] = field(default_factory=dict)
    is_over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> "_Round":
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def _run(self) -> None:
        try:
            for check in self.group:
                self.found[check.__name__] = _result_of(check)
        finally:
            connections.close_all()
            self.is_over.set()


_running: dict[int, _Round] = {}
_lock = threading.Lock()


def results() -> dict[str, Result]:
    """Every check's result; one without an answer in time has failed.

    A round that still hangs is not begun a second time, whoever asks.
    """
    deadline = time.monotonic() + settings.READINESS_SECONDS
    rounds = []
    with _lock:
        for number, group in enumerate(GROUPS):
            running = _running.get(number)
            if running is None or running.is_over.is_set():
                running = _running[number] = _Round(group).start()
            rounds.append(running)
    told: dict[str, Result] = {}
    for running in rounds:
        running.is_over.wait(max(0.0, deadline - time.monotonic()))
        silent = Result("failed", "no answer in time", settings.READINESS_SECONDS * 1e3)
        told |= {
            check.__name__: running.found.get(check.__name__, silent)
            for check in running.group
        }
    return told


def _result_of(check: Check) -> Result:
    began = time.perf_counter()
    state: State = "ok"
    try:
        detail = check()
    except checks.Doubt as doubt:
        state, detail = "warning", str(doubt)
    except Exception as error:  # noqa: BLE001 whatever it is, it does not work
        first_line = str(error).partition("\n")[0][:200]
        state, detail = "failed", f"{type(error).__name__}: {first_line}"
    return Result(state, detail, round((time.perf_counter() - began) * 1000, 1))
