"""The queue, and the only place that knows Django-Q.

Tasks are named by dotted path and carry ids only: arguments stand in clear in the
queue table and its admin page. They return nothing (a result that cannot be pickled
would make Django-Q run the task for ever) and are idempotent (delivery is at least
once).
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from croniter import croniter
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.signals import pre_execute
from django_q.tasks import async_task

from importers import log_context


def enqueue(dotted_path: str, *ids: int | str, name: str = "") -> None:
    """Have the cluster call `dotted_path(*ids)` once the transaction is committed.

    The queue is a table of the same database: called inside the transaction that
    writes what the task is about, the two exist together or not at all.
    """
    async_task(dotted_path, *ids, task_name=name or None)


def pending() -> int:
    """How many tasks are waiting or being worked on."""
    return OrmQ.objects.count()


@dataclass(frozen=True, slots=True)
class Length:
    """Tasks of one queue: those that wait, and those that a worker has taken."""

    waiting: int
    taken: int


def lengths() -> dict[str, Length]:
    """How long each queue is."""
    taken = Q(lock__gt=timezone.now())
    counts = (
        OrmQ.objects.order_by()
        .values("key")
        .annotate(all=Count("pk"), taken=Count("pk", filter=taken))
    )
    return {
        line["key"]: Length(line["all"] - line["taken"], line["taken"])
        for line in counts
    }


def _tell_log(task: dict[str, Any], **_: Any) -> None:
    """What a worker logs from here on is about this task."""
    log_context.begin(task_id=task["id"])


pre_execute.connect(_tell_log)


def release_locks() -> int:
    """Offer every task that a dead cluster had taken again, at once; their number.

    Without this a task taken by a killed process waits for Django-Q's `retry`. Right
    only while no other cluster serves the queue; where one does, a task may be
    delivered twice, which the lease on its ingestion makes harmless.
    """
    now = timezone.now()
    return OrmQ.objects.filter(lock__gt=now).update(lock=now)


# -- schedules ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Times:
    """When a schedule runs: a cron line or a number of minutes; and when next.

    ``next_run``: None where it is switched off.
    """

    schedule: int
    cron: str
    minutes: int | None
    next_run: datetime | None


@transaction.atomic
def set_schedule(
    dotted_path: str, key: int, *, name: str, cron: str, minutes: int | None
) -> None:
    """Call `dotted_path(key)` at these times from now on; replaces earlier times."""
    Schedule.objects.filter(func=dotted_path, args=str(key)).delete()
    Schedule.objects.create(
        name=name[:100],
        func=dotted_path,
        args=str(key),
        schedule_type=Schedule.CRON if cron else Schedule.MINUTES,
        cron=cron or None,
        minutes=minutes,
        next_run=first_run(cron, minutes),
    )


def first_run(cron: str, minutes: int | None) -> datetime:
    """The first of these times from now on."""
    now = timezone.localtime()
    if cron:
        return croniter(cron, now).get_next(datetime)
    return now + timedelta(minutes=minutes or 0)


def clear_schedule(dotted_path: str, key: int) -> None:
    """Do not call `dotted_path(key)` at any time."""
    Schedule.objects.filter(func=dotted_path, args=str(key)).delete()


def times_of(dotted_path: str, key: int) -> Times | None:
    """When `dotted_path(key)` is called; None: never."""
    found = Schedule.objects.filter(func=dotted_path, args=str(key)).first()
    return _times(found) if found else None


def all_times(dotted_path: str) -> dict[int, Times]:
    """When `dotted_path` is called with each number it is ever called with."""
    found = Schedule.objects.filter(func=dotted_path)
    return {
        int(schedule.args): _times(schedule)
        for schedule in found
        if str(schedule.args or "").isdecimal()
    }


def _times(schedule: Schedule) -> Times:
    is_cron = schedule.schedule_type == Schedule.CRON
    return Times(
        schedule.pk,
        (schedule.cron or "") if is_cron else "",
        None if is_cron else schedule.minutes,
        schedule.next_run if schedule.repeats else None,
    )


def run_schedule_now(schedule: int, at: datetime) -> bool:
    """Make a schedule due; whether there is such a one."""
    return bool(Schedule.objects.filter(pk=schedule).update(next_run=at))


def key_of(schedule: int) -> int | None:
    """The number that a schedule's task is called with; None: not known."""
    args = Schedule.objects.filter(pk=schedule).values_list("args", flat=True).first()
    return int(args) if args and args.isdecimal() else None


def disable_schedules_but(allowed: Container[str]) -> int:
    """Switch off every schedule that calls anything else, or not with one number."""
    broken = [
        schedule.pk
        for schedule in Schedule.objects.exclude(repeats=0)
        if not _is_good(schedule, allowed)
    ]
    return Schedule.objects.filter(pk__in=broken).update(repeats=0)


def _is_good(schedule: Schedule, allowed: Container[str]) -> bool:
    is_cron = schedule.schedule_type == Schedule.CRON
    args = str(schedule.args or "")
    return (
        schedule.func in allowed
        and args.isdecimal()
        and args == str(int(args))  # Django-Q reads it as Python does: no 007
        and not schedule.kwargs
        and not schedule.hook
        and not schedule.intended_date_kwarg
        and (not is_cron or croniter.is_valid(schedule.cron or ""))
    )
