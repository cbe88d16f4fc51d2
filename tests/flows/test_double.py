"""The same work asked for twice, at once, late or by the dead: done once or not at all.

Real connections in real threads; nothing here is rolled back by the test.
"""

import csv
import datetime
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone
from django_q.models import OrmQ

from importers.exceptions import DuplicateFile, LoadConflict, StateProblem
from importers.models import Ingestion, RowChange
from importers.pipeline import foreign_keys
from importers.pipeline.storage import blocks_of
from importers.services import ingestions, leases, reaper, undoing, work
from reinsurance.ledger import books, matching, triggers
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    LineageRange,
    Load,
    LoadPeriod,
    Treaty,
)
from tests.benchmarks import generate

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fifty_treaties"),
]

LONG_AGO = datetime.timedelta(days=1)
PATIENCE = 30


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Results of the calls, each in a thread of its own; exceptions are results."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def elsewhere(call: Callable[[], Any]) -> Any:
    """The result of the call over another connection."""
    return at_once(call)[0]


@pytest.fixture
def bordereau(tmp_path: Path) -> Path:
    return generate.write_csv(tmp_path / "claims.csv", 200)


def submit(path: Path, **more: Any) -> int:
    return ingestions.submit(
        blocks=blocks_of(path),
        file_name=path.name,
        record_type="claims",
        source=ingestions.source_of(None),
        **{"door": "test", "enqueue": False, **more},
    ).pk


def ready(path: Path) -> int:
    number = submit(path)
    work.check(number)
    assert the(number).status == "ready"
    return number


def approved(path: Path) -> int:
    number = ready(path)
    ingestions.approve(number, enqueue=False)
    return number


def the(number: int) -> Ingestion:
    return Ingestion.objects.get(pk=number)


def story_of(number: int) -> list[str]:
    return list(the(number).events.values_list("status", flat=True))


def queued() -> list[tuple[str, tuple[int, ...]]]:
    tasks = [row.task for row in OrmQ.objects.order_by("pk")]
    return [(task["func"], task["args"]) for task in tasks]


WRITTEN = (Claim, ClaimPosition, ClaimStatement, Load, LoadPeriod, LineageRange)


def assert_nothing_written() -> None:
    """Not even what is hidden: the bare tables are empty."""
    for model in (*WRITTEN, RowChange):
        assert not model._base_manager.exists(), model


def assert_written_once(rows: int = 200) -> None:
    """A claim, a position and a statement for each row, all by the one load."""
    assert Claim.objects.count() == Claim.all_objects.count() == rows
    assert ClaimPosition.objects.count() == rows
    assert ClaimPosition.all_objects.aggregate(
        rows=Count("pk"), claims=Count("claim", distinct=True)
    ) == {"rows": rows, "claims": rows}
    assert ClaimStatement.objects.aggregate(
        rows=Count("pk"),
        positions=Count("position", distinct=True),
        told_in=Count("row", distinct=True),
        loads=Count("load", distinct=True),
    ) == {"rows": rows, "positions": rows, "told_in": rows, "loads": 1}
    assert Load.objects.count() == 1
    told = LoadPeriod.objects.aggregate(rows=Sum("row_count"))
    assert told == {"rows": rows}
    assert not LineageRange.objects.exists()  # nothing was told twice
    assert not RowChange.objects.exists()  # of money the statements are the lineage


def assert_written_in_part() -> None:
    """In a transaction that has not come to its end."""
    for model in (Claim, ClaimPosition, ClaimStatement):
        assert model._base_manager.count() == 200, model


def taken_back(number: int) -> None:
    """As somebody asks for an undo, before a worker does it."""
    ingestions.undo(number, user=None, reason="the wrong file", enqueue=False)


# --------------------------------------------------------------- a task delivered twice
def test_a_check_delivered_twice_is_done_once(
    bordereau: Path, storage_dir: Path
) -> None:
    number = submit(bordereau)
    work.check(number)
    before = Ingestion.objects.filter(pk=number).values().get()
    work.check(number)
    assert Ingestion.objects.filter(pk=number).values().get() == before
    assert story_of(number) == ["received", "checking", "ready"]
    assert len(list(storage_dir.glob("staged/*/*"))) == 1


def test_two_workers_check_at_once(bordereau: Path, storage_dir: Path) -> None:
    number = submit(bordereau)
    results = at_once(*[lambda: work.check(number)] * 2)
    assert results == [None, None]
    assert the(number).attempts == 1
    assert story_of(number) == ["received", "checking", "ready"]
    assert len(list(storage_dir.glob("staged/*/*"))) == 1


def test_a_load_delivered_twice_is_done_once(bordereau: Path) -> None:
    number = approved(bordereau)
    work.load(number)
    before = Ingestion.objects.filter(pk=number).values().get()
    work.load(number)
    work.check(number)
    assert Ingestion.objects.filter(pk=number).values().get() == before
    assert_written_once()


def test_four_workers_load_at_once(bordereau: Path) -> None:
    number = approved(bordereau)
    assert at_once(*[lambda: work.load(number)] * 4) == [None] * 4
    assert the(number).attempts == 1
    assert story_of(number)[3:] == ["approved", "loading", "loaded"]
    assert_written_once()


def test_an_undo_delivered_twice_at_once_is_done_once(bordereau: Path) -> None:
    number = approved(bordereau)
    work.load(number)
    undoing.undo(number)  # nobody asked for it yet
    assert_written_once()
    taken_back(number)
    assert at_once(*[lambda: undoing.undo(number)] * 2) == [None, None]
    undoing.undo(number)
    assert story_of(number)[4:] == ["loading", "loaded", "undoing", "undone"]
    assert the(number).attempts == 1
    assert not Claim.objects.exists()
    assert not ClaimPosition.objects.exists()
    assert Claim.all_objects.count() == 200
    assert ClaimStatement.objects.count() == 200
    assert Load.objects.get().undone_at is not None


def test_two_managers_undo_at_once(bordereau: Path) -> None:
    number = approved(bordereau)
    work.load(number)
    ask = partial(ingestions.undo, number, user=None, reason="the wrong file")
    results = at_once(ask, ask)
    assert sorted(type(result) for result in results if result) == [StateProblem]
    assert queued() == [("importers.tasks.undo", (number,))]
    assert story_of(number)[4:] == ["loading", "loaded", "undoing"]
    assert_written_once()


def test_a_load_is_not_done_before_approval(bordereau: Path) -> None:
    number = ready(bordereau)
    work.load(number)
    assert the(number).status == "ready"
    assert_nothing_written()


def test_two_managers_approve_at_once(bordereau: Path) -> None:
    number = ready(bordereau)
    results = at_once(*[lambda: ingestions.approve(number)] * 2)
    assert sorted(type(result) for result in results if result) == [StateProblem]
    assert queued() == [("importers.tasks.load", (number,))]
    assert story_of(number) == ["received", "checking", "ready", "approved"]


# ----------------------------------------------------------- two files, the same claims
def rewrite(source: Path, target: Path, changed: dict[str, str], step: int = 1) -> None:
    """The same rows with other values in some columns; ``step`` -1: the last first."""
    with source.open(newline="") as stream:
        header, *rows = csv.reader(stream)
    with target.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for row in rows[::step]:
            writer.writerow(
                changed.get(name, cell) for name, cell in zip(header, row, strict=True)
            )


def test_two_loads_in_opposite_order_end_as_the_later_says(
    bordereau: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is loaded; the other one's approval is withdrawn: it was for empty books."""
    earlier, later = tmp_path / "earlier.csv", tmp_path / "later.csv"
    no_total = {"Total incurred": ""}
    rewrite(bordereau, earlier, no_total)
    rewrite(bordereau, later, {**no_total, "Reserve - Indemnity": "77.00"}, step=-1)
    numbers = [approved(earlier), approved(later)]
    assert [the(n).rows_created for n in numbers] == [200, 200]

    both_began = threading.Barrier(2)
    real = work.take_turn

    def take_turn_together(*args: Any, **kwargs: Any) -> Any:
        both_began.wait(PATIENCE)
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(work, "take_turn", take_turn_together)
        assert at_once(*[lambda n=n: work.load(n) for n in numbers]) == [None, None]

    first, second = sorted(map(the, numbers), key=lambda r: r.status)
    assert (first.status, second.status) == ("loaded", "received")
    assert (first.rows_created, first.rows_updated) == (200, 0)
    assert second.approved_at is None
    assert story_of(second.pk)[3:] == ["approved", "loading", "received"]
    assert_written_once()

    work.check(second.pk)
    with pytest.raises(StateProblem, match="additional or a correction"):
        ingestions.approve(second.pk, enqueue=False)
    ingestions.declare(second.pk, "correction", user=None, enqueue=False)
    work.check(second.pk)
    assert the(second.pk).rows_created == 0
    ingestions.approve(second.pk, enqueue=False)
    work.load(second.pk)

    # Whichever of them was loaded first: what was received later holds.
    assert the(second.pk).status == "loaded"
    assert Claim.all_objects.count() == ClaimPosition.all_objects.count() == 200
    assert ClaimPosition.objects.filter(reserve_indemnity=77).count() == 200
    assert Load.objects.count() == 2
    told = ClaimStatement.objects.values("position").annotate(
        times=Count("pk"), loads=Count("load", distinct=True)
    )
    assert set(told.values_list("times", "loads")) == {(2, 2)}
    assert len(told) == 200
    moved: Counter[int] = Counter()
    positions = list(ClaimPosition.objects.values_list("pk", flat=True))
    for movement in books.movements(positions):
        moved[movement.position] += movement.amounts["reserve_indemnity"]
    assert moved == dict.fromkeys(positions, 77)


def test_twenty_uploads_of_the_same_bytes_at_once(bordereau: Path) -> None:
    source = ingestions.source_of(None)
    together = threading.Barrier(20)

    def upload() -> int:
        together.wait(PATIENCE)
        return submit(bordereau, enqueue=True)

    results = at_once(*[upload] * 20)
    numbers = [result for result in results if isinstance(result, int)]
    refused = [result for result in results if isinstance(result, DuplicateFile)]
    assert (len(numbers), len(refused)) == (1, 19)
    assert {problem.ingestion for problem in refused} == {numbers[0]}
    assert Ingestion.objects.get().source == source
    assert queued() == [("importers.tasks.check", (numbers[0],))]


# ----------------------------------------------------------------- leases and takeover
def test_a_load_whose_lease_was_taken_over_does_not_commit(
    bordereau: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = approved(bordereau)
    real = work.load_staged

    def load_and_lose(*args: Any, **kwargs: Any) -> Any:
        rows = real(*args, **kwargs)
        assert Claim.objects.count() == 200
        record = Ingestion.objects.filter(pk=number)
        elsewhere(lambda: record.update(lease="elsewhere:1:x"))
        return rows

    monkeypatch.setattr(work, "load_staged", load_and_lose)
    work.load(number)
    assert (the(number).status, the(number).lease) == ("loading", "elsewhere:1:x")
    assert story_of(number)[-1] == "loading"
    assert_nothing_written()


def test_a_check_whose_lease_was_taken_over_says_nothing(
    bordereau: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = submit(bordereau)
    real = work.examine

    def examine_and_lose(*args: Any, **kwargs: Any) -> Any:
        examined = real(*args, **kwargs)
        Ingestion.objects.filter(pk=number).update(lease="elsewhere:1:x")
        return examined

    monkeypatch.setattr(work, "examine", examine_and_lose)
    work.check(number)
    assert (the(number).status, the(number).rows_read) == ("checking", 0)
    assert story_of(number) == ["received", "checking"]


def test_a_stalled_loader_wakes_up_after_it_was_replaced(
    bordereau: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction is open and holds the lock; the next loader waits for its end."""
    number = approved(bordereau)
    wrote, replaced = threading.Event(), threading.Event()
    real = work.load_staged

    def stall(*args: Any, **kwargs: Any) -> Any:
        rows = real(*args, **kwargs)
        if not wrote.is_set():
            wrote.set()
            assert replaced.wait(PATIENCE)
        return rows

    monkeypatch.setattr(work, "load_staged", stall)

    def replace() -> None:
        assert wrote.wait(PATIENCE)
        record = Ingestion.objects.filter(pk=number)
        record.update(heartbeat_at=timezone.now() - LONG_AGO)
        first = record.get().lease
        threading.Thread(target=notice, args=[first], daemon=True).start()
        work.load(number)

    def notice(first: str) -> None:
        try:
            while the(number).lease == first:
                pass
        finally:
            connection.close()
        replaced.set()

    assert at_once(lambda: work.load(number), replace) == [None, None]
    assert (the(number).status, the(number).attempts) == ("loaded", 2)
    assert story_of(number)[3:] == ["approved", "loading", "loading", "loaded"]
    assert_written_once()


def stalled(number: int, *, status: str, attempts: int = 1) -> None:
    """As a worker leaves it that was killed a day ago."""
    Ingestion.objects.filter(pk=number).update(
        status=status,
        attempts=attempts,
        lease="gone:1:x",
        heartbeat_at=timezone.now() - LONG_AGO,
    )


@pytest.mark.parametrize(
    ("begin", "status", "back", "task"),
    [
        (submit, "checking", "received", "check"),
        (approved, "loading", "approved", "load"),
    ],
)
def test_the_reaper_hands_on_what_lost_its_worker(
    bordereau: Path, begin: Callable[[Path], int], status: str, back: str, task: str
) -> None:
    number = begin(bordereau)
    stalled(number, status=status)
    assert reaper.reap() == 1
    assert queued() == [(f"importers.tasks.{task}", (number,))]
    assert (the(number).status, the(number).attempts) == (back, 1)
    assert the(number).events.last().message == (
        f"The worker stopped while {status}; the next one takes over."
    )
    assert reaper.reap() == 0
    assert len(queued()) == 1
    getattr(work, task)(number)
    assert the(number).attempts == 2
    assert the(number).status == {"check": "ready", "load": "loaded"}[task]


def test_two_reapers_hand_on_once(bordereau: Path) -> None:
    number = submit(bordereau)
    stalled(number, status="checking")
    assert sorted(at_once(reaper.reap, reaper.reap)) == [0, 1]
    assert queued() == [("importers.tasks.check", (number,))]


def test_a_worker_whose_heart_beats_is_left_alone(bordereau: Path) -> None:
    number = submit(bordereau)
    stalled(number, status="checking", attempts=3)
    Ingestion.objects.filter(pk=number).update(heartbeat_at=timezone.now())
    assert reaper.reap() == 0
    work.check(number)
    assert (the(number).status, the(number).attempts) == ("checking", 3)
    assert not queued()


def test_the_heart_beats_while_the_work_goes_on(
    bordereau: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_STALE_SECONDS = 1
    assert leases.beat_seconds() == pytest.approx(1 / 3)
    number = submit(bordereau)
    real, seen = work.examine, []

    def examine_slowly(*args: Any, **kwargs: Any) -> Any:
        seen.append(threading.Event().wait(1.5))
        seen.append(elsewhere(reaper.reap))
        seen.append(elsewhere(lambda: work.check(number)))
        return real(*args, **kwargs)

    monkeypatch.setattr(work, "examine", examine_slowly)
    work.check(number)
    assert seen == [False, 0, None]
    assert story_of(number) == ["received", "checking", "ready"]


def test_a_file_that_ended_three_workers_is_rejected(bordereau: Path) -> None:
    number = submit(bordereau)
    stalled(number, status="checking", attempts=leases.MOST_ATTEMPTS)
    work.check(number)  # delivered once more: nobody touches it
    assert (the(number).status, the(number).attempts) == ("checking", 3)
    assert reaper.reap() == 1
    record = the(number)
    assert record.status == "rejected"
    assert record.message == record.events.last().message
    assert record.message.startswith("The file stopped the program three times")
    assert not queued()
    with pytest.raises(StateProblem):
        ingestions.retry(number)
    with storage_of(record).open("rb") as kept:
        assert kept.read() == bordereau.read_bytes()


def storage_of(record: Ingestion) -> Path:
    return Path(default_storage.path(record.original))


def test_a_load_interrupted_three_times_has_failed_and_can_be_retried(
    bordereau: Path,
) -> None:
    number = approved(bordereau)
    stalled(number, status="loading", attempts=leases.MOST_ATTEMPTS)
    assert reaper.reap() == 1
    assert the(number).status == "failed"
    assert the(number).message == (
        "Loading was interrupted three times. Nothing was loaded; try again."
    )
    ingestions.retry(number)
    assert queued() == [("importers.tasks.load", (number,))]
    assert (the(number).status, the(number).attempts) == ("approved", 0)
    work.load(number)
    assert the(number).status == "loaded"
    assert_written_once()


def test_what_the_queue_forgot_is_offered_again(bordereau: Path) -> None:
    number = submit(bordereau)
    assert reaper.reap() == 0  # a moment ago: not forgotten
    early = timezone.now() - LONG_AGO
    Ingestion.objects.filter(pk=number).update(offered_at=early)
    assert reaper.reap() == 1
    assert reaper.reap() == 0  # it is in the queue now
    assert queued() == [("importers.tasks.check", (number,))]


# ------------------------------------------------------------------- faults and retries
def test_a_load_that_fails_is_retried(
    bordereau: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = approved(bordereau)

    def fail_late(*_: Any) -> None:
        assert_written_in_part()
        _ = 1 / 0

    with monkeypatch.context() as patch:
        patch.setattr(work.bordereaux, "receive", fail_late)
        with pytest.raises(ZeroDivisionError):
            work.load(number)
    record = the(number)
    assert record.status == "failed"
    assert record.message == (
        "Loading failed through a fault of the program. Nothing was loaded."
    )
    event = record.events.last()
    assert event.message == record.message
    assert event.details.startswith("Traceback (most recent call last):")
    assert event.details.endswith("ZeroDivisionError: division by zero\n")
    assert_nothing_written()

    ingestions.retry(number, enqueue=False)
    work.load(number)
    assert story_of(number)[3:] == [
        "approved",
        "loading",
        "failed",
        "approved",
        "loading",
        "loaded",
    ]
    assert_written_once()


def test_a_check_that_fails_is_retried(
    bordereau: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = submit(bordereau)
    with monkeypatch.context() as patch:
        patch.setattr(work, "examine", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work.check(number)
    assert the(number).status == "failed"
    assert "ZeroDivisionError" in the(number).events.last().details
    ingestions.retry(number, enqueue=False)
    work.check(number)
    assert (the(number).status, the(number).rows_read) == ("ready", 200)
    assert story_of(number) == [
        "received",
        "checking",
        "failed",
        "received",
        "checking",
        "ready",
    ]


@pytest.mark.parametrize(
    ("may_rest", "fault"),
    [
        (True, "IntegrityError: A treaty that rows name is gone."),
        (False, "ForeignKeyViolation"),
    ],
)
def test_books_that_changed_since_the_check_are_checked_anew(
    bordereau: Path, monkeypatch: pytest.MonkeyPatch, may_rest: bool, fault: str
) -> None:
    """Whether foreign keys are checked as sets, or by the database's own triggers."""
    monkeypatch.setattr(foreign_keys, "may_rest", lambda: may_rest)
    monkeypatch.setattr(triggers, "may_rest", lambda: may_rest)
    number = approved(bordereau)
    Treaty.objects.get(reference="BENCH007").delete()
    with pytest.raises(LoadConflict, match="The books changed since the file"):
        work.load(number)
    record = the(number)
    assert (record.status, record.approved_at) == ("failed", None)
    assert fault in record.events.last().details
    assert_nothing_written()

    ingestions.retry(number, enqueue=False)
    work.check(number)
    record = the(number)
    assert (record.status, record.rows_created, record.rows_rejected) == (
        "ready",
        196,
        4,
    )
    assert record.issue_counts["by_code"]["unknown_treaty"] == 4
    ingestions.approve(number, enqueue=False)
    work.load(number)
    assert the(number).status == "loaded"
    assert_written_once(196)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["ANALYZE", "VACUUM"])
def test_statistics_taken_during_a_load_do_not_slow_it(
    large_bordereau: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Autovacuum sees none of the rows of a load; the load must not believe it.

    It took ten times as long when the planner went through all claims for each key.
    """
    number = approved(large_bordereau)
    # Something else was loaded since, so that the rows are settled anew.
    Load.objects.create(number=0, record_type="parties")
    plans = []
    real = matching.copy_out

    def after_statistics(cursor: Any, query: str, schema: Any) -> Any:
        def gather() -> None:
            with connection.cursor() as other:
                other.execute(f"{command} (SKIP_LOCKED) reinsurance_claim")

        elsewhere(gather)
        cursor.execute(f"EXPLAIN {query}")
        plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return real(cursor, query, schema)

    monkeypatch.setattr(matching, "copy_out", after_statistics)
    work.load(number)
    assert [len(plans), Claim.objects.count()] == [4, 60_000]  # a chunk each
    for plan in plans:
        assert "Seq Scan on sought_claim k" in plan
        assert "Seq Scan on reinsurance_claim" not in plan
        assert "on reinsurance_claim c" in plan
        assert "Index Cond: ((" in plan
