"""The queue's pages: what waits, what failed; they are read, not driven.

Django-Q's own pages let whoever may add a schedule run any function as the worker
(``func`` is free text), so they are replaced: by pages that only show, and for
schedules by :mod:`backoffice.schedule_admin`.
"""

from typing import Any

import django_q.admin  # noqa: F401 its pages are there before ours take their place
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_q.models import Failure, OrmQ, Schedule, Success

from importers import queue
from reinsurance.admin.base import ReadOnlyAdmin
from reinsurance.visibility import cedants_of

for _model in (Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class QueueAdmin(ReadOnlyAdmin):
    """Everybody's tasks: not for who sees the records of certain cedants only."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may look into the queue."""
        may_view = super().has_view_permission(request, obj)
        return may_view and cedants_of(request.user) is None


def _waiting_outside() -> str:
    try:
        depths = {name: queue.depth(name) for name in queue.QUEUES}
    except Exception:  # noqa: BLE001 whatever a service far away may answer
        return "Tasks wait in Amazon SQS, which does not answer at the moment."
    counted = ", ".join(
        f"{depth.waiting:,} {name} tasks wait and {depth.taken:,} are taken"
        for name, depth in depths.items()
    )
    return (
        f"Tasks wait in Amazon SQS, not here: about {counted}. "
        "The list has those that are not sent yet."
    )


@admin.register(OrmQ)
class QueuedTaskAdmin(QueueAdmin):
    """Tasks that wait or are being worked on."""

    list_display = ("what", "function", "queue", "state")
    fields = list_display
    ordering = ("lock",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; where tasks wait outside the database, how many there are."""
        if queue.is_outside():
            messages.info(request, _waiting_outside())
        return super().changelist_view(request, extra_context)

    @admin.display(description="task")
    def what(self, queued: OrmQ) -> str:
        """The task's name, or that it cannot be read."""
        return str(queued.task.get("name") or "Not readable")

    @admin.display(description="function")
    def function(self, queued: OrmQ) -> str:
        """The dotted path that the worker calls."""
        return str(queued.task.get("func") or "")

    @admin.display(description="queue", ordering="key")
    def queue(self, queued: OrmQ) -> str:
        """Quick or heavy."""
        return "heavy" if queued.key.endswith(queue.name_of(queue.HEAVY)) else "quick"

    @admin.display(description="state", ordering="lock")
    def state(self, queued: OrmQ) -> str:
        """Whether a worker has taken it."""
        if queue.is_outside():
            return "being sent to the queue"
        taken = queued.lock is not None and queued.lock > timezone.now()
        return "taken by a worker" if taken else "waiting"


@admin.register(Failure)
class FailedTaskAdmin(QueueAdmin):
    """Tasks that ended in an exception."""

    list_display = ("name", "func", "started", "stopped", "first_line")
    fields = ("name", "func", "started", "stopped", "report")
    readonly_fields = fields
    ordering = ("-stopped",)
    search_fields = ("name__startswith",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Failure]:
        """Failures alone (Django-Q's manager is not the default one)."""
        return super().get_queryset(request).filter(success=False)

    @admin.display(description="what happened")
    def first_line(self, task: Failure) -> str:
        """The exception's own line."""
        return str(task.result or "").partition("\n")[0][:160]

    @admin.display(description="what happened")
    def report(self, task: Failure) -> SafeString:
        """The whole report, for whoever mends the program."""
        return format_html("<pre>{}</pre>", str(task.result or ""))
