"""Waiting as long as we are told, backing off when we are not, and not for ever."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.values import Paging
from importers.webservices import problems
from importers.webservices.limits import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    asked_wait,
    back_off,
    wait_ahead,
)
from tests.importers.webservices.conftest import Fetch, Memory, plan_for
from tests.partner import faults
from tests.partner.records import claims
from tests.partner.server import Partner

NOW = 1_792_000_000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 14 Oct 2026 17:47:10 GMT"}, 30),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"ratelimit": '"default";r=0;t=30'}, 30),
        ({"ratelimit": "limit=100, remaining=0, reset=5"}, 5),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "7"}, 7),
        ({"x-ratelimit-reset": f"{NOW + 12:.0f}"}, 12),
        ({"x-ratelimit-reset": f"{(NOW + 12) * 1000:.0f}"}, 12),
        ({"x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-reset": f"{NOW - 12:.0f}"}, 0),
    ],
)
def test_what_a_refusal_asks_for(
    headers: dict[str, str], expected: float | None
) -> None:
    assert asked_wait(headers, NOW) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 0),
        ({"ratelimit": '"burst";r=3;t=30'}, 0),
        ({"ratelimit": '"burst";r=0;t=30'}, 30),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "9"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, 9),
        ({"x-ratelimit-remaining": "0"}, 0),
    ],
)
def test_what_is_read_ahead(headers: dict[str, str], expected: float) -> None:
    assert wait_ahead(headers, NOW) == expected


@given(st.integers(1, 40))
def test_back_off_grows_with_jitter_up_to_a_limit(attempt: int) -> None:
    most = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
    assert most / 2 <= back_off(attempt) <= most


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "retry-after",
                "ratelimit",
                "x-ratelimit-reset",
                "x-ratelimit-remaining",
                "retry-after-ms",
            ]
        ),
        st.text(max_size=40),
    )
)
def test_any_header_is_survived(headers: dict[str, str]) -> None:
    assert (asked_wait(headers, NOW) or 0) >= 0
    assert wait_ahead(headers, NOW) >= 0


@pytest.mark.parametrize(
    "tell", ["retry-after", "date", "milliseconds", "ietf", "github", "seconds"]
)
def test_a_refusal_is_obeyed(tell: str, partner: Partner, run: Fetch) -> None:
    partner.fail(path="/page", after=1, fault=faults.too_many(1, tell=tell))
    began = time.monotonic()
    plan = plan_for(partner, "page/plain", paging_kind=Paging.PAGE)
    fetched = run(plan)
    assert fetched.progress.counts.records == 250
    assert fetched.progress.counts.retries == 1
    assert time.monotonic() - began >= 0.9 or tell in ("date", "github")
    assert partner.too_early() == []


@pytest.mark.parametrize("style", ["ietf", "github", "seconds"])
def test_a_budget_is_read_ahead_of_a_refusal(
    style: str, partner: Partner, run: Fetch
) -> None:
    quota = partner.quota(limit=2, window_seconds=1, style=style)
    plan = plan_for(
        partner,
        "page/plain",
        paging_kind=Paging.PAGE,
        paging_size_parameter="per_page",
        paging_page_size=50,
    )
    fetched = run(plan)
    assert fetched.progress.counts.records == 250
    assert quota.refused == 0
    assert fetched.progress.counts.waited_seconds > 0


def test_a_longer_wait_than_the_sync_has_ends_it_at_once(
    partner: Partner, run: Fetch
) -> None:
    partner.fail(path="/page", after=1, fault=faults.too_many(3600))
    plan = plan_for(partner, "page/plain", paging_kind=Paging.PAGE)
    began = time.monotonic()
    with pytest.raises(problems.DeadlinePassed, match="wait for 60 minutes"):
        run(plan, seconds=20)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("pages", "most"),
    [(20, 4.0), pytest.param(1000, 2.5, marks=pytest.mark.slow)],
)
def test_a_storm_is_lived_through(pages: int, most: float, run: Fetch) -> None:
    with Partner(pages * 5) as partner:
        waits = (0,) * 39 + (1,)
        partner.fail(times="always", fault=faults.storm(7, waits=waits))
        plan = plan_for(
            partner,
            "offset/total",
            paging_kind=Paging.OFFSET,
            paging_page_size=5,
            paging_total_path="total",
            service_attempts=8,
        )
        fetched = run(plan, seconds=600)
        lines = fetched.sink.lines.splitlines()
        assert [json.loads(line)["id"] for line in lines] == [
            record["id"] for record in claims(pages * 5)
        ]
        assert partner.too_early() == []
        assert len(partner.requests) <= most * pages


def test_a_service_that_always_refuses_is_left_alone_some_time(
    partner: Partner, run: Fetch
) -> None:
    partner.fail(path="/page", times="always", fault=faults.too_many(0))
    sink = Memory()
    with pytest.raises(problems.TooManyRequests):
        run(plan_for(partner, "page/plain"), sink=sink)
    assert len(partner.requests) == 51
    assert sink.pages == []
