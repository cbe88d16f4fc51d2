"""Schedules in a real cluster: what is due runs, once, whatever else stands there."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import Schedule

from importers.models import Sync
from importers.services import schedules
from importers.services.schedules import BadSchedule
from tests.clusters import end, start, wait_until
from tests.flows.syncs import a_feed, a_treaty
from tests.partner.server import Partner

HASTE = {"Q_REAP_SECONDS": "0.5", "WEB_SERVICE_HOSTS": "http://127.0.0.1"}


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner(20) as running:
        yield running


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.django_db(transaction=True)
def test_missed_times_are_caught_up_once_and_a_bad_row_stops_nobody(
    partner: Partner, process_environment: dict[str, str], tmp_path: Path
) -> None:
    """Django-Q looks at its schedules every half minute."""
    a_treaty()
    feed = a_feed(partner)
    schedules.set_times(feed.pk, user=None, minutes=60)
    days_ago = timezone.now() - timedelta(days=3)
    Schedule.objects.update(next_run=days_ago)
    bad = Schedule.objects.create(
        func="os.system", args="foo(", schedule_type="I", minutes=1, next_run=days_ago
    )
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    both = [
        start({**process_environment, "VAR_DIR": str(folder)}, folder, **HASTE)
        for folder in folders
    ]
    try:
        wait_until(
            lambda: Sync.objects.filter(status="handed in").exists(),
            "the sync",
            patience=90,
        )
        due = Schedule.objects.get(func=schedules.SYNC_FEED).next_run
        assert due > timezone.now()
    finally:
        for cluster in both:
            end(cluster)
    assert Sync.objects.count() == 1
    assert len(partner.requests) == 1
    bad.refresh_from_db()
    assert bad.repeats == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cron", "minutes"),
    [
        ("", None),
        ("0 6 * * *", 5),
        ("soon", None),
        ("* * * *", None),
        ("", 0),
        ("0 6 * * * *", None),
        ("", 10**9),
    ],
)
def test_times_that_make_no_sense(
    cron: str, minutes: int | None, partner: Partner
) -> None:
    feed = a_feed(partner)
    with pytest.raises(BadSchedule):
        schedules.set_times(feed.pk, user=None, cron=cron, minutes=minutes)
    assert schedules.times_of(feed.pk) is None


@pytest.mark.django_db
def test_a_feed_has_one_schedule(partner: Partner) -> None:
    feed = a_feed(partner)
    schedules.set_times(feed.pk, user=None, minutes=60)
    schedules.set_times(feed.pk, user=None, cron="0 6 * * 1-5")
    found = Schedule.objects.get()
    assert (found.func, found.args, found.cron) == (
        "importers.tasks.sync_feed",
        str(feed.pk),
        "0 6 * * 1-5",
    )
    assert found.next_run > timezone.now()
    schedules.clear_times(feed.pk, user=None)
    assert not Schedule.objects.exists()
