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


@admin.register(AccessAttempt)
class FailureAdmin(ReadOnlyAdmin):
    """Failed attempts of the last while, by name and address."""

    list_display = ("username", "ip_address", "failures", "state", "attempt_time")
    fields = (
        "username", "ip_address", "failures", "state", "attempt_time", "path_info",
        "user_agent",
    )  # fmt: skip
    readonly_fields = fields
    search_fields = ("username__istartswith", "ip_address__startswith")
    search_help_text = "Name or address begins with"
    ordering = ("-attempt_time",)
    actions = (lift,)  # type: ignore[assignment]

    @admin.display(description="failures", ordering="failures_since_start")
    def failures(self, attempt: AccessAttempt) -> int:
        """How many in a row."""
        return int(attempt.failures_since_start)

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
class SignInAdmin(ReadOnlyAdmin):
    """Who signed in, when and from where."""

    list_display = (
        "username", "ip_address", "attempt_time", "logout_time", "path_info",
    )  # fmt: skip
    fields = (*list_display, "user_agent")
    readonly_fields = fields
    search_fields = ("username__istartswith", "ip_address__startswith")
    search_help_text = "Name or address begins with"
    ordering = ("-attempt_time",)
