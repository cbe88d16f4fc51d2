"""Sign-ins in the admin: who came in, who failed, who is locked out."""

from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from reinsurance.admin.base import ReadOnlyAdmin


@admin.action(description="Lift the lock-out", permissions=["lift"])
def lift(page: "FailureAdmin", request: HttpRequest, chosen: QuerySet[Any]) -> None:
    """Forget the failures, so that these names may be tried again."""
    count, _ = chosen.delete()
    page.message_user(request, f"{count} entr{'y' if count == 1 else 'ies'} lifted.")


class _AttemptsAdmin(ReadOnlyAdmin):
    """What both lists show of who tried."""

    search_fields = ("username__istartswith", "ip_address__startswith")
    search_help_text = "Name or address begins with"
    ordering = ("-attempt_time",)

    @admin.display(description="user or client", ordering="username")
    def name(self, attempt: Any) -> str:
        """The name that was given."""
        return str(attempt.username or "")

    @admin.display(description="from", ordering="ip_address")
    def address(self, attempt: Any) -> str:
        """Where from."""
        return str(attempt.ip_address or "")

    @admin.display(description="at", ordering="path_info")
    def page(self, attempt: Any) -> str:
        """At which of our addresses."""
        return str(attempt.path_info)

    @admin.display(description="browser or program")
    def browser(self, attempt: Any) -> str:
        """What it says it is."""
        return str(attempt.user_agent)


@admin.register(AccessAttempt)
class FailureAdmin(_AttemptsAdmin):
    """Failed attempts of the last while, by name and address."""

    list_display = ("name", "address", "failures", "state", "last")
    fields = (*list_display, "page", "browser")
    readonly_fields = fields
    actions = (lift,)  # type: ignore[assignment]

    @admin.display(description="failures", ordering="failures_since_start")
    def failures(self, attempt: AccessAttempt) -> int:
        """How many in a row."""
        return int(attempt.failures_since_start)

    @admin.display(description="last failure", ordering="attempt_time")
    def last(self, attempt: AccessAttempt) -> Any:
        """When it last failed."""
        return attempt.attempt_time

    @admin.display(description="state")
    def state(self, attempt: AccessAttempt) -> str:
        """Whether the name is locked out at that address."""
        is_recent = attempt.attempt_time + settings.AXES_COOLOFF_TIME > timezone.now()
        is_many = attempt.failures_since_start >= settings.AXES_FAILURE_LIMIT
        return "locked out" if is_recent and is_many else ""

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)


@admin.register(AccessLog)
class SignInAdmin(_AttemptsAdmin):
    """Who signed in, when and from where."""

    list_display = ("name", "address", "came", "left", "page")
    fields = (*list_display, "browser")
    readonly_fields = fields

    @admin.display(description="came", ordering="attempt_time")
    def came(self, visit: AccessLog) -> Any:
        """When they signed in."""
        return visit.attempt_time

    @admin.display(description="left", ordering="logout_time")
    def left(self, visit: AccessLog) -> Any:
        """When they signed out, if they did."""
        return visit.logout_time
