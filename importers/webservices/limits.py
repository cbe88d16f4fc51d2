"""How long to wait: what the partner's headers say, and our own back-off.

Sources: RFC 9110 section 10.2.3 (Retry-After), IETF draft "RateLimit header fields
for HTTP", and the older X-RateLimit-* headers, whose Reset is seconds for some and a
time for others.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
_EPOCH_FROM = 1_000_000_000  # a larger Reset is a time, not a number of seconds
_ITEM = re.compile(r"(?:^|[;,\s])(r|t|remaining|reset)=(\d+)")


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a refusal asks us to wait (``now``: Unix time); None: not said."""
    if milliseconds := _number(headers.get("retry-after-ms")):
        return milliseconds / 1000
    text = headers.get("retry-after", "").strip()
    if (seconds := _number(text)) is not None:
        return seconds
    if text:
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - now)
        except (ValueError, TypeError):
            pass
    return _reset(headers, now)


def wait_ahead(headers: Mapping[str, str], now: float) -> float:
    """Seconds to wait before the next request because the budget is used up."""
    remaining = _said(headers, "r", "remaining")
    if remaining is None or remaining >= 1:
        return 0.0
    return _reset(headers, now) or 0.0


def back_off(attempt: int) -> float:
    """Seconds to wait after the ``attempt``-th failure in a row (from 1), jittered."""
    most = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
    return random.uniform(most / 2, most)  # noqa: S311 no secret


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    reset = _said(headers, "t", "reset")
    if reset is None:
        return None
    if reset > _EPOCH_FROM * 1000:
        reset /= 1000
    return max(0.0, reset - now) if reset > _EPOCH_FROM else reset


def _said(headers: Mapping[str, str], short: str, long: str) -> float | None:
    """A figure of the rate-limit headers, the newest standard first."""
    found = dict(_ITEM.findall(headers.get("ratelimit", "")))
    for text in (found.get(short), found.get(long)):
        if text is not None:
            return float(text)
    for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit"):
        if (number := _number(headers.get(f"{prefix}-{long}"))) is not None:
            return number
    return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
