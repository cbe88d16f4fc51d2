"""Many names tried from one address: nobody tries further from there for a while."""

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest


class AddressHandler(AxesDatabaseHandler):
    """django-axes' own, which also counts the failures of an address by itself."""

    def is_locked(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> bool:
        """Whether the name is locked out at the address, or the address at all."""
        if super().is_locked(request, credentials):
            return True
        limit: int = settings.LOCKOUT_ADDRESS_FAILURES
        return bool(limit) and _failures_from(request) >= limit


def _failures_from(request: Any) -> int:
    recent = AccessAttempt.objects.filter(
        ip_address=request.axes_ip_address,
        attempt_time__gte=get_cool_off_threshold(request),
    )
    count: int | None = recent.aggregate(count=Sum("failures_since_start"))["count"]
    return count or 0
