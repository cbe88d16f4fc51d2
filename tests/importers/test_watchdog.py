"""A real cluster under the watchdog survives the death of any of its processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django_q.models import OrmQ

from importers import queue, watchdog
from importers.processes import processes
from tests.clusters import Cluster, end, living, start, wait_until

TASKS = "tests.importers.cluster_tasks"
REAPER = {"Q_REAPER": f"{TASKS}.reap", "Q_REAP_SECONDS": "0.5"}

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


@pytest.fixture
def cluster(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Cluster]:
    started = start(process_environment, tmp_path, queue="quick", **REAPER)
    try:
        wait_until(started.is_whole, "a whole cluster")
        yield started
    finally:
        end(started)


@pytest.mark.parametrize("kind", ["worker", "monitor", "pusher", "sentinel", "main"])
def test_after_the_death_of_an_idle_process_tasks_still_run(
    cluster: Cluster, kind: str
) -> None:
    before = cluster.members()

    os.kill(cluster.pid_of(kind), signal.SIGKILL)
    queue.enqueue(f"{TASKS}.leave_mark", 1)
    queue.enqueue(f"{TASKS}.leave_mark", 2)

    wait_until(lambda: cluster.marks(1) and cluster.marks(2), "both tasks")
    wait_until(lambda: not queue.pending(), "an empty queue")
    wait_until(lambda: not before & cluster.members(), "all processes to be new")
    wait_until(cluster.is_whole, "a whole cluster")


def test_a_task_whose_worker_is_killed_is_run_again_at_once(cluster: Cluster) -> None:
    queue.enqueue(f"{TASKS}.work_long", 1)
    wait_until(lambda: cluster.marks(-1) == 1, "the task to start")

    for pid in cluster.members() - {cluster.main, cluster.pid_of("sentinel")}:
        os.kill(pid, signal.SIGKILL)

    wait_until(lambda: cluster.marks(-1) == 2, "the task to start again")


def test_sigterm_stops_an_idle_cluster_and_leaves_nothing(cluster: Cluster) -> None:
    session = cluster.main

    cluster.watchdog.terminate()

    assert cluster.watchdog.wait(10) == 0
    assert not living(session)
    assert not list((cluster.folder / "run").iterdir())


def test_sigterm_to_everybody_stops_a_busy_cluster_in_time(cluster: Cluster) -> None:
    """As a supervisor does that signals the whole group (honcho, systemd)."""
    queue.enqueue(f"{TASKS}.work_long", 1)
    wait_until(lambda: cluster.marks(-1) == 1, "the task to start")
    session = cluster.main

    os.killpg(cluster.watchdog.pid, signal.SIGTERM)

    assert cluster.watchdog.wait(8) == 0
    assert not living(session)
    # The task is still there, free for the next cluster.
    assert OrmQ.objects.count() == 1
    assert queue.release_locks(queue.QUICK) == 0


def test_nothing_survives_the_watchdog(
    cluster: Cluster, process_environment: dict[str, str]
) -> None:
    session = cluster.main

    cluster.watchdog.kill()
    cluster.watchdog.wait()

    wait_until(lambda: not living(session), "the end of the orphans")
    queue.enqueue(f"{TASKS}.leave_mark", 1)
    successor = start(process_environment, cluster.folder, queue="quick", **REAPER)
    try:
        wait_until(lambda: cluster.marks(1), "the task under the next watchdog")
        successor.watchdog.terminate()
        assert successor.watchdog.wait(10) == 0
    finally:
        end(successor)


def test_the_reaper_is_called_again_and_again(cluster: Cluster) -> None:
    wait_until(lambda: cluster.marks(0) >= 2, "two calls of the reaper")


def test_leftovers_of_a_dead_watchdog_are_killed_others_are_not(tmp_path: Path) -> None:
    def sleeper() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["sleep", "60"], start_new_session=True)

    left, foreign, ours = sleeper(), sleeper(), sleeper()
    ages = {process.pid: process.started for process in processes()}
    dead = [ages[os.getpid()], 1]
    records = {
        "left": [dead, [left.pid, ages[left.pid]]],
        "reused": [dead, [foreign.pid, ages[foreign.pid] - 1]],
        "alive": [[os.getpid(), ages[os.getpid()]], [ours.pid, ages[ours.pid]]],
    }
    for name, record in records.items():
        (tmp_path / f"cluster-{name}.json").write_text(json.dumps(record))

    watchdog.kill_leftovers(tmp_path)

    assert left.wait(5) == -signal.SIGKILL
    assert foreign.poll() is None
    assert ours.poll() is None
    assert [path.name for path in tmp_path.iterdir()] == ["cluster-alive.json"]
    for process in (foreign, ours):
        process.kill()
        process.wait()
