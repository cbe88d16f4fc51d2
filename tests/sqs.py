"""SQS for tests: moto's server as a process of its own, and what names it."""

import contextlib
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from backoffice.settings.queue import sqs_of
from tests.clusters import wait_until

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address of a server that speaks SQS."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(address), "moto's server")
        yield address
    finally:
        server.kill()
        server.wait()


def choose(url: str, choose_setting: Callable[[str, Any], object]) -> None:
    """Have tasks wait there, by whatever changes a setting of this process."""
    choose_setting("QUEUE_SQS", sqs_of(url))
    choose_setting("QUEUE_BROKER", "backoffice.sqs_broker.SqsBroker")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/moto-api/", timeout=1) as answer:  # noqa: S310
            return answer.status == 200
    except OSError:
        return False


def queue_url(address: str) -> str:
    """QUEUE_URL of queues that nobody else has, at that server."""
    return f"sqs://eu-west-1/test-{uuid.uuid4().hex[:8]}?endpoint={address}"
