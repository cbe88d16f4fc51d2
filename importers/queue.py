"""The queues, and the only place that knows Django-Q.

Tasks are named by dotted path and carry ids only: arguments stand in clear in the
queue table and its admin page. They return nothing (a result that cannot be pickled
would make Django-Q run the task for ever) and are idempotent (delivery is at least
once). There are two queues, *quick* and *heavy*, each with workers of its own.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from croniter import croniter
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule, Task
from django_q.signals import pre_execute
from django_q.tasks import async_task

from importers import log_context

QUICK, HEAVY = "quick", "heavy"
QUEUES = (QUICK, HEAVY)


def name_of(queue: str) -> str:
    """What Django-Q, and SQS, call the queue."""
    return str(settings.HEAVY_QUEUE if queue == HEAVY else settings.QUICK_QUEUE)


def workers_of(queue: str) -> int:
    """How many workers a cluster of this machine has for the queue."""
    return int(settings.Q_HEAVY_WORKERS if queue == HEAVY else settings.Q_WORKERS)


def served() -> list[str]:
    """The queues that this machine has workers for."""
    return [queue for queue in QUEUES if workers_of(queue)]


def is_outside() -> bool:
    """Whether tasks wait outside the database: their number is not known exactly."""
    return bool(settings.QUEUE_BROKER)


def enqueue(
    dotted_path: str, *ids: int | str, name: str = "", is_heavy: bool = False
) -> None:
    """Have the cluster call `dotted_path(*ids)` once the transaction is committed.

    The task is written to a table of the same database: called inside the transaction
    that writes what the task is about, the two exist together or not at all.
    """
    heavy = is_heavy or dotted_path in settings.HEAVY_TASKS
    queue = name_of(HEAVY if heavy else QUICK)
    async_task(
        dotted_path,
        *ids,
        task_name=name or None,
        cluster=queue,
        broker=_broker(queue),
    )


def _broker(queue: str) -> Any:
    if not is_outside():
        return get_broker(queue)
    return _outside(settings.QUEUE_BROKER, queue, repr(settings.QUEUE_SQS))


@lru_cache
def _outside(dotted_path: str, queue: str, place: str) -> Any:
    """The broker of a queue at ``place``, which finds its connection once."""
    return import_string(dotted_path)(queue)


@dataclass(frozen=True, slots=True)
class Depth:
    """Tasks of a queue that wait, and those that workers have taken."""

    waiting: int
    taken: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.taken


def depth(queue: str) -> Depth:
    """How long the queue is; roughly, where tasks wait outside the database."""
    broker = _broker(name_of(queue))
    return Depth(broker.queue_size(), broker.lock_size())


def pending() -> int:
    """How many tasks are waiting or being worked on."""
    return sum(depth(queue).total for queue in QUEUES)


def is_idle(queue: str) -> bool:
    """Whether nothing waits in the queue: what is not in it was forgotten, or lost.

    What was taken is looked at only where it may be given back at once.
    """
    found = depth(queue)
    return not (found.waiting if is_outside() else found.total)


def send_kept() -> int:
    """Send what was committed and did not reach the queue outside; how many tasks."""
    if not is_outside():
        return 0
    return sum(_broker(name_of(queue)).send_kept() for queue in QUEUES)


def _tell_log(task: dict[str, Any], **_: Any) -> None:
    """What a worker logs from here on is about this task."""
    log_context.begin(task_id=task["id"])


pre_execute.connect(_tell_log)


def release_locks(queue: str) -> int:
    """Offer every task that a dead cluster had taken again, at once; their number.

    Without this a task taken by a killed process waits for Django-Q's `retry`. Where
    other clusters serve the queue as well, theirs are offered again too: a task may
    then be delivered twice, which leases make harmless. Outside the database nothing
    can be released: the reaper offers again what was lost.
    """
    if is_outside():
        return 0
    now = timezone.now()
    taken = OrmQ.objects.filter(key=name_of(queue), lock__gt=now)
    return taken.update(lock=now)


def cluster_of(dotted_path: str) -> str | None:
    """What a schedule of the task has to name as its cluster; None: the quick one."""
    return name_of(HEAVY) if dotted_path in settings.HEAVY_TASKS else None


def prune_results(before: datetime, most: int) -> int:
    """Forget some results of tasks that ended before then; how many."""
    old = Task.objects.filter(stopped__lt=before).order_by("stopped").values("pk")
    return Task.objects.filter(pk__in=old[:most]).delete()[0]


def old_results(before: datetime) -> int:
    """How many results of tasks there are that ended before then."""
    return Task.objects.filter(stopped__lt=before).count()


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


def keep_schedule(dotted_path: str, *, name: str, cron: str) -> bool:
    """Call `dotted_path()` by a cron line, unless it has times already; whether new."""
    if Schedule.objects.filter(func=dotted_path).exists():
        return False
    Schedule.objects.create(
        name=name[:100],
        func=dotted_path,
        cluster=cluster_of(dotted_path),
        schedule_type=Schedule.CRON,
        cron=cron,
        next_run=first_run(cron, None),
    )
    return True


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


def disable_schedules_but(*, with_key: Container[str], alone: Container[str]) -> int:
    """Switch off every schedule that calls anything else; how many.

    Tasks of ``with_key`` are called with one number, those ``alone`` with nothing.
    """
    broken = [
        schedule.pk
        for schedule in Schedule.objects.exclude(repeats=0)
        if not _is_good(schedule, with_key, alone)
    ]
    return Schedule.objects.filter(pk__in=broken).update(repeats=0)


def _is_good(
    schedule: Schedule, with_key: Container[str], alone: Container[str]
) -> bool:
    is_cron = schedule.schedule_type == Schedule.CRON
    args = str(schedule.args or "")
    # Django-Q reads it as Python does: no 007.
    has_key = args.isdecimal() and args == str(int(args))
    return (
        (
            (schedule.func in with_key and has_key)
            or (schedule.func in alone and not args)
        )
        and not schedule.kwargs
        and not schedule.hook
        and not schedule.intended_date_kwarg
        and schedule.cluster in {None, *map(name_of, QUEUES)}
        and (not is_cron or croniter.is_valid(schedule.cron or ""))
    )
