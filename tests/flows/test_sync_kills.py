"""kill -9 while a feed is being fetched: it ends in the same rows as undisturbed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from importers.models import Ingestion, Sync
from importers.services import syncs
from importers.webservices.fetch import encode_lines
from reinsurance.models import Claim, ClaimPosition, ClaimStatement
from tests.clusters import end, start, wait_until
from tests.flows.syncs import a_feed, a_treaty
from tests.partner.records import claims
from tests.partner.server import Partner

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
PAGES = 8
RECORDS = 160
HASTE = {
    "LEASE_STALE_SECONDS": "2",
    "Q_REAP_SECONDS": "0.5",
    "SYNC_KEEP_SECONDS": "0",
    "WEB_SERVICE_HOSTS": "http://127.0.0.1",
}


@pytest.fixture
def partner() -> Iterator[Partner]:
    """A partner that takes its time for each of eight pages."""
    with Partner(RECORDS) as running:
        running.latency = 0.15
        yield running


@pytest.fixture
def feed(partner: Partner) -> Any:
    a_treaty()
    return a_feed(
        partner,
        "cursor/null",
        paging="cursor",
        cursor_path="meta.next_cursor",
        page_size=RECORDS // PAGES,
    )


def sync_process(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "sync", "claims", "--json", "--approve"],
        env={**environment, **HASTE},
        stdout=subprocess.PIPE,
    )


def loaded_once() -> None:
    """One ingestion, of exactly the partner's records, and all of them claims."""
    ingestion = Ingestion.objects.get()
    assert (ingestion.status, ingestion.rows_read, ingestion.rows_created) == (
        "loaded",
        RECORDS,
        RECORDS,
    )
    with default_storage.open(ingestion.original) as original:
        assert original.read() == encode_lines(claims(RECORDS))
    assert Claim.all_objects.count() == ClaimPosition.all_objects.count() == RECORDS
    assert ClaimStatement.objects.count() == RECORDS


@pytest.mark.parametrize(
    "pages",
    [
        [5],
        *(pytest.param([n], marks=pytest.mark.slow) for n in (1, 2, 3, 4, 6, 7, 8)),
        pytest.param([2, 3, 2], marks=pytest.mark.slow),
    ],
)
def test_a_killed_command_is_taken_up_where_it_stood(
    pages: list[int], partner: Partner, feed: Any, process_environment: dict[str, str]
) -> None:
    for page in pages:
        process = sync_process(process_environment)
        try:
            wait_until(lambda: len(partner.requests) >= page, f"page {page}")  # noqa: B023
        finally:
            process.kill()
            process.communicate()
        before = Sync.objects.get()
        assert before.status == "fetching"
        partner.reset()
        partner.latency = 0.15
        wait_until(lambda: _is_stale(before), "a stale lease")  # noqa: B023
    process = sync_process(process_environment)
    out, _ = process.communicate(timeout=60)
    told = json.loads(out.splitlines()[-1])
    assert (process.returncode, told["status"], told["records"]) == (
        0,
        "handed in",
        RECORDS,
    )
    assert told["rows"]["created"] == RECORDS
    assert len(partner.requests) == PAGES - before.pages
    loaded_once()


def _is_stale(sync: Sync) -> bool:
    sync.refresh_from_db()
    assert sync.heartbeat_at is not None
    return (timezone.now() - sync.heartbeat_at).total_seconds() > 2.1


@pytest.mark.parametrize("page", [3, pytest.param(7, marks=pytest.mark.slow)])
def test_a_killed_worker_of_the_cluster_is_replaced(
    page: int,
    partner: Partner,
    feed: Any,
    process_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    cluster = start(process_environment, tmp_path, queue="quick", **HASTE)
    try:
        wait_until(cluster.is_whole, "a whole cluster")
        sync = syncs.request(feed.pk, door="test")
        wait_until(lambda: len(partner.requests) >= page, f"page {page}")
        sync.refresh_from_db()
        os.kill(int(sync.lease.split(":")[1]), signal.SIGKILL)

        def is_ready() -> bool:
            sync.refresh_from_db()
            return bool(sync.ingestion_id) and (
                Ingestion.objects.get(pk=sync.ingestion_id).status == "ready"
            )

        wait_until(is_ready, "ready", patience=60)
    finally:
        end(cluster)
    assert (sync.status, sync.records, sync.attempts) == ("handed in", RECORDS, 2)
    assert len(partner.requests) <= PAGES + 1
    ingestion = Ingestion.objects.get()
    assert (ingestion.rows_read, ingestion.rows_created) == (RECORDS, RECORDS)
    with default_storage.open(ingestion.original) as original:
        assert original.read() == encode_lines(claims(RECORDS))
