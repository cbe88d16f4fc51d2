"""Faults as Sentry gets them: what broke, and nothing of anybody."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from backoffice.logs.sentry import LEFT_OUT


class Sentry(ThreadingHTTPServer):
    """Takes envelopes as Sentry does, and keeps the events in them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.events: list[dict[str, Any]] = []
        self.raw: list[str] = []


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert isinstance(self.server, Sentry)
        self.server.raw.append(body.decode())
        _, *items = body.decode().splitlines()
        for head, item in zip(items[::2], items[1::2], strict=False):
            if json.loads(head)["type"] == "event":
                self.server.events.append(json.loads(item))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    with Sentry() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_faults_arrive_without_anybodys_data(
    sentry: Sentry, process_environment: dict[str, str]
) -> None:
    port = sentry.server_address[1]
    done = subprocess.run(
        [sys.executable, "-m", "tests.backoffice.logs.faults"],
        env={
            **process_environment,
            "SENTRY_DSN": f"http://key@127.0.0.1:{port}/1",
            "SENTRY_ENVIRONMENT": "tests",
            "RELEASE": "1.2.3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    task, page = sentry.events
    for event in (task, page):
        assert (event["environment"], event["release"]) == ("tests", "1.2.3")
        (fault,) = event["exception"]["values"]
        assert (fault["type"], fault["value"]) == ("ValueError", LEFT_OUT)
        frame = fault["stacktrace"]["frames"][-1]
        assert frame["function"] == "broken"
        assert "vars" not in frame
    assert (task["tags"]["task"], task["tags"]["ingestion"]) == ("check", 7)
    assert page["transaction"] == "/broken/{name}"
    assert page["request"] == {"method": "POST"}
    assert len(page["tags"]["request_id"]) == 32
    for event in sentry.events:
        for value in event["exception"]["values"]:
            del value["stacktrace"]  # it quotes the program, which quotes Jane here
        assert "Jane" not in json.dumps(event)
        assert "4929" not in json.dumps(event)


def test_without_an_address_nothing_is_imported(
    process_environment: dict[str, str],
) -> None:
    code = "import django, sys; django.setup(); print('sentry_sdk' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=process_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
