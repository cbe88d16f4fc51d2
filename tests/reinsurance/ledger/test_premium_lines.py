"""Rows of premium that add up: an empty cell has what its own row told before."""

import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from tests import examples
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    PREMIUMS,
    books,
    send,
)

pytestmark = pytest.mark.django_db
Rows = list[tuple[str, str]]


def sent(
    *rows: tuple[str, str],
    period: datetime.date = JANUARY,
    beside: str = "Commission",
    **told: Any,
) -> tuple[Any, int]:
    """Rows of gross premium and another column; ``None`` for no such column."""
    cells = [
        {"Gross premium": gross} | ({} if more is None else {beside: more})
        for gross, more in rows
    ]
    return send(period, *cells, equal_rows_add=True, **told)


def stands(name: str = "commission") -> list[tuple[Any, ...]]:
    return [
        tuple(int(n) if isinstance(n, Decimal) else n for n in row)
        for row in books(name)
    ]


def changes(examined: Examined) -> list[str]:
    """What replaces what, as the messages begin."""
    found = examined.issues.filter(pl.col("code") == "premium_changed")["message"]
    return [text.partition(" of number")[0].partition(": 2 here")[0] for text in found]


@pytest.mark.parametrize("is_correction", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        ([("20", "2"), ("20", "")], [("20", "2"), ("20", "")], [(20, 2), (20, None)]),
        ([("20", "2"), ("20", "4")], [("20", None), ("20", None)], [(20, 2), (20, 4)]),
        ([("20", "4"), ("20", "2")], [("20", None), ("20", None)], [(20, 2), (20, 4)]),
        ([("10", "1"), ("5", "3")], [("5", None), ("10", None)], [(10, 1), (5, 3)]),
        ([("20", "2"), ("20", "4")], [("20", "4"), ("20", "2")], [(20, 2), (20, 4)]),
    ],
)
def test_rows_that_are_told_again_change_nothing(
    first: Rows, second: Rows, after: list[tuple[int, int]], is_correction: bool
) -> None:
    sent(*first)
    examined, number = sent(*second, is_correction=is_correction)
    assert sorted(stands(), key=str) == sorted(after, key=str)
    assert +examined.staged.rows == {"unchanged": len(second)}
    assert changes(examined) == []
    assert not examined.staged.effect.moves
    undo(PREMIUMS, ingestion=number)
    assert sorted(stands(), key=str) == sorted(after, key=str)


def test_one_of_the_rows_is_corrected() -> None:
    sent(("20", "2"), ("20", ""))
    examined, _ = sent(("20", "3"), ("20", ""), is_correction=True)
    assert stands() == [(20, 3), (20, None)]
    assert changes(examined) == ["Commission amount: 3.00 replaces 2.00"]


def test_a_row_beyond_those_of_before_has_nothing_of_theirs() -> None:
    sent(("20", "2"))
    examined, _ = sent(("20", ""), ("20", ""))
    assert stands() == [(20, 2), (20, None)]
    assert changes(examined) == ["Rows for this transaction and period"]


def test_a_file_that_waited_fills_its_rows_alike() -> None:
    waiting = sent(("20", "2"), ("20", "4"))
    undo(PREMIUMS, ingestion=waiting[1])
    sent(("20", None), ("20", None))
    assert stands() == [(20, None), (20, None)]


def test_lists_of_the_year_that_add_up_tell_their_rows_again() -> None:
    lists = {"premium_lists": "year"}
    sent(("20", "2"), ("20", ""), **lists)
    examined, _ = sent(("20", "2"), ("20", ""), period=FEBRUARY, **lists)
    assert stands() == [(20, 2), (20, None)]
    assert +examined.staged.rows == {"unchanged": 2}


amount = st.sampled_from(["10", "20"])
more = st.sampled_from(["", "A", "B"])
rows_of_a_file = st.lists(st.tuples(amount, more), min_size=1, max_size=3)


@settings(max_examples=examples.some(5), deadline=None)
@given(st.lists(rows_of_a_file, min_size=1, max_size=3), st.integers(0, 2))
def test_what_is_sent_twice_changes_nothing(files: list[Rows], gone: int) -> None:
    """And without one of the files there is what the others come to by themselves."""
    with transaction.atomic():
        numbers = [sent(*rows, beside="Insured")[1] for rows in files]
        before = stands("insured_name")
        examined, number = sent(*files[-1], beside="Insured")
        assert stands("insured_name") == before
        assert +examined.staged.rows == {"unchanged": len(files[-1])}
        undo(PREMIUMS, ingestion=number)
        assert stands("insured_name") == before
        undo(PREMIUMS, ingestion=numbers.pop(gone % len(files)))
        left = stands("insured_name")
        for number in numbers:
            undo(PREMIUMS, ingestion=number)
        assert stands("insured_name") == []
        files.pop(gone % len(files))
        for rows in files:
            sent(*rows, beside="Insured")
        assert stands("insured_name") == left
        transaction.set_rollback(True)
