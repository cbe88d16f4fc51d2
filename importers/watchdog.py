"""Keeps Django-Q clusters whole: any process of one dies, all of it is started anew.

There is a cluster for each queue that this machine serves. Django-Q replaces a killed
worker, monitor or pusher, but the locks of the queues between them died with it: the
cluster then looks healthy and works no more (django-q2 issues 23 and 339). And a
killed main process leaves children that go on working. Hence, for each cluster::

    watchdog ── own session ──► main ──► sentinel ──► workers, monitor, pusher
       │  reads the log, looks at the process table
       └─ something died: SIGKILL to the session, release the queue's locks, start anew

Every process of a cluster also asks the kernel to be killed when its parent dies
(Linux), so nothing outlives the watchdog either. Where the kernel cannot do that, the
next watchdog kills what the last one recorded in VAR_DIR/run.
"""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils.module_loading import import_string

from importers import queue
from importers.heartbeat import Heartbeat
from importers.processes import die_with, processes

logger = logging.getLogger(__name__)
cluster_logger = logging.getLogger("importers.cluster")

DEATH = re.compile(r"reincarnated \w+ \S+ after (sudden )?death")
TICK = 0.1
# A dead child that its parent has not collected for so long: the parent is stuck.
STUCK_SECONDS = 10.0
LOOK_SECONDS = 2.0
FIRST_PAUSE, LONGEST_PAUSE, HEALTHY_SECONDS = 0.1, 10.0, 30.0


def run_cluster(watchdog: int) -> None:
    """The cluster's main process: Django-Q, every process tied to its parent's life.

    `watchdog` is the pid of the process that started this one.
    """
    die_with(watchdog)
    parent = os.getpid()

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with(parent))
    import_module("importers.tasks")  # once, for all the workers forked from here
    call_command("qcluster")


class Watchdog:
    """This machine's clusters and their life: `run` returns at SIGTERM or SIGINT."""

    def __init__(self, queues: Sequence[str]) -> None:
        self._is_stopping = threading.Event()
        self._keepers = [Keeper(name, self._is_stopping) for name in queues]

    def run(self) -> None:
        """Start, watch and heal the clusters until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        folder = settings.VAR_DIR / "run"
        folder.mkdir(parents=True, exist_ok=True)
        kill_leftovers(folder)
        threading.Thread(target=self._reap_for_ever, daemon=True).start()
        heartbeat = Heartbeat(self._are_running, [k.queue for k in self._keepers])
        heartbeat.start()
        with ThreadPoolExecutor(len(self._keepers)) as pool:
            lives = [pool.submit(keeper.run) for keeper in self._keepers]
            wait(lives, return_when=FIRST_EXCEPTION)
            self._is_stopping.set()
        heartbeat.stop()
        for life in lives:
            life.result()

    def _are_running(self) -> bool:
        return all(keeper.is_running() for keeper in self._keepers)

    def _ask_to_stop(self, *_: object) -> None:
        if self._is_stopping.is_set():
            for keeper in self._keepers:
                keeper.kill()  # asked twice: no more patience
        self._is_stopping.set()

    def _reap_for_ever(self) -> None:
        """Call the reaper now and then; what fails is logged once and tried again."""
        said = ""
        while not self._is_stopping.wait(settings.Q_REAP_SECONDS):
            try:
                if freed := import_string(settings.Q_REAPER)():
                    logger.warning("Took up %d stalled ingestion(s).", freed)
                said = ""
            except Exception as error:  # noqa: BLE001 the watchdog must live on
                if str(error) != said:
                    logger.warning("Reaper: %s", error)
                said = str(error)
            finally:
                connections.close_all()


class Keeper:
    """One queue's cluster and its life."""

    def __init__(self, name: str, is_stopping: threading.Event) -> None:
        self.queue = name
        self._cluster: subprocess.Popen[str] | None = None
        self._heard_of_death = threading.Event()
        self._is_stopping = is_stopping
        self._dead_since: dict[int, float] = {}
        record = f"cluster-{os.getpid()}-{name}.json"
        self._record = settings.VAR_DIR / "run" / record

    def run(self) -> None:
        """Start, watch and heal the cluster until all are told to stop."""
        self._release(5.0)
        try:
            self._keep_running()
        finally:
            self._record.unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Whether the cluster has a main process that lives."""
        return self._cluster is not None and self._cluster.poll() is None

    def kill(self) -> None:
        """End the cluster, whatever it is doing."""
        if self._cluster is not None:
            _kill_session(self._cluster.pid)

    def _release(self, seconds: float) -> None:
        _within(seconds, partial(queue.release_locks, self.queue))

    def _keep_running(self) -> None:
        pause = FIRST_PAUSE
        while not self._is_stopping.is_set():
            started = time.monotonic()
            cluster = self._cluster = self._start()
            trouble = self._watch(cluster)
            if not trouble:
                _ask_to_finish(cluster)
            else:
                logger.warning("Cluster restarts: %s.", trouble)
            _kill_session(cluster.pid)
            cluster.wait()
            self._release(2.0)
            if time.monotonic() - started > HEALTHY_SECONDS:
                pause = FIRST_PAUSE
            self._is_stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _start(self) -> "subprocess.Popen[str]":
        self._heard_of_death.clear()
        self._dead_since.clear()
        cluster = subprocess.Popen(
            [sys.executable, "-m", "django", "cluster", "--inner", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=settings.BASE_DIR,
            env={**os.environ, "Q_CLUSTER_NAME": queue.name_of(self.queue)},
            start_new_session=True,
        )
        ages = {process.pid: process.started for process in processes()}
        identities = [[pid, ages.get(pid, 0)] for pid in (os.getpid(), cluster.pid)]
        self._record.write_text(json.dumps(identities))
        threading.Thread(
            target=self._forward, args=[cluster.stdout], daemon=True
        ).start()
        return cluster

    def _forward(self, lines: IO[str]) -> None:
        """Pass the cluster's log on, and listen for deaths in it."""
        with lines:
            for line in lines:
                if DEATH.search(line):
                    self._heard_of_death.set()
                if settings.LOG_FORMAT == "json" and not line.startswith("{"):
                    cluster_logger.warning("%s", line.rstrip())  # not from a logger
                    continue
                with suppress(OSError, ValueError):  # nobody reads us any more
                    sys.stderr.write(line)
                    sys.stderr.flush()

    def _watch(self, cluster: "subprocess.Popen[str]") -> str:
        """Wait; say what went wrong, or nothing when asked to stop."""
        next_look = 0.0
        while not self._is_stopping.wait(TICK):
            if cluster.poll() is not None:
                return f"its main process ended ({cluster.returncode})"
            if self._heard_of_death.is_set():
                return "one of its processes died"
            if time.monotonic() > next_look:
                if self._is_stuck(cluster.pid):
                    return "it does not notice the death of one of its processes"
                next_look = time.monotonic() + LOOK_SECONDS
        return ""

    def _is_stuck(self, main: int) -> bool:
        """Whether a dead process of the cluster waits for its parent for too long.

        So does one that died with a lock in its hands that the sentinel then waits
        for; the log says nothing of it.
        """
        members = [process for process in processes() if process.session == main]
        chiefs = {main, *(p.pid for p in members if p.parent == main)}
        dead = {p.pid for p in members if p.state == "Z" and p.parent in chiefs}
        now = time.monotonic()
        self._dead_since = {pid: self._dead_since.get(pid, now) for pid in dead}
        return any(now - since > STUCK_SECONDS for since in self._dead_since.values())


def kill_leftovers(folder: Path) -> None:
    """Kill clusters whose watchdog is gone, by the records it left in `folder`.

    A pid counts only together with its time of start: pids are used again.
    """
    table = [process for process in processes() if process.state != "Z"]
    alive = {(process.pid, process.started) for process in table}
    for record in folder.glob("cluster-*.json"):
        with suppress(ValueError, OSError):
            watchdog, main = map(tuple, json.loads(record.read_text()))
            if watchdog in alive:
                continue
            # The leader may be gone; its number is not given away while members live.
            is_gone = main[0] not in {process.pid for process in table}
            members = [process for process in table if process.session == main[0]]
            if main in alive or (is_gone and members):
                logger.warning("Killing the cluster that a dead watchdog left.")
                _kill_session(main[0])
        record.unlink(missing_ok=True)


def _ask_to_finish(cluster: "subprocess.Popen[str]") -> None:
    """Let it finish its tasks for as long as we may.

    The signal goes to the main process alone: Django-Q hangs when all get it.
    """
    cluster.terminate()
    try:
        cluster.wait(settings.Q_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        logger.warning("Cluster is still at work and is killed.")


def _kill_session(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _within(seconds: float, action: Callable[[], object]) -> None:
    """Do it, but go on without it if the database does not answer in time."""

    def attempt() -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 e.g. no database; retry covers it
            logger.warning("The database does not answer: %s", error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
