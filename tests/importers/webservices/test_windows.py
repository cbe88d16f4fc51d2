"""What a sync asks for: cursors with overlap, spans of days, places filled in."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.values import Incremental
from importers.webservices.problems import BadFeed
from importers.webservices.values import FeedPlan, ServicePlan, WhatIsNew, Window
from importers.webservices.windows import earlier, filled, latest, windows

TODAY = date(2026, 11, 23)
PLAN = FeedPlan("f", ServicePlan("s", "https://a.example/api/"), "/claims")


@pytest.mark.parametrize(
    ("cursor", "overlap", "expected"),
    [
        ("2026-03-01", 2, "2026-02-27"),
        ("2026-03-01T00:00:10Z", 30, "2026-02-28T23:59:40Z"),
        ("2026-03-01T00:00:10.250Z", 30, "2026-02-28T23:59:40.250Z"),
        ("2026-03-01T00:00:10+02:00", 30, "2026-02-28T23:59:40+02:00"),
        ("2026-03-01T00:00:10", 30, "2026-02-28T23:59:40"),
        ("1792000000", 60, "1791999940"),
        ("opaque-token", 60, "opaque-token"),
        ("2026-03-01", 0, "2026-03-01"),
    ],
)
def test_a_cursor_is_put_back(cursor: str, overlap: int, expected: str) -> None:
    assert earlier(cursor, overlap) == expected


@pytest.mark.parametrize(
    ("texts", "so_far", "expected"),
    [
        ([], "", ""),
        ([], "5", "5"),
        (["9", "10"], "", "10"),
        (["2026-01-02", "2025-12-31"], "2026-01-01", "2026-01-02"),
        (
            ["2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00Z"],
            "",
            "2026-01-01T00:00:00Z",
        ),
        (["2026-01-01T10:00:00", "2026-01-01T09:00:00.5"], "", "2026-01-01T10:00:00"),
        (["b", "a"], "", "b"),
    ],
)
def test_the_latest(texts: list[str], so_far: str, expected: str) -> None:
    assert latest(texts, so_far) == expected


@given(
    st.dates(date(2020, 1, 1), TODAY),
    st.integers(0, 40),
    st.integers(2, 400),
)
def test_spans_cover_every_day_once(start: date, overlap: int, days: int) -> None:
    new = WhatIsNew(
        Incremental.WINDOWS, start="2019-01-01", overlap=overlap, window_days=days
    )
    spans = windows(new, start.isoformat(), TODAY)
    covered = []
    for span in spans:
        assert span.first is not None
        assert span.last is not None
        count = (span.last - span.first).days + 1
        assert 1 <= count <= days
        covered += [span.first + timedelta(days=n) for n in range(count)]
    first = start - timedelta(days=overlap)
    assert covered == [
        first + timedelta(days=n) for n in range((TODAY - first).days + 1)
    ]


def test_a_cursor_in_the_future_asks_for_nothing() -> None:
    new = WhatIsNew(Incremental.WINDOWS, start="2026-01-01", window_days=5)
    assert windows(new, "2026-12-01", TODAY) == []


def test_no_date_to_begin_with() -> None:
    with pytest.raises(BadFeed, match="“soon” is no date"):
        windows(WhatIsNew(Incremental.WINDOWS, start="soon"), "", TODAY)


def test_places_are_filled_in_and_unknown_ones_left_out() -> None:
    plan = replace(
        PLAN,
        path="v1/{from}..{to}",
        parameters={
            "$filter": "updated ge '{cursor}'",
            "to": "{to}",
            "at": "{today}",
            "json": '{"a": 1}',
        },
    )
    window = Window("", date(2026, 1, 1), date(2026, 1, 31))
    assert filled(plan, window, TODAY) == (
        "https://a.example/api/v1/2026-01-01..2026-01-31",
        [("to", "2026-01-31"), ("at", "2026-11-23"), ("json", '{"a": 1}')],
    )
    with pytest.raises(BadFeed, match="holds {from}"):
        filled(plan, Window("5"), TODAY)
