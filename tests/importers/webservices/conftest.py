"""A feed of the tests' partner, fetched into memory by the real client."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from importers.webservices.auth import Auth
from importers.webservices.caller import Caller, Deadline, Pace
from importers.webservices.client import Client
from importers.webservices.fetch import Progress, begin, fetch
from importers.webservices.hosts import AllowedHosts
from importers.webservices.values import FeedPlan, PagingPlan, ServicePlan
from tests.partner.server import Partner

TODAY = date(2026, 8, 1)


@dataclass
class Memory:
    """A sink: the lines of each page, and the last progress."""

    pages: list[bytes] = field(default_factory=list)
    discarded: bytes = b""
    progress: dict[str, Any] = field(default_factory=dict)

    def write(self, lines: bytes) -> None:
        self.pages.append(lines)

    def discard(self, lines: bytes) -> None:
        self.discarded += lines

    def page_done(self, progress: Progress) -> None:
        self.progress = progress.as_json()

    @property
    def lines(self) -> bytes:
        return b"".join(self.pages)


@dataclass
class Fetched:
    """What a fetch ended with."""

    sink: Memory
    progress: Progress


Fetch = Callable[..., Fetched]


def plan_for(partner: Partner, path: str, **changes: Any) -> FeedPlan:
    """A feed of the partner; changes of the paging begin with ``paging_``."""
    paging = {
        name.removeprefix("paging_"): changes.pop(name)
        for name in list(changes)
        if name.startswith("paging_")
    }
    service = {
        name.removeprefix("service_"): changes.pop(name)
        for name in list(changes)
        if name.startswith("service_")
    }
    settled: dict[str, Any] = {
        "base_url": partner.url,
        "connect_seconds": 2.0,
        "read_seconds": 2.0,
        "attempts": 3,
        **service,
    }
    plan = FeedPlan("claims", ServicePlan("partner", **settled), path)
    return replace(plan, paging=PagingPlan(**paging), **changes)


@pytest.fixture
def partner() -> Iterator[Partner]:
    """A partner with 250 claims."""
    with Partner(250) as running:
        yield running


@pytest.fixture
def run() -> Fetch:
    """Fetch a plan; ``progress`` goes on from an earlier one."""

    def fetched(
        plan: FeedPlan,
        *,
        auth: Auth | None = None,
        hosts: tuple[str, ...] = ("http://127.0.0.1", "http://localhost"),
        ca_file: str = "",
        cursor: str = "",
        sink: Memory | None = None,
        progress: dict[str, Any] | None = None,
        seconds: float = 60.0,
        pace: Pace | None = None,
    ) -> Fetched:
        sink = sink or Memory()
        going_on = (
            Progress.from_json(progress) if progress else begin(plan, cursor, TODAY)
        )
        with Client(
            AllowedHosts(hosts),
            connect_seconds=plan.service.connect_seconds,
            read_seconds=plan.service.read_seconds,
            most_bytes=plan.service.most_bytes,
            ca_file=ca_file,
        ) as client:
            caller = Caller(
                plan.service,
                client,
                auth or Auth(plan.service.login, str),
                counts=going_on.counts,
                deadline=Deadline(seconds),
                pace=pace,
                format=plan.format,
            )
            fetch(plan, caller, sink, going_on, TODAY)
        return Fetched(sink, going_on)

    return fetched
