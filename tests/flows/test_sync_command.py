"""``manage.py sync`` as scripts use it: its output and exit codes are an interface."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from importers import queue
from importers.models import Feed, Ingestion, Mapping, Source, Sync
from importers.services import syncs
from reinsurance.models import Claim
from tests import clusters
from tests.flows.syncs import ALLOWED, a_feed, a_treaty
from tests.partner import faults
from tests.partner.server import Partner

pytestmark = pytest.mark.django_db

REPOSITORY = Path(__file__).resolve().parents[2]
NO_ROWS = {"read": 0, "created": 0, "updated": 0, "unchanged": 0, "rejected": 0}


@pytest.fixture
def partner(settings: Settings) -> Iterator[Partner]:
    """A partner with 250 claims, whom we may ask."""
    settings.WEB_SERVICE_HOSTS = ALLOWED
    settings.SYNC_KEEP_SECONDS = 0.0
    with Partner(250) as running:
        yield running


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("sync", *arguments, stdout=out, stderr=err)
    except SystemExit as done:
        return int(done.code or 0), out.getvalue(), err.getvalue()
    raise AssertionError("the command has an exit code of its own")


def sync(*options: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run("claims", "--json", *options)
    assert out.count("\n") == 1
    return code, json.loads(out)


def test_a_feed_is_fetched_checked_and_loaded(partner: Partner) -> None:
    a_treaty()
    a_feed(partner)
    code, told = sync("--approve")
    ingestion = Ingestion.objects.get()
    assert (code, ingestion.status) == (0, "loaded")
    assert told == {
        "feed": "claims",
        "status": "handed in",
        "pages": 3,
        "records": 250,
        "bytes": sum(len(part) for part in _bodies(partner)),
        "retries": 0,
        "waited_seconds": 0,
        "ingestion": ingestion.pk,
        "rows": {**NO_ROWS, "read": 250, "created": 250},
        "message": f"Handed in as number {ingestion.pk}.",
    }
    assert list(told) == [
        "feed", "status", "pages", "records", "bytes", "retries", "waited_seconds",
        "ingestion", "rows", "message",
    ]  # fmt: skip
    assert Claim.objects.count() == 250
    assert not queue.pending()
    # The same once more is loaded without asking: there is nothing new in it.
    code, told = sync()
    assert (code, told["rows"]) == (0, {**NO_ROWS, "read": 250, "unchanged": 250})
    assert Ingestion.objects.get(pk=told["ingestion"]).status == "loaded"


def _bodies(partner: Partner) -> list[bytes]:
    calls = [partner.url + request.target for request in partner.calls("/next")]
    return [requests.get(url, timeout=5).content for url in calls[:3]]


def test_without_approval_the_records_are_ready(partner: Partner) -> None:
    a_treaty()
    a_feed(partner)
    code, told = sync()
    assert code == 0
    assert told["rows"]["created"] == 250
    assert Ingestion.objects.get().status == "ready"
    assert not Claim.objects.exists()
    code, out, err = run("claims")
    assert (code, err) == (0, "")
    assert out.startswith("claims: handed in. 3 pages, 250 records, ")
    assert "250 rows read: 250 created, 0 updated, 0 unchanged, 0 rejected.\n" in out


def test_nothing_new(partner: Partner) -> None:
    partner.records = []
    a_feed(partner, "page/plain")
    code, told = sync()
    assert (code, told["status"], told["message"]) == (0, "nothing new", "Nothing new.")
    assert (told["ingestion"], told["rows"]) == (None, NO_ROWS)


def test_a_failed_sync_says_why_and_the_next_goes_on(partner: Partner) -> None:
    a_treaty()
    a_feed(partner)
    partner.fail(fault=faults.status(403), after=2)
    code, told = sync()
    assert (code, told["status"], told["ingestion"]) == (1, "failed", None)
    assert (told["pages"], told["records"], told["rows"]) == (2, 200, NO_ROWS)
    assert told["message"] == Sync.objects.get().message != ""
    code, told = sync()
    assert (code, told["records"], told["rows"]["created"]) == (0, 250, 250)
    assert len(partner.calls("/next")) == 4


def test_retries_and_waits_are_told(partner: Partner) -> None:
    a_treaty()
    a_feed(partner)
    partner.fail(fault=faults.too_many(0.2), after=1)
    code, told = sync()
    assert (code, told["retries"]) == (0, 1)
    assert told["waited_seconds"] >= 0.2


def test_records_that_need_a_mapping_or_are_refused_end_with_one(
    partner: Partner,
) -> None:
    feed = a_feed(partner)
    code, told = sync("--approve")
    assert (code, told["status"], told["rows"]["rejected"]) == (1, "handed in", 250)
    assert told["message"].startswith("None of the 250 rows can be loaded.")
    asks = {"claim reference": {"field": "", "percent": False}}
    feed.mapping = Mapping.objects.create(
        source=Source.objects.get(code="partner"),
        record_type="claims",
        name="x",
        columns=asks,
    )
    feed.save()
    partner.records = partner.records[:5]
    code, told = sync("--approve")
    assert (code, Ingestion.objects.get(pk=told["ingestion"]).status) == (
        1,
        "needs mapping",
    )
    assert told["message"].startswith("No column was found for “Claim reference”.")


def test_bad_usage(partner: Partner) -> None:
    feed = a_feed(partner)
    code, out, err = run("nothing", "--json")
    assert (code, out) == (2, "")
    assert err == "There is no feed “nothing”. Known: claims.\n"
    feed.service.is_active = False
    feed.service.save()
    code, out, err = run("claims", "--json")
    assert (code, out) == (1, "")
    assert err == "The service “Partner” is switched off. Switch it on first.\n"


def _left(feed: Feed, worker: str, seconds: float, attempts: int = 1) -> Sync:
    """A sync that a worker is at, whose heart beat so many seconds ago."""
    left = syncs.request(feed.pk, door="command", enqueue=False)
    Sync.objects.filter(pk=left.pk).update(
        status="fetching",
        lease=worker,
        attempts=attempts,
        heartbeat_at=timezone.now() - timedelta(seconds=seconds),
    )
    return left


def _gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    "worker",
    [f"{socket.gethostname()}:{os.getpid()}:x", "other-host:1:x"],
    ids=["this process", "another host"],
)
def test_what_a_living_worker_is_at_is_left_to_it(
    partner: Partner, worker: str
) -> None:
    left = _left(a_feed(partner), worker, 1)
    assert run("claims", "--json") == (
        1,
        "",
        f"This feed is being synced already (sync number {left.pk}). Wait for it.\n",
    )
    assert partner.requests == []


@pytest.mark.parametrize(
    ("host", "seconds", "attempts"),
    [("here", 0, 1), ("elsewhere", 60, 2), ("elsewhere", 60, 3), ("here", 0, 3)],
)
def test_what_a_dead_worker_left_is_taken_over(
    partner: Partner, host: str, seconds: float, attempts: int
) -> None:
    a_treaty()
    here = socket.gethostname() if host == "here" else host
    left = _left(a_feed(partner), f"{here}:{_gone()}:x", seconds, attempts)
    code, told = sync()
    assert (code, told["status"]) == (0, "handed in")
    assert Sync.objects.filter(status="handed in").get().pk >= left.pk
    assert not Sync.objects.filter(status__in=["waiting", "fetching"]).exists()


def test_a_sync_that_only_waits_is_done_here(partner: Partner) -> None:
    a_treaty()
    syncs.request(a_feed(partner).pk, door="admin")
    assert sync()[0] == 0
    assert Sync.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_killed_between_two_pages_it_goes_on_at_once(
    partner: Partner, process_environment: dict[str, str]
) -> None:
    a_treaty()
    a_feed(partner)
    partner.latency = 0.5
    environment = {
        **process_environment,
        "WEB_SERVICE_HOSTS": ",".join(ALLOWED),
        "SYNC_KEEP_SECONDS": "0",
    }
    command = [sys.executable, "manage.py", "sync", "claims", "--json", "--approve"]
    with subprocess.Popen(
        command, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL
    ) as process:
        clusters.wait_until(lambda: Sync.objects.filter(pages=2), "two pages")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert Sync.objects.get().status == "fetching"
    began = time.monotonic()
    done = subprocess.run(
        command,
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["pages"], told["records"]) == (3, 250)
    assert told["rows"] == {**NO_ROWS, "read": 250, "created": 250}
    assert time.monotonic() - began < 25  # no waiting for the lease to grow stale
    assert (Sync.objects.count(), Claim.objects.count()) == (1, 250)
    assert len(partner.calls("/next")) <= 4


@pytest.mark.cluster
@pytest.mark.django_db(transaction=True)
def test_the_cluster_can_do_it(
    partner: Partner,
    process_environment: dict[str, str],
    tmp_path: Path,
    storage_dir: Path,
) -> None:
    a_treaty()
    a_feed(partner)
    cluster = clusters.start(
        process_environment, tmp_path, WEB_SERVICE_HOSTS=",".join(ALLOWED)
    )
    try:
        code, told = sync("--queue", "--approve", "--timeout", "60")
    finally:
        clusters.end(cluster)
    assert (code, told["rows"]["created"]) == (0, 250)
    assert Sync.objects.get().door == "cluster command"
    assert Claim.objects.count() == 250


def test_without_a_cluster_the_wait_ends(partner: Partner) -> None:
    a_feed(partner)
    code, out, err = run("claims", "--queue", "--timeout", "0.2", "--json")
    assert code == 1
    assert json.loads(out)["status"] == "waiting"
    assert err == "Still waiting after 0 seconds. Is the cluster running?\n"
