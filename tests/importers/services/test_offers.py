"""Which queue work belongs to, and how loads of a kind take turns."""

from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from pytest_django import Settings

from importers import queue, tasks
from importers.models import Ingestion, Sync
from importers.services import ingestions, offers, reaper, turns, undoing, work
from reinsurance.models import Party, Treaty

CLAIMS = "UMR,Claim Ref,Date of Loss,Currency,Status,Insured,Paid to date,Reserve\n"


@pytest.mark.parametrize(
    ("work_of", "heavy"),
    [
        ({}, False),
        ({"size": (8 << 20) - 1}, False),
        ({"size": 8 << 20}, True),
        ({"rows": 49_999}, False),
        ({"rows": 50_000}, True),
        ({"seconds": 59.9}, False),
        ({"seconds": 60.0}, True),
    ],
)
def test_what_is_heavy(work_of: dict, heavy: bool) -> None:
    assert offers.is_heavy(**work_of) is heavy


def submitted(number: int = 1, slug: str = "claims") -> Ingestion:
    lines = {
        "claims": CLAIMS + f"T1,C{number},2026-01-02,GBP,Open,Quay,1,0\n",
        "parties": f"Code,Name\nP{number},Party {number}\n",
    }
    return ingestions.submit(
        blocks=[lines[slug].encode()],
        file_name="file.csv",
        record_type=slug,
        source=ingestions.source_of(None),
        door="test",
    )


def queued() -> list[tuple[str, str]]:
    found = [(row.key, row.name()) for row in OrmQ.objects.order_by("pk")]
    OrmQ.objects.all().delete()
    return found


@pytest.fixture
def treaty(db: None) -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def test_checks_go_by_bytes_and_loads_by_rows(
    treaty: Treaty, settings: Settings
) -> None:
    small = submitted(1).pk
    settings.HEAVY_MB = 0.00001
    large = submitted(2).pk
    assert queued() == [
        ("reinsurance", f"check {small}"),
        ("reinsurance-heavy", f"check {large}"),
    ]
    for number in (small, large):
        work.check(number)
    ingestions.approve(small)
    settings.HEAVY_ROWS = 1
    ingestions.approve(large)
    assert queued() == [
        ("reinsurance", f"load {small}"),
        ("reinsurance-heavy", f"load {large}"),
    ]
    work.load(large)
    ingestions.undo(large, user=None, reason="wrong")
    assert queued() == [("reinsurance-heavy", f"undo {large}")]


@pytest.mark.django_db
def test_tasks_that_are_always_heavy() -> None:
    queue.enqueue("importers.tasks.prune")
    assert queued()[0][0] == "reinsurance-heavy"
    assert queue.cluster_of("importers.tasks.prune") == "reinsurance-heavy"
    assert queue.cluster_of("importers.tasks.sync_feed") is None


@pytest.mark.django_db
def test_only_the_locks_of_one_queue_are_released() -> None:
    later = timezone.now() + timedelta(hours=1)
    for key in (queue.QUICK, queue.HEAVY):
        OrmQ.objects.create(key=queue.name_of(key), payload="", lock=later)
    assert queue.depth(queue.HEAVY) == queue.Depth(waiting=0, taken=1)
    assert queue.release_locks(queue.QUICK) == 1
    assert queue.depth(queue.QUICK).waiting == 1
    assert queue.depth(queue.HEAVY).taken == 1
    assert queue.pending() == 2


@pytest.mark.django_db
def test_who_waited_longest_is_served_first() -> None:
    """Also where a later task took the place in the table of one that is done."""
    for number in range(3):
        queue.enqueue("importers.tasks.deliver", number, name=f"task {number}")
    broker = get_broker(queue.name_of(queue.QUICK))
    OrmQ.objects.filter(pk=OrmQ.objects.order_by("pk")[0].pk).update(payload="moved")
    ((key, payload),) = broker.dequeue()
    assert (key, payload) == (OrmQ.objects.order_by("pk")[0].pk, "moved")
    ((key, _),) = broker.dequeue()
    assert key == OrmQ.objects.order_by("pk")[1].pk
    assert queue.depth(queue.QUICK) == queue.Depth(waiting=1, taken=2)


# ----------------------------------------------------------------------------- turns
def approved(number: int) -> Ingestion:
    record = submitted(number)
    work.check(record.pk)
    ingestions.approve(record.pk)
    queued()
    return record


def being_loaded(record: Ingestion, rows: int) -> None:
    """As if a living worker were loading so many rows of it."""
    Ingestion.objects.filter(pk=record.pk).update(
        status="loading",
        heartbeat_at=timezone.now(),
        rows_read=rows,
        rows_created=rows,
        lease="other:1:x",
    )


def story(record: Ingestion) -> list[str]:
    record.refresh_from_db()
    return list(record.events.values_list("message", flat=True))


def test_a_load_stands_back_for_a_long_one_and_is_let_in_after_it(
    treaty: Treaty,
) -> None:
    long, small = approved(1), approved(2)
    being_loaded(long, 50_000)
    for _ in range(2):
        tasks.load(small.pk)
    assert story(small)[-2:] == ["Approved.", turns.WAITS]
    assert (small.status, small.offered_at, small.attempts) == ("approved", None, 0)
    assert reaper.reap() == 0
    assert queued() == []

    Ingestion.objects.filter(pk=long.pk).update(
        status="approved", rows_read=1, rows_created=1
    )
    work.load(long.pk)
    assert queued() == [("reinsurance", f"load {small.pk}")]
    tasks.load(small.pk)
    small.refresh_from_db()
    assert small.status == "loaded"


def test_the_reaper_lets_in_who_was_forgotten(treaty: Treaty) -> None:
    long, *waiting = (approved(number) for number in (1, 2, 3))
    being_loaded(long, 50_000)
    for record in waiting:
        tasks.load(record.pk)
    Ingestion.objects.filter(pk=long.pk).update(status="loaded")
    assert reaper.reap() == 1
    assert queued() == [("reinsurance", f"load {waiting[0].pk}")]
    tasks.load(waiting[0].pk)
    assert queued() == [("reinsurance", f"load {waiting[1].pk}")]


@pytest.mark.django_db(transaction=True)
def test_a_load_that_meets_another_one_stands_back_after_its_patience(
    settings: Settings,
) -> None:
    """The other one is real: it holds the lock of the record type."""
    settings.LOAD_TURN_SECONDS = 0.1
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")
    small = approved(1)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('load claims'))")
        tasks.load(small.pk)
        assert story(small)[-2:] == ["Loading began.", turns.WAITS]
        assert (small.status, small.offered_at, small.attempts) == ("approved", None, 0)
        party = submitted(9, "parties")
        work.check(party.pk)
        ingestions.approve(party.pk)
        tasks.load(party.pk)
        assert Party.objects.filter(code="P9").exists()
    finally:
        other.close()
    OrmQ.objects.all().delete()
    assert turns.let_in_forgotten() == 1
    tasks.load(small.pk)
    small.refresh_from_db()
    assert (small.status, small.attempts) == ("loaded", 1)


@pytest.mark.django_db(transaction=True)
def test_undoing_that_meets_a_load_waits_among_heavy_work(settings: Settings) -> None:
    settings.LOAD_TURN_SECONDS = 0.1
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")
    record = approved(1)
    tasks.load(record.pk)
    ingestions.undo(record.pk, user=None, reason="wrong")
    queued()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('load claims'))")
        tasks.undo(record.pk)
    finally:
        other.close()
    (task,) = OrmQ.objects.all()
    assert (task.key, task.func()) == (
        "reinsurance-heavy",
        "importers.tasks.undo_in_turn",
    )
    undoing.undo(record.pk)
    record.refresh_from_db()
    assert record.status == "undone"


# ------------------------------------------------------------------ what is forgotten
def test_what_waits_though_its_queue_is_empty_is_offered_again(treaty: Treaty) -> None:
    record = submitted()
    queued()
    assert reaper.reap() == 0
    late = timezone.now() - timedelta(minutes=2)
    Ingestion.objects.filter(pk=record.pk).update(offered_at=late)
    queue.enqueue("importers.tasks.prune")  # the other queue
    assert reaper.reap() == 1
    assert queued()[1:] == [("reinsurance", f"forgotten {record.pk}")]
    queue.enqueue("importers.tasks.deliver", 1)
    Ingestion.objects.filter(pk=record.pk).update(offered_at=late)
    assert reaper.reap() == 0
    assert Sync.objects.count() == 0
