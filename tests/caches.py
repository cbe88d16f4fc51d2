"""A real Redis server for tests, and another process that answers from its cache."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import redis

_ASKED = """
import json, sys
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
for line in sys.stdin:
    name, permission = line.split()
    user = User.objects.get(username=name)
    with CaptureQueriesContext(connection) as queries:
        may = user.has_perm(permission)
    print(json.dumps([may, len(queries)]), flush=True)
"""


class Redis:
    """A server of its own, on a port of its own, that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        program = shutil.which("redis-server")
        assert program
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1"]
            + ["--save", "", "--appendonly", "no", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            with redis.Redis(port=self.port) as client:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    assert time.monotonic() < deadline, "Redis did not start"
                    time.sleep(0.02)

    def stall(self) -> None:
        """Let it accept connections and answer nothing."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> int:
        """Let it go on; how often it was connected to, this time included."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)
        with redis.Redis(port=self.port) as client:
            connected: int = client.info("stats")["total_connections_received"]
        return connected

    def stop(self) -> None:
        """End the server and wait for it."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class OtherProcess:
    """A process of this back office with a memory of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", _ASKED],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def has_perm(self, user: str, permission: str) -> list[Any]:
        """Whether it thinks that the user may, and how many queries it took."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{user} {permission}\n")
        self.process.stdin.flush()
        answer: list[Any] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> None:
        """Let it end."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
