"""Many files at once: two queues, two machines, and tasks that wait in SQS."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.db.models import Count
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from importers import queue
from importers.models import Ingestion
from importers.pipeline.storage import blocks_of
from importers.services import ingestions, reaper, turns
from reinsurance.models import Claim, ClaimPosition, ClaimStatement, Load
from tests.benchmarks import generate
from tests.clusters import Cluster, end, living, start, wait_until

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
HASTE = {"LEASE_STALE_SECONDS": "4", "Q_REAP_SECONDS": "0.5"}
PATIENCE = 90.0
PARTIES = "Code,Name\nP{0},Party {0}\n"


def status_of(number: int) -> str:
    return Ingestion.objects.values_list("status", flat=True).get(pk=number)


def submitted(content: bytes, slug: str = "claims", declared: str = "") -> int:
    return ingestions.submit(
        blocks=[content],
        file_name=f"{slug}.csv",
        record_type=slug,
        source=ingestions.source_of(None),
        door="test",
        declared=declared,
    ).pk


def wait_for(status: str, *numbers: int) -> None:
    wait_until(
        lambda: all(status_of(number) == status for number in numbers),
        status,
        patience=PATIENCE,
    )


@contextmanager
def nobody_writes_claims() -> Iterator[None]:
    """Loads of claims that have begun wait here, as one of many rows would last."""
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE reinsurance_claim IN SHARE MODE")
        yield
    finally:
        other.rollback()
        other.close()


# ------------------------------------------------------------------------ two queues
@pytest.mark.usefixtures("fifty_treaties")
def test_a_long_load_holds_up_no_small_file(
    process_environment: dict[str, str], tmp_path: Path, settings: Settings
) -> None:
    """With one quick worker: neither files of other kinds, nor others behind them."""
    settings.HEAVY_ROWS = 1000
    path = generate.write_csv(tmp_path / "large.csv", 3000)
    header, *lines = path.read_bytes().splitlines(keepends=True)
    cluster = start(
        process_environment, tmp_path, HEAVY_ROWS="1000", Q_WORKERS="1", **HASTE
    )
    try:
        large = ingestions.submit(
            blocks=blocks_of(path),
            file_name="large.csv",
            record_type="claims",
            source=ingestions.source_of(None),
            door="test",
        ).pk
        small = [submitted(header + line, declared="additional") for line in lines[:3]]
        parties = [submitted(PARTIES.format(n).encode(), "parties") for n in range(3)]
        wait_for("ready", large, *small, *parties)
        with nobody_writes_claims():
            ingestions.approve(large)
            wait_for("loading", large)
            for same_kind, other_kind in zip(small, parties, strict=True):
                ingestions.approve(same_kind)
                ingestions.approve(other_kind)
            wait_for("loaded", *parties)
            wait_until(
                lambda: Ingestion.objects.filter(offered_at=None).count() == 3,
                "the small ones to stand back",
            )
            assert status_of(large) == "loading"
            heavy = living(cluster.main_of("heavy"))
            lease = Ingestion.objects.get(pk=large).lease
            assert int(lease.split(":")[1]) in heavy
            for number in small:
                record = Ingestion.objects.get(pk=number)
                assert (record.status, record.attempts) == ("approved", 0)
                last = record.events.order_by("-pk").first()
                assert last is not None
                assert last.message == turns.WAITS
        wait_for("loaded", large)
        # What they do is something else now; somebody has to look at it anew.
        wait_for("ready", *small)
        for number in small:
            record = Ingestion.objects.get(pk=number)
            assert (record.rows_unchanged, record.approved_at) == (1, None)
            ingestions.approve(number)
        wait_for("loaded", *small)
    finally:
        end(cluster)
    assert Claim.objects.count() == ClaimStatement.objects.count() == 3000
    assert Load.objects.filter(record_type="claims").count() == 4


@pytest.mark.slow
@pytest.mark.usefixtures("fifty_treaties")
def test_the_worker_of_a_long_load_is_killed_and_quick_work_goes_on(
    process_environment: dict[str, str], tmp_path: Path, settings: Settings
) -> None:
    settings.HEAVY_ROWS = 1000
    path = generate.write_csv(tmp_path / "large.csv", 3000)
    cluster = start(process_environment, tmp_path, HEAVY_ROWS="1000", **HASTE)
    try:
        wait_until(cluster.is_whole, "a whole cluster", patience=PATIENCE)
        large = submitted(path.read_bytes())
        wait_for("ready", large)
        quick = living(cluster.main_of("quick"))
        with nobody_writes_claims():
            ingestions.approve(large)
            wait_for("loading", large)
            lease = Ingestion.objects.get(pk=large).lease
            os.kill(int(lease.split(":")[1]), signal.SIGKILL)
            party = submitted(PARTIES.format(1).encode(), "parties")
            wait_for("ready", party)
        wait_for("loaded", large)
        assert living(cluster.main_of("quick")) == quick
    finally:
        end(cluster)
    assert Ingestion.objects.get(pk=large).attempts == 2
    assert Claim.objects.count() == 3000


# ---------------------------------------------------------------------- two machines
def kill_all_of(machine: Cluster) -> None:
    """As when its power goes."""
    sessions = machine.sessions
    for session in [*sessions, machine.watchdog.pid]:
        os.killpg(session, signal.SIGKILL)
    machine.watchdog.wait()
    wait_until(lambda: not any(map(living, sessions)), "the end of the machine")


@pytest.mark.slow
@pytest.mark.usefixtures("fifty_treaties")
def test_two_machines_share_the_work_and_one_of_them_dies(
    process_environment: dict[str, str], tmp_path: Path, storage_dir: Path
) -> None:
    """And comes back, offering again at its start what the other one has in hand."""
    files, rows = 10, 1000
    path = generate.write_csv(tmp_path / "all.csv", files * rows)
    header, *lines = path.read_bytes().splitlines(keepends=True)
    with ExitStack() as stack:

        def machine(name: str) -> Cluster:
            folder = tmp_path / name
            if not folder.exists():
                folder.mkdir()
                (folder / "storage").symlink_to(storage_dir)  # as a shared folder is
            own = {"VAR_DIR": str(folder), "MACHINE_NAME": name}
            begun = start(
                {**process_environment, **own}, folder, queue="quick", **HASTE
            )
            stack.callback(end, begun)
            wait_until(begun.is_whole, f"a whole {name}", patience=PATIENCE)
            return begun

        one, _ = machine("one"), machine("other")
        numbers = [
            submitted(
                header + b"".join(lines[n * rows : (n + 1) * rows]),
                declared="additional",
            )
            for n in range(files)
        ]
        checked = Ingestion.objects.exclude(status__in=["received", "checking"])
        wait_until(lambda: checked.count() >= 3, "some files", patience=PATIENCE)
        wait_until(
            lambda: Ingestion.objects.filter(
                status="checking", lease__startswith="one:"
            ).exists(),
            "one to be at work",
            patience=PATIENCE,
        )
        kill_all_of(one)
        machine("one")
        wait_for("ready", *numbers)
        for number in numbers:
            ingestions.approve(number)
        wait_for("loaded", *numbers)
        hosts = set(Ingestion.objects.values_list("lease", flat=True))
        assert {lease.split(":")[0] for lease in hosts} == {"one", "other"}
        wait_until(lambda: not queue.pending(), "an empty queue")
    assert Claim.objects.count() == files * rows
    assert ClaimPosition.objects.count() == files * rows
    assert ClaimStatement.objects.aggregate(
        rows=Count("pk"),
        positions=Count("position", distinct=True),
        loads=Count("load", distinct=True),
    ) == {"rows": files * rows, "positions": files * rows, "loads": files}
    assert Load.objects.count() == files


# ------------------------------------------------------------------------------- SQS
def test_a_task_for_sqs_is_kept_with_what_it_is_about(on_sqs: dict[str, str]) -> None:
    with transaction.atomic():
        submitted(PARTIES.format(1).encode(), "parties")
        transaction.set_rollback(True)
    assert queue.pending() == 0
    with transaction.atomic():
        submitted(PARTIES.format(2).encode(), "parties")
        assert OrmQ.objects.count() == 1
    assert OrmQ.objects.count() == 0
    assert queue.depth(queue.QUICK) == queue.Depth(waiting=1, taken=0)
    assert queue.depth(queue.HEAVY).total == 0
    assert not queue.is_idle(queue.QUICK)
    assert queue.release_locks(queue.QUICK) == 0


def test_what_could_not_be_sent_to_sqs_is_sent_later(
    on_sqs: dict[str, str], settings: Settings
) -> None:
    there = settings.QUEUE_SQS
    settings.QUEUE_SQS = {**there, "endpoint": "http://127.0.0.1:9"}
    number = submitted(PARTIES.format(1).encode(), "parties")
    assert status_of(number) == "received"
    settings.QUEUE_SQS = there
    assert queue.send_kept() == 0  # it may be on its way
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=1))
    assert reaper.reap() == 1
    assert OrmQ.objects.count() == 0
    assert queue.depth(queue.QUICK).waiting == 1


def test_what_waits_though_nothing_is_in_sqs_is_offered_again(
    on_sqs: dict[str, str],
) -> None:
    """As when a cluster died that had taken the task: it comes back after an hour."""
    number = submitted(PARTIES.format(1).encode(), "parties")
    late = timezone.now() - timedelta(minutes=2)
    Ingestion.objects.filter(pk=number).update(offered_at=late)
    assert reaper.reap() == 0
    Ingestion.objects.filter(pk=number).update(offered_at=late - timedelta(hours=1))
    assert reaper.reap() == 1
    assert queue.depth(queue.QUICK).waiting == 2


def test_the_page_of_the_queue_says_where_tasks_wait(
    on_sqs: dict[str, str], client: Client
) -> None:
    client.force_login(User.objects.create_superuser("root"))
    submitted(PARTIES.format(1).encode(), "parties")
    page = client.get("/admin/django_q/ormq/")
    (said,) = page.context["messages"]
    assert str(said) == (
        "Tasks wait in Amazon SQS, not here: about 1 quick tasks wait and 0 are taken, "
        "0 heavy tasks wait and 0 are taken. The list has those that are not sent yet."
    )


@pytest.mark.slow
def test_a_file_goes_through_the_clusters_of_sqs(
    on_sqs: dict[str, str], process_environment: dict[str, str], tmp_path: Path
) -> None:
    number = submitted(PARTIES.format(1).encode(), "parties")
    cluster = start({**process_environment, **on_sqs}, tmp_path, **HASTE)
    try:
        wait_for("ready", number)
        ingestions.approve(number)
        wait_for("loaded", number)
        wait_until(lambda: not queue.pending(), "an empty queue")
        cluster.watchdog.terminate()
        assert cluster.watchdog.wait(15) == 0
    finally:
        end(cluster)
