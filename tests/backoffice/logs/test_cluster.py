"""A real cluster: its log is JSON line by line, and it gives signs of life."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django_q.models import Failure

from importers import queue
from importers.models import Beat
from importers.services import beats
from tests.clusters import Cluster, end, start, wait_until
from tests.importers.cluster_tasks import SAID

TASKS = "tests.importers.cluster_tasks"

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


@pytest.fixture
def cluster(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Cluster]:
    started = start(
        process_environment, tmp_path, LOG_FORMAT="json", BEAT_SECONDS="0.3"
    )
    try:
        wait_until(started.is_whole, "a whole cluster")
        yield started
    finally:
        end(started)


def lines(cluster: Cluster) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cluster.log.splitlines()]


def test_every_line_is_json_and_says_what_it_is_about(cluster: Cluster) -> None:
    queue.enqueue(f"{TASKS}.fail", 7)
    wait_until(Failure.objects.exists, "the failure")
    wait_until(lambda: "Failed" in cluster.log, "what Django-Q says of it")
    (failure,) = Failure.objects.all()
    told = lines(cluster)
    (line,) = [line for line in told if line["message"] == "The task failed."]
    assert (line["task"], line["ingestion"]) == ("fail", 7)
    assert line["task_id"] == failure.id
    assert "DETAIL: (left out)" in line["exception"]
    # What was printed past every logger is a line as well.
    (printed,) = [line for line in told if line["message"] == SAID]
    assert printed["logger"] == "importers.cluster"
    assert not any("Jane" in line["message"] for line in told)

    # The watchdog reads deaths out of these lines.
    before = cluster.members()
    os.kill(cluster.pid_of("worker"), signal.SIGKILL)
    wait_until(lambda: not before & cluster.members(), "all processes to be new")
    wait_until(
        lambda: any("Cluster restarts" in line["message"] for line in lines(cluster)),
        "the reason",
    )


def test_it_says_that_it_is_at_work_and_that_it_stops(cluster: Cluster) -> None:
    wait_until(Beat.objects.exists, "a beat")
    first = Beat.objects.get()
    assert first.name.endswith(f":{cluster.watchdog.pid}")
    assert (first.queues, first.workers) == (["quick", "heavy"], 3)
    wait_until(lambda: Beat.objects.get().beat_at > first.beat_at, "the next beat")
    assert beats.living().count() == 1

    cluster.watchdog.terminate()
    assert cluster.watchdog.wait(10) == 0
    assert not Beat.objects.exists()
