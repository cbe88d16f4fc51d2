"""Web and worker share a bucket and a database, and no disk: a file's whole way."""

import csv
import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from importers import queue
from importers.models import Arrival, Inbox, Ingestion, Source
from reinsurance.models import Claim, Treaty
from tests.clusters import Cluster, end, start, wait_until
from tests.importers.admin.conftest import HEADER, claim, csv_of, upload_of
from tests.s3 import Store

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
PATIENCE = 120.0
HASTE = {"Q_REAP_SECONDS": "0.5", "LEASE_STALE_SECONDS": "4"}


@pytest.fixture
def worker(
    s3: Store, in_bucket: str, process_environment: dict[str, str], tmp_path: Path
) -> Iterator[Cluster]:
    """A cluster on a disk of its own."""
    folder = tmp_path / "worker"
    folder.mkdir()
    environment = {
        **process_environment,
        **s3.environment,
        **HASTE,
        "VAR_DIR": str(folder),
        "AWS_STORAGE_BUCKET_NAME": in_bucket,
        "INBOX_BUCKETS": f"{in_bucket}-in",
    }
    cluster = start(environment, folder, queue="quick")
    try:
        wait_until(cluster.is_whole, "a whole cluster", patience=PATIENCE)
        yield cluster
    finally:
        end(cluster)


@pytest.fixture
def andes(transactional_db: None) -> Source:
    Treaty.objects.create(
        reference="B0001",
        treaty_type="QS",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency_id="USD",
    )
    return Source.objects.create(code="andes", name="Andes")


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def reaches(ingestion: Ingestion, status: str) -> Ingestion:
    def is_there() -> bool:
        ingestion.refresh_from_db()
        return ingestion.status == status

    wait_until(is_there, status, patience=PATIENCE)
    return ingestion


def move(browser: Client, ingestion: Ingestion, name: str, **data: Any) -> None:
    url = reverse("admin:importers_ingestion_move", args=[ingestion.pk, name])
    assert browser.post(url, data).status_code == 302


def test_a_file_goes_its_whole_way_without_a_shared_disk(
    s3: Store, in_bucket: str, worker: Cluster, andes: Source, clerk: User,
    manager: User, storage_dir: Path, settings: Settings,
) -> None:  # fmt: skip
    by_clerk, by_manager = signed_in(clerk), signed_in(manager)
    content = csv_of(HEADER, claim("C-1"), claim("C-2", **{"Date of Loss": "31/02"}))
    data = upload_of(content, source=andes.pk)
    answer = by_clerk.post(reverse("admin:importers_ingestion_upload"), data)
    assert answer.status_code == 302, answer.context["form"].errors
    ingestion = reaches(Ingestion.objects.get(), "ready")

    url = reverse("admin:importers_ingestion_rejected_rows", args=[ingestion.pk])
    address = by_clerk.get(url)["Location"]
    found = requests.get(address, timeout=10)
    rows = list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"))))
    assert [row["Claim Ref"] for row in rows] == ["C-2"]
    s3.later = s3.seconds(125)
    assert requests.get(address, timeout=10).status_code == 403
    s3.later = s3.seconds(0)

    s3.is_down = True  # the worker waits for the store, and loads when it is back
    move(by_manager, ingestion, "approve", seen=ingestion.effect)
    wait_until(
        lambda: ingestion.events.filter(message__contains="tried by itself").exists(),
        "a try without the store",
        patience=PATIENCE,
    )
    s3.is_down = False
    reaches(ingestion, "loaded")
    assert list(Claim.objects.values_list("reference", flat=True)) == ["C-1"]
    move(by_manager, ingestion, "undo", reason="A test.")
    reaches(ingestion, "undone")
    assert not Claim.objects.exists()

    kept = {key.partition("/")[0] for key in s3.keys(in_bucket)}
    assert kept == {"originals", "staged"}
    disks = [worker.folder / "storage", storage_dir, Path(settings.MEDIA_ROOT)]
    assert [path for disk in disks for path in disk.rglob("*")] == []


def test_an_inbox_is_collected_by_the_cluster(
    s3: Store, in_bucket: str, worker: Cluster, andes: Source
) -> None:
    theirs = s3.bucket(f"{in_bucket}-in")
    inbox = Inbox.objects.create(
        code="andes", name="Andes", source=andes, record_type="claims", kind="bucket",
        bucket=theirs, settle_seconds=1, every_minutes=1,
    )  # fmt: skip
    s3.put(theirs, "claims.csv", csv_of(HEADER, claim("C-1")))
    queue.enqueue("importers.tasks.collect_inboxes")
    arrivals = Arrival.objects.filter(inbox=inbox)
    wait_until(arrivals.exists, "a first look", patience=PATIENCE)
    time.sleep(1)  # the file is at rest
    queue.enqueue("importers.tasks.collect_inbox", inbox.pk)
    put_away = arrivals.filter(moved_at__isnull=False)
    wait_until(put_away.exists, "the file being taken", patience=PATIENCE)
    reaches(Ingestion.objects.get(), "ready")
    assert s3.keys(theirs) == [arrivals.get().moved_to]
