"""Limits that the partner sets: what its headers say, and a quota that counts."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import formatdate

from tests.partner.records import to_json
from tests.partner.values import Answer, Endpoint, Headers, Request

STYLES = ("ietf", "github", "seconds")


def quota_headers(
    style: str, *, limit: int, window: int, remaining: int, seconds_left: float
) -> Headers:
    """What is left of a quota.

    "ietf": RateLimit and RateLimit-Policy of the draft; "github": X-RateLimit-*, where
    Reset is Unix seconds; "seconds": the same, where Reset is seconds left.  They
    are whole and rounded up.
    """
    left = math.ceil(seconds_left)
    if style == "ietf":
        return (
            ("RateLimit-Policy", f'"default";q={limit};w={window}'),
            ("RateLimit", f'"default";r={remaining};t={left}'),
        )
    reset = math.ceil(time.time() + seconds_left) if style == "github" else left
    return (
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", str(remaining)),
        ("X-RateLimit-Reset", str(reset)),
    )


def wait_headers(tell: str, seconds: float) -> Headers:
    """How a 429 says how long to wait.

    "retry-after" (seconds) and "date": Retry-After; "milliseconds": Retry-After-Ms;
    "none"; or a style of `quota_headers` with nothing remaining.
    """
    if tell == "none":
        return ()
    if tell == "retry-after":
        return (("Retry-After", str(math.ceil(seconds))),)
    if tell == "date":
        moment = math.ceil(time.time() + seconds)
        return (("Retry-After", formatdate(moment, usegmt=True)),)
    if tell == "milliseconds":
        return (("Retry-After-Ms", str(math.ceil(seconds * 1000))),)
    if tell not in STYLES:
        raise ValueError(tell)
    return quota_headers(tell, limit=60, window=60, remaining=0, seconds_left=seconds)


@dataclass
class Quota:
    """At most `limit` requests in each window, which opens with its first request.

    Good answers say what is left.  Who exceeds it gets a 429 with the same headers and,
    unless ``has_retry_after`` is off, Retry-After.  ``refused``: how many did;
    ``clock``: seconds that go on.
    """

    limit: int
    window_seconds: float
    style: str = "ietf"
    has_retry_after: bool = True
    refused: int = 0
    clock: Callable[[], float] = time.monotonic
    _used: int = 0
    _ends: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request, proceed: Endpoint) -> Answer:
        """Count the request, then let it proceed or refuse it."""
        now = self.clock()
        with self._lock:
            if now >= self._ends:
                self._used, self._ends = 0, now + self.window_seconds
            is_refused = self._used >= self.limit
            self._used += not is_refused
            self.refused += is_refused
            left = self._ends - now
            headers = quota_headers(
                self.style,
                limit=self.limit,
                window=math.ceil(self.window_seconds),
                remaining=self.limit - self._used,
                seconds_left=left,
            )
        if is_refused:
            wait = wait_headers("retry-after" if self.has_retry_after else "none", left)
            body = to_json({"error": "Quota exceeded"})
            return Answer(body, 429, headers=headers + wait, wait_seconds=left)
        answer = proceed(request)
        return replace(answer, headers=answer.headers + headers)
