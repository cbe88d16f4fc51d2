"""Middleware: every request gets an id, a line in the log, and is timed.

The id comes from the proxy in front (``X-Request-ID``) where that gives a sound one,
and goes back with the answer.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, empty

from backoffice.health import latencies
from importers import log_context

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_SOUND = re.compile(r"[A-Za-z0-9._:-]{8,64}")
NO_ROUTE = "none"


class RequestLine:
    """Logs route, status, time and who asked, by their key; no address, no name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The site's answer, with the request's id."""
        given = request.headers.get(HEADER, "")
        known = given if _SOUND.fullmatch(given) else uuid.uuid4().hex
        began = time.perf_counter()
        with log_context.bound(request_id=known), latencies.in_flight():
            answer = self.get_response(request)
            seconds = time.perf_counter() - began
            answer[HEADER] = known
            self._tell(request, answer.status_code, seconds)
        return answer

    def _tell(self, request: HttpRequest, status: int, seconds: float) -> None:
        match = request.resolver_match
        route = match.view_name if match and match.view_name else NO_ROUTE
        method = latencies.known_method(request.method or "")
        latencies.observe(route, method, status, seconds)
        told = {
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        }
        if user := user_of(request):
            told["user"] = user
        logger.info("%s %s %s", method, route, status, extra=told)


def user_of(request: HttpRequest) -> int | None:
    """The key of who asked, where that is known already; nothing is asked for it."""
    user = getattr(request, "_cached_user", None) or request.__dict__.get("user")
    if isinstance(user, LazyObject) and user.__dict__.get("_wrapped") is empty:
        return None
    return getattr(user, "pk", None)
