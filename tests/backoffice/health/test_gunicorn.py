"""Several real web processes count together, log lines, and leave nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.backoffice.health.test_pages import parsed
from tests.clusters import wait_until

TOKEN = "t0ken"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


class Web:
    """gunicorn as the Procfile starts it."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        procfile = Path("Procfile").read_text().splitlines()
        (command,) = [line for line in procfile if line.startswith("web: ")]
        with (folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", command.removeprefix("web: ")],
                env={**environment, "PORT": str(self.port), "METRICS_TOKEN": TOKEN},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def get(self, path: str, **headers: str) -> requests.Response:
        # A connection of its own each time, so that both processes are asked.
        headers["Connection"] = "close"
        if path == "/metrics":
            headers["Authorization"] = f"Bearer {TOKEN}"
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.get(url, headers=headers, timeout=10, allow_redirects=False)

    def is_there(self) -> bool:
        try:
            return self.get("/healthz").ok
        except requests.RequestException:
            return False

    def workers(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """All others stand still meanwhile: whatever is asked, this one answers."""
        others = [pid for pid in self.workers() if pid != worker]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            for pid in others:
                wait_until(lambda pid=pid: state(pid) == "T", "it stands still")
            wait_until(self.is_there, "the process has started")
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    def lines(self) -> list[dict[str, object]]:
        log = (self.folder / "web.log").read_text().splitlines()
        assert [line for line in log if not line.startswith("{")] == []
        return [json.loads(line) for line in log]


def state(pid: int) -> str:
    """As in ``ps``: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


@pytest.fixture
def web(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Web]:
    stale = tmp_path / "run" / "metrics" / "4194303"
    stale.mkdir(parents=True)
    started = Web(process_environment, tmp_path)
    try:
        wait_until(started.is_there, "the web server")
        assert not stale.exists()
        yield started
    finally:
        if started.process.poll() is None:
            os.killpg(started.process.pid, signal.SIGKILL)
        started.process.wait()


def count(web: Web) -> float:
    told = parsed(web.get("/metrics").text)
    return told["backoffice_http_request_seconds_count"]["GET", "api:problems", "2xx"]


def test_processes_count_together(web: Web) -> None:
    wait_until(lambda: len(web.workers()) == 2, "two processes")
    first, second = web.workers()
    for worker, numbers in ((first, range(5)), (second, range(5, 20))):
        with web.only(worker):
            for number in numbers:
                asked = {"X-Request-ID": f"request-{number}"}
                page = web.get("/api/v1/problems/", **asked)
                assert page.headers["X-Request-ID"] == f"request-{number}"
    for worker in (first, second):
        with web.only(worker):
            assert {count(web) for _ in range(8)} == {20}
    files = (web.folder / "run" / "metrics").rglob("histogram_*.db")
    assert {file.stem for file in files} == {
        f"histogram_{first}",
        f"histogram_{second}",
    }

    # What a process had answered still counts when it is gone.
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: first not in web.workers() and len(web.workers()) == 2, "anew")
    assert second in web.workers()
    assert {count(web) for _ in range(8)} == {20}
    told = parsed(web.get("/metrics").text)
    assert told["backoffice_http_requests_in_flight"][()] == 1

    lines = [line for line in web.lines() if line.get("route") == "api:problems"]
    assert sorted(str(line["request_id"]) for line in lines) == sorted(
        f"request-{number}" for number in range(20)
    )
    web.process.terminate()
    assert web.process.wait(8) == 0
    assert not list((web.folder / "run" / "metrics").iterdir())
