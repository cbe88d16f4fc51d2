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

from importers.processes import processes

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
        for process in processes()
        if process.session == session and process.state != "Z"
    }


@dataclass
class Cluster:
    """A running `manage.py cluster`, its log and its processes."""

    watchdog: "subprocess.Popen[bytes]"
    folder: Path
    queues: tuple[str, ...] = ("quick", "heavy")

    @property
    def log(self) -> str:
        return (self.folder / "cluster.log").read_text()

    @property
    def main(self) -> int:
        """The main process of the first of its queues."""
        return self.main_of(self.queues[0])

    def main_of(self, queue: str) -> int:
        """The main process of a queue's cluster, leader of its session; 0: none."""
        name = f"cluster-{self.watchdog.pid}-{queue}.json"
        try:
            return json.loads((self.folder / "run" / name).read_text())[1][0]
        except (FileNotFoundError, ValueError):
            return 0

    @property
    def sessions(self) -> list[int]:
        """Those of the clusters of all its queues."""
        return [main for queue in self.queues if (main := self.main_of(queue))]

    def members(self) -> set[int]:
        """The living processes of the first queue's cluster."""
        return living(self.main)

    def pid_of(self, kind: str) -> int:
        """The first queue's newest process of a kind, as the cluster's log names it."""
        if kind == "main":
            return self.main
        if kind == "sentinel":
            return next(
                process.pid for process in processes() if process.parent == self.main
            )
        words = {"worker": "ready for work", "monitor": "monitoring"}
        phrase = words.get(kind, "pushing tasks")
        return self._who_said(phrase, self.members())[-1]

    def _who_said(self, phrase: str, among: set[int]) -> list[int]:
        """Those processes, of some, that the log says are at something; newest last."""
        found = map(int, re.findall(rf"{phrase} at (\d+)", self.log))
        return [pid for pid in found if pid in among]

    def is_whole(self) -> bool:
        """Main, sentinel, monitor, pusher, and two workers or one heavy one.

        A worker is one that said so: it was forked a while before.
        """
        names = {"quick": "reinsurance", "heavy": "reinsurance-heavy"}
        workers = {"quick": 2, "heavy": 1}
        members = {queue: living(self.main_of(queue)) for queue in self.queues}
        return all(
            len(members[queue]) == 4 + workers[queue]
            and len(self._who_said("ready for work", members[queue])) == workers[queue]
            and f"[{names[queue]}] running." in self.log
            for queue in self.queues
        )

    def marks(self, number: int) -> int:
        path = self.folder / f"mark-{number}"
        return len(path.read_text().splitlines()) if path.exists() else 0


def end(cluster: Cluster) -> None:
    """Whatever happened: leave no process behind."""
    sessions = cluster.sessions
    if cluster.watchdog.poll() is None:
        cluster.watchdog.kill()
    cluster.watchdog.wait()
    for session in sessions:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session, signal.SIGKILL)


def start(
    environment: dict[str, str], folder: Path, *, queue: str = "", **settings: str
) -> Cluster:
    """A cluster whose log and VAR_DIR are in `folder`, with more of the environment.

    It serves both queues, or one alone.
    """
    with (folder / "cluster.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "cluster"]
            + (["--queue", queue] if queue else []),
            env={**environment, **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Cluster(process, folder, (queue,) if queue else ("quick", "heavy"))
