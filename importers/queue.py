"""The queue, and the only place that knows Django-Q.

Tasks are named by dotted path and carry ids only: arguments stand in clear in the
queue table and its admin page. They return nothing (a result that cannot be pickled
would make Django-Q run the task for ever) and are idempotent (delivery is at least
once).
"""

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task


def enqueue(dotted_path: str, *ids: int | str, name: str = "") -> None:
    """Have the cluster call `dotted_path(*ids)` once the transaction is committed.

    The queue is a table of the same database: called inside the transaction that
    writes what the task is about, the two exist together or not at all.
    """
    async_task(dotted_path, *ids, task_name=name or None)


def pending() -> int:
    """How many tasks are waiting or being worked on."""
    return OrmQ.objects.count()


def release_locks() -> int:
    """Offer every task that a dead cluster had taken again, at once; their number.

    Without this a task taken by a killed process waits for Django-Q's `retry`. Right
    only while no other cluster serves the queue; where one does, a task may be
    delivered twice, which the lease on its ingestion makes harmless.
    """
    now = timezone.now()
    return OrmQ.objects.filter(lock__gt=now).update(lock=now)
