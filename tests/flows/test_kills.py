"""kill -9 while a real cluster works: the file ends loaded, every row exactly once.

The tests without the mark `slow` are a choice; `make test-faults` runs them all.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Count, Sum
from pytest_django import Settings

from importers import queue
from importers.models import Ingestion, RowChange
from importers.pipeline.storage import blocks_of
from importers.processes import processes
from importers.services import ingestions, leases
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    LineageRange,
    Load,
    LoadPeriod,
)
from tests.clusters import Cluster, end, living, start, wait_until

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.usefixtures("fifty_treaties"),
]

ROWS = 60_000
PATIENCE = 150.0
ORM, SQS = "orm", "sqs"
READ_FOR_EVER = """
import sys
from pathlib import Path
from importers.readers import sandbox
folder = Path(sys.argv[1])
sandbox._run(folder / "never.csv", "csv", folder, None, sandbox.Limits())
"""
HASTE = {"LEASE_STALE_SECONDS": "4", "Q_REAP_SECONDS": "0.5"}


class Yard:
    """The clusters of one test, one after the other, and the folders they work in."""

    def __init__(
        self,
        environment: dict[str, str],
        folder: Path,
        storage: Path,
        more: dict[str, str],
    ):
        self.environment = {**environment, "TMPDIR": str(folder / "scratch")}
        self.more = more
        self.folder = folder
        self.storage = storage
        self.cluster: Cluster
        (folder / "scratch").mkdir()

    def start(self) -> Cluster:
        (self.folder / "cluster.log").unlink(missing_ok=True)
        self.cluster = start(self.environment, self.folder, **HASTE, **self.more)
        wait_until(self.cluster.is_whole, "a whole cluster", patience=PATIENCE)
        return self.cluster

    # --------------------------------------------------------- moments of the work
    def is_reading(self, ingestion: int) -> bool:
        """The worker has had a child process forked that parses."""
        return len(readers_of(worker_of(ingestion))) > 1

    def is_cleaning(self, ingestion: int) -> bool:
        """One of two chunks is cleaned and checked."""
        return any((self.folder / "scratch").glob("check-*/clean-00001.arrow"))

    def is_staging(self, ingestion: int) -> bool:
        """One of two parts is staged."""
        return any(self.storage.glob(f"staged/{ingestion}/*/part-00000.parquet"))

    def is_loading(self, ingestion: int) -> bool:
        """Loading has begun."""
        return status_of(ingestion) == "loading"

    def is_copying(self, ingestion: int) -> bool:
        """Claims are being written, in a transaction that is not committed."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_relation_size('reinsurance_claim')")
            is_written = cursor.fetchone()[0] > 0
        return is_written and self.is_loading(ingestion)

    def wait_for(self, moment: str, ingestion: int) -> None:
        condition: Callable[[int], bool] = getattr(self, f"is_{moment}")
        wait_until(lambda: condition(ingestion), moment, patience=PATIENCE)

    # ----------------------------------------------------------------- who is killed
    def kill(self, victim: str, ingestion: int) -> None:
        if victim == "busy worker":
            os.kill(worker_of(ingestion), signal.SIGKILL)
        elif victim == "watchdog":
            self.kill_watchdog()
        elif victim == "everything":
            self.kill_everything()
        else:
            os.kill(self.cluster.pid_of(victim), signal.SIGKILL)

    def kill_watchdog(self) -> None:
        """The watchdog alone; its cluster has to end by itself, then comes the next."""
        sessions = self.cluster.sessions
        self.cluster.watchdog.kill()
        self.cluster.watchdog.wait()
        wait_until(lambda: not any(map(living, sessions)), "the end of the orphans")
        self.start()

    def kill_everything(self) -> None:
        """As when the machine goes down; then it comes up again."""
        sessions = self.cluster.sessions
        for session in sessions:
            os.killpg(session, signal.SIGKILL)
        os.killpg(self.cluster.watchdog.pid, signal.SIGKILL)
        self.cluster.watchdog.wait()
        wait_until(lambda: not any(map(living, sessions)), "the end of the cluster")
        self.start()


@pytest.fixture(params=[ORM, pytest.param(SQS, marks=pytest.mark.slow)])
def yard(
    request: pytest.FixtureRequest,
    process_environment: dict[str, str],
    tmp_path: Path,
    storage_dir: Path,
    settings: Settings,
) -> Iterator[Yard]:
    """Clusters of both queues, on each broker; the files here are quick work."""
    more = {"HEAVY_MB": "1000", "HEAVY_ROWS": "1000000"}
    if request.param == SQS:
        more |= request.getfixturevalue("on_sqs")
    settings.HEAVY_MB, settings.HEAVY_ROWS = 1000, 1_000_000
    yard = Yard(process_environment, tmp_path, storage_dir, more)
    try:
        yard.start()
        yield yard
    finally:
        end(yard.cluster)


def status_of(ingestion: int) -> str:
    return Ingestion.objects.values_list("status", flat=True).get(pk=ingestion)


def worker_of(ingestion: int) -> int:
    """The process that has the ingestion: its lease names it."""
    lease = Ingestion.objects.values_list("lease", flat=True).get(pk=ingestion)
    return int(lease.split(":")[1]) if lease else 0


def children(parent: int) -> set[int]:
    return {p.pid for p in processes() if p.parent == parent and parent}


def readers_of(worker: int) -> set[int]:
    """The nursery that the worker has started, and its child while that reads."""
    nurseries = children(worker)
    return nurseries.union(*map(children, nurseries))


def alive(pids: set[int]) -> set[int]:
    return {p.pid for p in processes() if p.pid in pids and p.state != "Z"}


def submitted(path: Path, declared: str = "") -> int:
    return ingestions.submit(
        blocks=blocks_of(path),
        file_name=path.name,
        record_type="claims",
        source=ingestions.source_of(None),
        door="test",
        declared=declared,
    ).pk


def settled(ingestion: int, status: str) -> Ingestion:
    """The ingestion once it has that status."""
    wait_until(lambda: status_of(ingestion) == status, status, patience=PATIENCE)
    return Ingestion.objects.get(pk=ingestion)


def loaded(ingestion: int) -> Ingestion:
    """The ingestion, loaded and nothing left in the queue."""
    found = settled(ingestion, "loaded")
    wait_until(lambda: all(map(queue.is_idle, queue.QUEUES)), "an empty queue")
    return found


def work_on(ingestion: int) -> list[str]:
    """What the log says was begun and ended, in its order."""
    events = Ingestion.objects.get(pk=ingestion).events
    return list(events.filter(status__in=STEPS).values_list("status", flat=True))


def looks_into_indexes() -> int:
    """How often an index of claims was looked into up to now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT idx_scan FROM pg_stat_user_tables "
            "WHERE relname = 'reinsurance_claim'"
        )
        return int(cursor.fetchone()[0])


def assert_every_row_once(ingestion: Ingestion, rows: int = ROWS) -> None:
    counts = (
        ingestion.rows_read,
        ingestion.rows_created,
        ingestion.rows_updated,
        ingestion.rows_unchanged,
        ingestion.rows_rejected,
    )
    assert counts == (rows, rows, 0, 0, 0)
    assert Claim.objects.count() == Claim.all_objects.count() == rows
    assert ClaimPosition.objects.count() == rows
    assert ClaimPosition.all_objects.aggregate(
        rows=Count("pk"), claims=Count("claim", distinct=True)
    ) == {"rows": rows, "claims": rows}
    assert ClaimStatement.objects.aggregate(
        rows=Count("pk"),
        positions=Count("position", distinct=True),
        told_in=Count("row", distinct=True),
    ) == {"rows": rows, "positions": rows, "told_in": rows}
    assert list(Load.objects.values_list("number", "undone_at")) == [
        (ingestion.pk, None)
    ]
    assert LoadPeriod.objects.aggregate(rows=Sum("row_count")) == {"rows": rows}
    assert not LineageRange.objects.exists()
    assert not RowChange.objects.exists()
    assert Ingestion.objects.count() == 1


STEPS = ("checking", "ready", "loading", "loaded", "rejected")
CHECKED, CHECKED_TWICE = ["checking", "ready"], ["checking", "checking", "ready"]
LOADED, LOADED_TWICE = ["loading", "loaded"], ["loading", "loading", "loaded"]


@pytest.mark.parametrize("yard", [ORM, SQS], indirect=True)
def test_a_worker_killed_in_checking_and_one_in_loading(
    yard: Yard, large_bordereau: Path
) -> None:
    number = submitted(large_bordereau)

    yard.wait_for("reading", number)
    readers = readers_of(worker_of(number))
    yard.wait_for("cleaning", number)
    yard.kill("busy worker", number)

    ingestion = settled(number, "ready")
    assert (ingestion.attempts, ingestion.rows_created) == (2, ROWS)
    assert readers
    assert not alive(readers)
    assert not Claim.objects.exists()

    ingestions.approve(number)
    yard.wait_for("copying", number)
    yard.kill("busy worker", number)

    ingestion = loaded(number)
    assert ingestion.attempts == 2
    assert_every_row_once(ingestion)
    assert work_on(number) == CHECKED_TWICE + LOADED_TWICE
    assert "Cluster restarts: one of its processes died." in yard.cluster.log


@pytest.mark.slow
def test_everything_killed_in_checking_and_the_watchdog_in_loading(
    yard: Yard, large_bordereau: Path
) -> None:
    number = submitted(large_bordereau)

    yard.wait_for("cleaning", number)
    yard.kill("everything", number)
    assert settled(number, "ready").attempts == 2

    ingestions.approve(number)
    yard.wait_for("copying", number)
    yard.kill("watchdog", number)
    ingestion = loaded(number)
    assert ingestion.attempts == 2
    assert_every_row_once(ingestion)
    assert work_on(number) == CHECKED_TWICE + LOADED_TWICE


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param("worker", marks=pytest.mark.slow),
        pytest.param("monitor", marks=pytest.mark.slow),
        pytest.param("pusher", marks=pytest.mark.slow),
        pytest.param("sentinel", marks=pytest.mark.slow),
        pytest.param("main", marks=pytest.mark.slow),
        pytest.param("watchdog", marks=pytest.mark.slow),
    ],
)
def test_an_idle_process_killed_before_the_file_comes(
    yard: Yard, large_bordereau: Path, victim: str
) -> None:
    """A process that lives still may begin before the cluster is started anew."""
    yard.kill(victim, 0)

    number = submitted(large_bordereau)
    settled(number, "ready")
    ingestions.approve(number)

    ingestion = loaded(number)
    assert ingestion.attempts == 1
    assert_every_row_once(ingestion)
    assert work_on(number) in (CHECKED + LOADED, CHECKED_TWICE + LOADED)


def test_a_reader_dies_with_its_worker(tmp_path: Path) -> None:
    """Also one that a hostile file keeps busy: here it waits for bytes for ever."""
    os.mkfifo(tmp_path / "never.csv")
    worker = subprocess.Popen([sys.executable, "-c", READ_FOR_EVER, str(tmp_path)])
    try:
        wait_until(lambda: len(readers_of(worker.pid)) > 1, "the reader")
        readers = readers_of(worker.pid)
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: not alive(readers), "the end of the reader", patience=5)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["reading", "cleaning", "staging"])
@pytest.mark.parametrize(
    "victim", ["busy worker", "sentinel", "main", "watchdog", "everything"]
)
def test_killed_in_checking(
    yard: Yard, large_bordereau: Path, victim: str, moment: str
) -> None:
    number = submitted(large_bordereau)
    yard.wait_for(moment, number)
    yard.kill(victim, number)

    assert settled(number, "ready").attempts == 2
    ingestions.approve(number)
    assert_every_row_once(loaded(number))
    assert work_on(number) == CHECKED_TWICE + LOADED


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["loading", "copying"])
@pytest.mark.parametrize(
    "victim", ["busy worker", "sentinel", "main", "watchdog", "everything"]
)
def test_killed_in_loading(
    yard: Yard, large_bordereau: Path, victim: str, moment: str
) -> None:
    number = submitted(large_bordereau)
    settled(number, "ready")
    ingestions.approve(number)
    before = looks_into_indexes()
    yard.wait_for(moment, number)
    yard.kill(victim, number)

    ingestion = loaded(number)
    assert ingestion.attempts == 2
    assert_every_row_once(ingestion)
    assert work_on(number) == CHECKED + LOADED_TWICE
    # Autovacuum may come to the dead rows while the second load goes on: it then said
    # that there are none at all, and each foreign key was looked for sixteen times.
    assert looks_into_indexes() - before < 6 * ROWS


@pytest.mark.slow
def test_a_file_that_ends_three_workers_is_rejected(
    yard: Yard, large_bordereau: Path
) -> None:
    number = submitted(large_bordereau)
    for attempt in range(1, leases.MOST_ATTEMPTS + 1):
        wait_until(lambda: status_of(number) == "checking", "checking")
        assert Ingestion.objects.get(pk=number).attempts == attempt
        victim = worker_of(number)
        os.kill(victim, signal.SIGKILL)
        wait_until(
            lambda victim=victim: (
                worker_of(number) != victim or status_of(number) == "rejected"
            ),
            "the next attempt",
            patience=PATIENCE,
        )
    ingestion = settled(number, "rejected")
    assert ingestion.message.startswith("The file stopped the program three times")
    assert work_on(number) == ["checking"] * 3 + ["rejected"]
    assert not Claim.objects.exists()
    assert (yard.storage / ingestion.original).stat().st_size == (
        large_bordereau.stat().st_size
    )
    wait_until(lambda: all(map(queue.is_idle, queue.QUEUES)), "an empty queue")
    with contextlib.suppress(AssertionError):
        wait_until(lambda: status_of(number) != "rejected", "a change", patience=3)
    assert status_of(number) == "rejected"


@pytest.mark.slow
def test_many_files_while_workers_are_killed_again_and_again(
    yard: Yard, tmp_path: Path, large_bordereau: Path
) -> None:
    """Six files of the same claims: all loaded, the claims there once.

    Each load moves the books for those that wait: their approval is withdrawn, and
    they are checked and approved anew.
    """
    lines = large_bordereau.read_bytes().split(b"\r\n")
    numbers = []
    for part in range(6):
        path = tmp_path / f"claims-{part}.csv"
        path.write_bytes(b"\r\n".join(lines[: 10_001 + part]) + b"\r\n")
        numbers.append(submitted(path, declared="additional"))

    def everyone(status: str) -> bool:
        return Ingestion.objects.filter(status=status).count() == len(numbers)

    def loaded_in_the_end() -> bool:
        for number in Ingestion.objects.filter(status="ready"):
            ingestions.approve(number.pk)
        return everyone("loaded")

    for status, is_done in (
        ("ready", lambda: everyone("ready")),
        ("loaded", loaded_in_the_end),
    ):
        for _ in range(3):
            is_done()
            yard.kill("worker", 0)
            wait_until(yard.cluster.is_whole, "a whole cluster", patience=PATIENCE)
        wait_until(is_done, status, patience=PATIENCE)
    rows = 10_005
    assert Claim.all_objects.count() == ClaimPosition.all_objects.count() == rows
    assert ClaimStatement.objects.aggregate(
        rows=Count("pk"), positions=Count("position", distinct=True)
    ) == {"rows": rows, "positions": rows}
    assert Load.objects.count() == len(numbers)
    told = LoadPeriod.objects.aggregate(rows=Sum("row_count"))
    assert told == {"rows": sum(10_000 + part for part in range(6))}
    created, *_, unchanged = (
        sum(Ingestion.objects.values_list(f"rows_{what}", flat=True))
        for what in ("created", "updated", "unchanged")
    )
    assert (created, unchanged) == (rows, told["rows"] - rows)
