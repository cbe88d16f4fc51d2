"""The queue's pages: what waits, what failed; they are read, not driven.

Django-Q's own pages let whoever may add a schedule run any function as the worker
(``func`` is free text), so they are replaced: by pages that only show, and for
schedules by :mod:`backoffice.schedule_admin`.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_q.models import Failure, OrmQ, Schedule, Success

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


@admin.register(OrmQ)
class QueuedTaskAdmin(QueueAdmin):
    """Tasks that wait or are being worked on."""

    list_display = ("what", "function", "state")
    fields = list_display
    ordering = ("lock",)

    @admin.display(description="task")
    def what(self, queued: OrmQ) -> str:
        """The task's name, or that it cannot be read."""
        return str(queued.task.get("name") or "Not readable")

    @admin.display(description="function")
    def function(self, queued: OrmQ) -> str:
        """The dotted path that the worker calls."""
        return str(queued.task.get("func") or "")

    @admin.display(description="state", ordering="lock")
    def state(self, queued: OrmQ) -> str:
        """Whether a worker has taken it."""
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
