"""Real `manage.py cluster` processes for tests, and what can be seen of them."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from importers import watchdog

PATIENCE = 30.0


def wait_until(
    condition: Callable[[], object], what: str, *, patience: float = PATIENCE
) -> None:
    """Wait till the condition holds; after `patience` seconds the test fails."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not within {patience} s: {what}"
        time.sleep(0.02)


def living(session: int) -> set[int]:
    """The processes of a session that have not ended."""
    return {
        process.pid
        for process in watchdog.processes()
        if process.session == session and process.state != "Z"
    }


@dataclass
class Cluster:
    """A running `manage.py cluster`, its log and its processes."""

    watchdog: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "cluster.log").read_text()

    @property
    def main(self) -> int:
        record = self.folder / "run" / f"cluster-{self.watchdog.pid}.json"
        try:
            return json.loads(record.read_text())[1][0]
        except (FileNotFoundError, ValueError):
            return 0

    def members(self) -> set[int]:
        """The living processes of the cluster's session."""
        return living(self.main)

    def pid_of(self, kind: str) -> int:
        """The newest process of a kind, as the cluster's log names it."""
        if kind == "main":
            return self.main
        if kind == "sentinel":
            return next(
                process.pid
                for process in watchdog.processes()
                if process.parent == self.main
            )
        words = {"worker": "ready for work", "monitor": "monitoring"}
        phrase = words.get(kind, "pushing tasks")
        return int(re.findall(rf"{phrase} at (\d+)", self.log)[-1])

    def is_whole(self) -> bool:
        """Main, sentinel, two workers, monitor and pusher."""
        return len(self.members()) == 6 and "running." in self.log

    def marks(self, number: int) -> int:
        path = self.folder / f"mark-{number}"
        return len(path.read_text().splitlines()) if path.exists() else 0


def end(cluster: Cluster) -> None:
    """Whatever happened: leave no process behind."""
    session = cluster.main
    if cluster.watchdog.poll() is None:
        cluster.watchdog.kill()
    cluster.watchdog.wait()
    if session:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session, signal.SIGKILL)


def start(environment: dict[str, str], folder: Path, **settings: str) -> Cluster:
    """A cluster whose log and VAR_DIR are in `folder`, with more of the environment."""
    with (folder / "cluster.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "cluster"],
            env={**environment, **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Cluster(process, folder)
