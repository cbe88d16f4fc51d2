"""Asking for a page until it is there: sign in, pace, try again, give up in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from importers.webservices.answers import problem_of
from importers.webservices.auth import Auth
from importers.webservices.client import Client, Reply
from importers.webservices.limits import back_off, wait_ahead
from importers.webservices.problems import (
    DeadlinePassed,
    ServiceProblem,
    TooManyRequests,
)
from importers.webservices.values import Answer, Call, Counts, Format, ServicePlan

ACCEPT = {
    Format.JSON: "application/json, */*;q=0.1",
    Format.JSON_LINES: "application/x-ndjson, application/jsonl, */*;q=0.1",
    Format.CSV: "text/csv, */*;q=0.1",
    Format.XML: "application/xml, text/xml, */*;q=0.1",
}
MOST_REFUSALS = 50
"""Times that the partner may ask us to slow down on the way to one page."""


class Pace(Protocol):
    """The service's budget of requests, shared by everyone who asks it."""

    def wait(self) -> float:
        """Seconds until the next request may go out; it is reserved by asking."""


class NoLimit:
    """A service that anyone may ask as often as they like."""

    def wait(self) -> float:
        """No time at all."""
        return 0.0


class Deadline:
    """The end of a sync's time, and its patience: ``sleep`` waits, if there is time."""

    def __init__(
        self, seconds: float, alive: Callable[[], None] = lambda: None
    ) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds
        self._alive = alive

    @property
    def left(self) -> float:
        """Seconds left; raises DeadlinePassed where there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlinePassed(
                f"The sync took longer than its {self._seconds / 60:.0f} minutes. The "
                "pages fetched are kept; the next run goes on from there."
            )
        return left

    def sleep(self, seconds: float) -> None:
        """Wait; raises DeadlinePassed at once where that takes longer than is left."""
        if seconds > self.left:
            raise DeadlinePassed(
                f"The partner asks us to wait for {seconds / 60:.0f} minutes, longer "
                "than the sync may take. The next run goes on from here."
            )
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            self._alive()
            time.sleep(min(rest, 1.0))


class Caller:
    """Gets pages of one service; ``counts`` tells what that takes."""

    def __init__(
        self,
        service: ServicePlan,
        client: Client,
        auth: Auth,
        *,
        counts: Counts,
        deadline: Deadline,
        pace: Pace | None = None,
        format: Format = Format.JSON,
    ) -> None:
        self._service = service
        self._client = client
        self._auth = auth
        self._counts = counts
        self._deadline = deadline
        self._pace = pace or NoLimit()
        self._headers = {"Accept": ACCEPT[format], **service.headers}
        self._ahead = 0.0

    @property
    def hidden_parameter(self) -> str:
        """Name of the query parameter that carries a secret, if one does."""
        return self._auth.hidden_parameter

    def get(self, call: Call) -> Answer:
        """The page; raises the ServiceProblem that stays after every allowed try."""
        failures = refusals = 0
        is_renewed = False
        while True:
            self._wait(self._ahead + self._pace.wait())
            problem, reply = self._send(call)
            if reply is not None and problem is None:
                return Answer(call, reply.url, reply.headers, reply.body, reply.status)
            assert problem is not None  # noqa: S101 there is one or the other
            if reply is not None and reply.status == 401 and not is_renewed:
                is_renewed = self._auth.renew()
                if is_renewed:
                    self._counts.retries += 1
                    continue
            if not problem.is_passing:
                raise problem
            is_refusal = isinstance(problem, TooManyRequests)
            refusals += is_refusal
            failures += not is_refusal
            if failures >= self._service.attempts or refusals > MOST_REFUSALS:
                raise problem
            self._counts.retries += 1
            told = problem.wait_seconds
            self._ahead = 0.0
            pause = back_off(refusals if is_refusal else failures)
            self._wait(pause if told is None else told)

    def _send(self, call: Call) -> tuple[ServiceProblem | None, Reply | None]:
        """What is wrong, if anything is; and the reply, if there is one."""
        headers, parameters = dict(self._headers), list(call.parameters)
        self._auth.sign(headers, parameters)
        self._counts.requests += 1
        left = self._deadline.left
        try:
            reply = self._client.get(call.url, parameters, headers, left)
        except ServiceProblem as problem:
            return problem, None
        self._counts.bytes += len(reply.body)
        self._ahead = wait_ahead(reply.headers, time.time())
        return problem_of(reply), reply

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._counts.waited_seconds += seconds
            self._deadline.sleep(seconds)
