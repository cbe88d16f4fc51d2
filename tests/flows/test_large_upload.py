"""A gigabyte handed in through a real web server: memory does not follow the size."""

import hashlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import Group, User
from rest_framework.authtoken.models import Token

from importers.models import Ingestion, Source
from tests.clusters import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SIZE = 1 << 30
MOST_GROWTH_MB = 40
BOUNDARY = "a-boundary-of-no-file"


@pytest.fixture
def web(process_environment: dict[str, str], tmp_path: Path) -> Iterator[tuple]:
    """A gunicorn with one worker: its address and the worker's process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "static").mkdir()
    log = tmp_path / "gunicorn.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "backoffice.wsgi"]
            + ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4"]
            + ["--timeout", "600", "--no-control-socket"],
            env={**process_environment, "MAX_UPLOAD_MB": "1100"},
            stdout=out,
            stderr=out,
        )
    booted = r"Booting worker with pid: (\d+)"
    try:
        wait_until(lambda: re.search(booted, log.read_text()), "a worker")
        yield f"http://127.0.0.1:{port}", int(re.findall(booted, log.read_text())[-1])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def highest_mb(pid: int) -> float:
    """The most memory that the process ever had."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", text)[0]) / 1024


def rows() -> Iterator[bytes]:
    """Blocks of a claims bordereau; SIZE bytes in all."""
    header = b"UMR,Claim Ref,Insured,Date of Loss,Status,Ccy,Paid to date,Reserve\n"
    yield header
    left, number = SIZE - len(header), 0
    while left:
        block = b"".join(
            b"B0001,C-%09d,Acme Ltd,2026-02-15,Open,USD,1000,500\n" % n
            for n in range(number, number + 10_000)
        )
        number += 10_000
        yield block[:left]
        left -= len(block[:left])


def form(fields: dict[str, str], content: Iterator[bytes]) -> Iterator[bytes]:
    """A multipart form with a file, as it goes over the wire."""
    for name, value in fields.items():
        yield (
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="{name}"\r\n\r\n{value}\r\n'
        ).encode()
    yield (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        'name="file"; filename="claims.csv"\r\nContent-Type: text/csv\r\n\r\n'
    ).encode()
    yield from content
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


class Sized:
    """A body that is sent as it is made, with its length told beforehand."""

    def __init__(self, blocks: Iterator[bytes], length: int) -> None:
        self.blocks, self.length = blocks, length

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        return self.blocks


def test_a_gigabyte_costs_no_memory(
    web: tuple[str, int], storage_dir: Path, tmp_path: Path
) -> None:
    address, worker = web
    Source.objects.create(code="andes", name="Andes")
    user = User.objects.create_user("system")
    user.groups.add(Group.objects.get(name="Integrator"))
    headers = {
        "Authorization": f"Token {Token.objects.create(user=user).key}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    fields = {"record_type": "claims", "source": "andes"}
    empty = sum(map(len, form(fields, iter(()))))
    small = b"UMR,Claim Ref\nB0001,C-1\n"

    def send(content: Iterator[bytes], size: int) -> requests.Response:
        return requests.post(
            f"{address}/api/v1/ingestions/",
            data=Sized(form(fields, content), empty + size),  # type: ignore[arg-type]
            headers=headers,
            timeout=600,
        )

    assert send(iter([small]), len(small)).status_code == 202
    before = highest_mb(worker)
    began = time.monotonic()
    answer = send(rows(), SIZE)
    seconds = time.monotonic() - began
    after = highest_mb(worker)
    assert answer.status_code == 202, answer.text
    figures = {"seconds": round(seconds), "mb_before": before, "mb_after": after}
    (Path(settings.VAR_DIR) / "bench").mkdir(exist_ok=True)
    (Path(settings.VAR_DIR) / "bench" / "upload.json").write_text(json.dumps(figures))
    assert after - before < MOST_GROWTH_MB
    record = Ingestion.objects.get(pk=answer.json()["id"])
    digest = hashlib.sha256()
    for block in rows():
        digest.update(block)
    assert (record.file_size, record.sha256) == (SIZE, digest.hexdigest())
    assert record.status == "received"
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size == SIZE for path in kept) == 1
