"""A fetch that is interrupted after any page ends as an undisturbed one."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.values import Incremental, Paging
from importers.webservices.fetch import Progress
from importers.webservices.values import FeedPlan, WhatIsNew
from tests.importers.webservices.conftest import Fetch, Memory, plan_for
from tests.partner.server import Partner


class Killed(BaseException):
    """The process is gone."""


class Dying(Memory):
    """Keeps pages now and then, as the real sink does, and dies at one of them."""

    def __init__(self, before: Memory, every: int, dies_at: int) -> None:
        super().__init__(list(before.pages), before.discarded, before.progress)
        self._new: list[bytes] = []
        self._every = every
        self._left = dies_at

    def write(self, lines: bytes) -> None:
        self._new.append(lines)

    def page_done(self, progress: Progress) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed
        if len(self._new) >= self._every:
            self.keep(progress)

    def keep(self, progress: Progress) -> None:
        self.pages += self._new
        self._new = []
        self.progress = json.loads(json.dumps(progress.as_json()))


def plans(partner: Partner, size: int) -> list[FeedPlan]:
    windows = WhatIsNew(Incremental.WINDOWS, start="2026-01-01", window_days=20)
    spans: dict[str, Any] = {"parameters": {"from": "{from}", "to": "{to}"}}
    return [
        plan_for(
            partner,
            "page/plain",
            paging_kind=Paging.PAGE,
            paging_size_parameter="per_page",
            paging_page_size=size,
        ),
        plan_for(
            partner, "offset/plain", paging_kind=Paging.OFFSET, paging_page_size=size
        ),
        plan_for(
            partner,
            "cursor/null",
            paging_kind=Paging.CURSOR,
            paging_cursor_path="meta.next_cursor",
            paging_page_size=size,
        ),
        plan_for(
            partner,
            "next/relative",
            paging_size_parameter="per_page",
            paging_page_size=size,
            new=windows,
            **spans,
        ),
        plan_for(
            partner,
            "jsonapi/claims",
            records_path="data[].attributes",
            paging_kind=Paging.JSON_API,
            paging_page_size=size,
        ),
    ]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_interrupted_anywhere_it_ends_the_same(
    data: st.DataObject, whole: dict[Any, bytes], partner: Partner, run: Fetch
) -> None:
    size = data.draw(st.sampled_from([7, 50, 125]))
    number = data.draw(st.integers(0, 4))
    plan = plans(partner, size)[number]
    if (size, number) not in whole:
        whole[size, number] = run(plan).sink.lines
    every = data.draw(st.integers(1, 4))
    sink = Memory()
    for dies_at in data.draw(st.lists(st.integers(1, 12), max_size=3)):
        dying = Dying(sink, every, dies_at)
        try:
            done = run(plan, sink=dying, progress=sink.progress or None)
        except Killed:
            sink = Memory(list(dying.pages), progress=dying.progress)
            continue
        dying.keep(done.progress)
        sink = Memory(list(dying.pages), progress=dying.progress)
    run(plan, sink=sink, progress=sink.progress or None)
    assert sink.lines == whole[size, number]


@pytest.fixture
def whole() -> dict[Any, bytes]:
    """Undisturbed fetches by size and plan."""
    return {}
