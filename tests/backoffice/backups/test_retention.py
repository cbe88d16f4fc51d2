"""Which backups are kept."""

from datetime import UTC, datetime, timedelta

from backoffice.backups.retention import kept

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)


def test_days_weeks_and_months() -> None:
    nightly = [NOW - timedelta(days=days) for days in range(800)]
    keep = sorted(kept(nightly, days=7, weeks=4, months=12), reverse=True)
    days = [f"{at:%Y-%m-%d}" for at in keep]
    assert days[:7] == [f"2026-11-{day}" for day in range(25, 18, -1)]
    # The Sundays of the weeks before; then the last day of each month before.
    assert days[7:9] == ["2026-11-15", "2026-11-08"]
    assert days[9:12] == ["2026-10-31", "2026-09-30", "2026-08-31"]
    assert days[-1] == "2025-12-31"
    assert len(days) == 20


def test_the_newest_of_a_day() -> None:
    hourly = [NOW - timedelta(hours=hours) for hours in range(48)]
    assert kept(hourly, days=2, weeks=0, months=0) == {
        NOW,
        NOW.replace(day=24, hour=23),
    }


def test_the_last_one_stays_whatever_is_said() -> None:
    assert kept([NOW, NOW - timedelta(days=1)], days=0, weeks=0, months=0) == {NOW}
    assert kept([], days=7, weeks=4, months=12) == set()


def test_a_pause_costs_nothing() -> None:
    old = [NOW - timedelta(days=400 + days) for days in range(3)]
    assert kept([NOW, *old], days=3, weeks=0, months=0) == {NOW, *old[:2]}
