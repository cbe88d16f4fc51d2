"""What a status code means: the one place that turns it into a problem."""

from __future__ import annotations

import time

from importers.webservices.client import Reply
from importers.webservices.hosts import shown
from importers.webservices.limits import asked_wait
from importers.webservices.problems import (
    CredentialsRefused,
    Gone,
    NotThere,
    RequestRefused,
    ServiceFault,
    ServiceProblem,
    TimedOut,
    TooManyRequests,
)

KEPT = 16 << 20
"""Bytes of an answer that is to blame which are kept as evidence."""


def problem_of(reply: Reply) -> ServiceProblem | None:
    """The problem that the reply's status stands for; None for a good one."""
    status, place = reply.status, shown(reply.url)
    if 200 <= status < 300:
        return None
    payload = reply.body[:KEPT]
    wait = asked_wait(reply.headers, time.time())
    if status == 401:
        return CredentialsRefused(
            f"{place} does not accept our sign-in (401). Enter the credentials anew.",
            payload=payload,
        )
    if status == 403 and wait is None:
        return CredentialsRefused(
            f"{place} does not allow this to us (403). Ask the partner for access.",
            payload=payload,
        )
    if status == 404:
        return NotThere(
            f"{place} does not exist (404). Check the path of the feed.",
            payload=payload,
        )
    if status == 410:
        return Gone(
            f"{place} does not exist any more (410). Ask the partner for the new "
            "address.",
            payload=payload,
        )
    if status in (403, 429):
        return TooManyRequests(
            f"{place} asks us to slow down ({status}). It is tried again later.",
            payload=payload,
            wait_seconds=wait,
        )
    if status == 408:
        return TimedOut(f"{place} gave up waiting (408). It is tried again.")
    if status >= 500 or status == 425:
        return ServiceFault(
            f"{place} has a fault of its own ({status}). It is tried again later.",
            payload=payload,
            wait_seconds=wait,
        )
    return RequestRefused(
        f"{place} refuses the request ({status}). Check the parameters of the feed.",
        payload=payload,
    )
