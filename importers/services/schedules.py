"""When feeds are synced and the house is kept: schedules of our own tasks alone."""

from croniter import croniter
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from importers import queue
from importers.exceptions import ImporterError, StateProblem
from importers.models import Feed
from importers.services import permissions

SYNC_FEED = "importers.tasks.sync_feed"
TASKS = {SYNC_FEED: "Sync a feed"}
"""The tasks that a schedule of a feed may name, and what they do."""


class BadSchedule(ImporterError):  # noqa: N818 (names are the trade's)
    """The times are not understood."""

    code = "bad_schedule"


def set_times(
    feed: int, *, user: User | None, cron: str = "", minutes: int | None = None
) -> None:
    """Sync a feed at the times of a cron line, or every so many minutes; once a feed.

    Times are of the server's time zone (UTC).  Raises BadSchedule, NotAllowed.
    """
    permissions.require_sync(user)
    record = Feed.objects.get(pk=feed)
    permissions.require_seen(user, record)
    check_times(cron, minutes)
    queue.set_schedule(
        SYNC_FEED, record.pk, name=f"Sync {record.code}", cron=cron, minutes=minutes
    )


def clear_times(feed: int, *, user: User | None) -> None:
    """Take a feed's schedule away."""
    permissions.require_sync(user)
    if user is not None:
        permissions.require_seen(user, Feed.objects.get(pk=feed))
    queue.clear_schedule(SYNC_FEED, feed)


def check_times(cron: str, minutes: int | None) -> None:
    """Raise BadSchedule unless there is one of both, and it makes sense."""
    if bool(cron) == bool(minutes):
        raise BadSchedule("Give either a cron line or a number of minutes.")
    if minutes is not None and not 1 <= minutes <= 60 * 24 * 366:
        raise BadSchedule("The minutes lie between 1 and a year.")
    if cron and (len(cron.split()) != 5 or not croniter.is_valid(cron)):
        raise BadSchedule(
            f"“{cron}” is no cron line. It has five parts: minute, hour, day, month, "
            "day of the week; 0 6 * * 1-5 is six o'clock on working days."
        )


def times_of(feed: int) -> queue.Times | None:
    """When a feed is synced; None: at no time."""
    return queue.times_of(SYNC_FEED, feed)


def all_times() -> dict[int, queue.Times]:
    """When each feed that has a schedule is synced."""
    return queue.all_times(SYNC_FEED)


def housekeeping() -> dict[str, str]:
    """The tasks that keep the house, and what they do; they take nothing."""
    return {path: label for path, (label, _) in settings.HOUSEKEEPING.items()}


def keep_house() -> list[str]:
    """Give each task that keeps the house its first times; what is new."""
    return [
        label
        for path, (label, cron) in settings.HOUSEKEEPING.items()
        if queue.keep_schedule(path, name=label, cron=cron)
    ]


def run_now(schedule: int, *, user: User | None) -> None:
    """Have a schedule run once at the next tick."""
    permissions.require_sync(user)
    key = queue.key_of(schedule)
    if key is not None and (feed := Feed.objects.filter(pk=key).first()):
        permissions.require_seen(user, feed)
    if not queue.run_schedule_now(schedule, timezone.now()):
        raise StateProblem("This schedule is gone. Reload the page.")


def disable_broken() -> int:
    """Switch off schedules that are not of our making, so that none stops the others.

    Django-Q reads all due schedules in one go and gives up at the first it cannot
    read.  How many were switched off.
    """
    return queue.disable_schedules_but(with_key=TASKS, alone=settings.HOUSEKEEPING)
