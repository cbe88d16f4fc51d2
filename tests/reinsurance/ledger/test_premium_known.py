"""What the books of premium were at an earlier moment: what they said then."""

import datetime
import random
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, note, settings

from importers.exceptions import LoadConflict
from importers.management import book_rows
from importers.management.book_rows import Row, Wanted
from importers.models import Source
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.models import Load
from tests import examples
from tests.reinsurance.ledger import histories, list_histories, premium_histories
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    MARCH,
    PREMIUMS,
    books,
    send,
)
from tests.reinsurance.ledger.premium_histories import History

pytestmark = pytest.mark.django_db

BEGIN = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


Said = tuple[datetime.datetime, list[Row], dict[Any, Any]]


class Clock:
    """Loads and undos of a test, an hour apart, and what the books said after each."""

    def __init__(self, days: tuple[datetime.date, ...] = ()) -> None:
        self.days = days
        self.at = BEGIN
        self.said: list[Said] = []

    def tick(self) -> datetime.datetime:
        """What was done since the last tick was done now; the moment after it."""
        self.at += HOUR
        ticked = {"loaded_at__range": (BEGIN, self.at)}
        Load.objects.exclude(**ticked).update(loaded_at=self.at)
        undone = {"undone_at__range": (BEGIN, self.at)}
        Load.objects.exclude(undone_at=None).exclude(**undone).update(undone_at=self.at)
        moment = self.at + HOUR / 2
        self.said.append((moment, _books(Wanted()), self._as_at(None)))
        return moment

    def _as_at(self, moment: datetime.datetime | None) -> dict[Any, list[Row]]:
        """All columns at each day."""
        return {day: _books(Wanted(as_at=day, known_at=moment)) for day in self.days}

    def look_back(self, *_: Any) -> None:
        """The books as known at each moment are what they said then."""
        self.tick()
        self._compare(self.said)

    def look_back_at_some(self, *_: Any) -> None:
        """The same of a few of the moments, as a history goes on."""
        self.tick()
        count = len(self.said)
        self._compare([self.said[n] for n in {count * 5 // 8, count * 3 // 8}])

    def _compare(self, moments: list[Said]) -> None:
        for moment, rows, as_at in moments:
            assert _books(Wanted(known_at=moment)) == rows
            assert self._as_at(moment) == as_at


def _books(wanted: Wanted) -> list[Row]:
    return sorted(book_rows.premiums(wanted), key=lambda row: str(list(row.values())))


def known(moment: datetime.datetime, **wanted: Any) -> list[Decimal]:
    rows = _books(Wanted(known_at=moment, **wanted))
    return sorted(Decimal(row["gross_premium"]) for row in rows)


def told(gross: str, *, period: datetime.date = JANUARY, **options: Any) -> int:
    cells = {n: v for n, v in options.items() if n in {"Section", "Policy No"}}
    rest = {n: v for n, v in options.items() if n not in cells}
    return send(period, {"Gross premium": gross, **cells}, **rest)[1]


def test_a_premium_that_is_replaced_twice_was_one_at_each_moment() -> None:
    clock = Clock()
    told("10")
    clock.tick()
    told("20", is_correction=True)
    then = clock.tick()
    told("40", is_correction=True)
    clock.look_back()
    assert known(then) == [20]


def test_a_premium_replaced_by_what_was_undone_since() -> None:
    clock = Clock()
    told("10")
    clock.tick()
    second = told("20")
    then = clock.tick()
    undo(PREMIUMS, ingestion=second)
    clock.tick()
    told("40")
    clock.look_back()
    assert known(then) == [20]


def test_a_premium_that_corrections_leave_out_twice() -> None:
    clock = Clock()
    told("10")
    told("7", **{"Policy No": "P9"})
    clock.tick()
    told("8", is_correction=True, **{"Policy No": "P9"})
    then = clock.tick()
    told("9", is_correction=True, **{"Policy No": "P9"})
    clock.look_back()
    assert known(then) == [8]


def test_lists_of_the_year_one_after_another() -> None:
    source_of(None)
    Source.objects.update(premium_lists="year")
    clock = Clock((JANUARY, FEBRUARY, MARCH))
    told("10", period=JANUARY, premium_lists="year")
    clock.look_back()
    told("20", period=FEBRUARY, premium_lists="year")
    after_february = clock.tick()
    third = told("30", period=MARCH, premium_lists="year")
    after_march = clock.tick()
    undo(PREMIUMS, ingestion=third)
    clock.look_back()
    assert known(after_february) == [20]
    assert known(after_march) == [30]
    assert known(after_march, as_at=FEBRUARY) == [20]
    assert known(after_march, as_at=JANUARY) == [10]
    assert known(after_march, treaty="T1", policy="P1") == [30]
    assert known(after_march, treaty="T1", policy="P2") == []


def test_a_section_that_was_filled_in_by_what_was_undone_since() -> None:
    clock = Clock()
    told("10")
    clock.tick()
    second = told("20", Section="S2")
    then = clock.tick()
    undo(PREMIUMS, ingestion=second)
    clock.tick()
    told("40", Section="S1")
    clock.look_back()
    assert known(then) == [20]


def test_a_premium_whose_first_file_is_undone_after_a_repeat() -> None:
    clock = Clock()
    first = told("10")
    then = clock.tick()
    second = told("10", is_additional=True)
    both = clock.tick()
    undo(PREMIUMS, ingestion=first)
    after = clock.tick()
    undo(PREMIUMS, ingestion=second)
    clock.look_back()
    assert (known(then), known(both), known(after)) == ([10], [10], [10])
    assert known(BEGIN) == []


@pytest.mark.parametrize("seed", range(3))
def test_premiums_that_leave_parts_out_are_known_as_they_were(seed: int) -> None:
    draw, clock, standing = random.Random(seed), Clock(), []
    for _ in range(8):
        if standing and draw.random() < 0.35:
            number = draw.choice(standing)
            with suppress(LoadConflict), transaction.atomic():
                undo(PREMIUMS, ingestion=number)
                standing.remove(number)
        else:
            rows = [
                {
                    "Gross premium": str(draw.randint(1, 4) * 10),
                    "Section": draw.choice(("", "S1", "S2")),
                    "Certificate reference": draw.choice(("", "", "C1")),
                }
                for _ in range(draw.randint(1, 2))
            ]
            is_correction = draw.random() < 0.3
            standing.append(send(JANUARY, *rows, is_correction=is_correction)[1])
        clock.tick()
    clock.look_back()


@settings(
    max_examples=histories.count(64),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(premium_histories.histories())
def test_the_books_are_known_as_they_were(history: History) -> None:
    note(repr(history))
    premium_histories.play(history, compare=Clock().look_back_at_some)


@settings(
    max_examples=histories.count(64),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(list_histories.histories())
def test_lists_of_the_year_are_known_as_they_were(history: History) -> None:
    note(repr(history))
    looked = Clock((JANUARY,)).look_back_at_some
    premium_histories.play(history, compare=looked, premium_lists="year")


def _as_read(entry: tuple[Any, Any]) -> tuple[Decimal, Decimal]:
    return Decimal(entry[0]), Decimal(entry[1] or 0)


def row(gross: str, commission: str) -> dict[str, str]:
    return {"Gross premium": gross, "Commission": commission}


SPLIT = [
    [row("30", ""), row("30", "3")],
    [row("30", "3"), row("30", "")],
    [row("30", "3"), row("40", "")],
    [row("40", ""), row("30", "3")],
]


@pytest.mark.parametrize("rows", SPLIT)
@pytest.mark.parametrize("before", [[], [row("5", "1")]])
def test_rows_that_add_fill_in_no_cell_of_each_other(
    rows: list[dict[str, str]], before: list[dict[str, str]]
) -> None:
    clock = Clock((JANUARY,))
    if before:
        send(JANUARY, *before, equal_rows_add=True)
        clock.tick()
        send(JANUARY, row("6", "0"), equal_rows_add=True)
        clock.tick()
    send(JANUARY, *rows, equal_rows_add=True)
    clock.tick()
    was = books("commission")
    told = [(row["Gross premium"], row["Commission"]) for row in rows]
    assert sorted(map(_as_read, was)) == sorted(map(_as_read, told))
    second = send(JANUARY, row("40", "4"), is_correction=True, equal_rows_add=True)[1]
    clock.tick()
    undo(PREMIUMS, ingestion=second)
    assert books("commission") == was
    clock.look_back()


@pytest.mark.parametrize("rows", [["", "Acme"], ["Acme", ""]])
def test_what_rows_that_add_tell_is_known_to_a_later_row(rows: list[str]) -> None:
    clock = Clock((JANUARY,))
    send(
        JANUARY,
        *({"Gross premium": "30", "Insured": insured} for insured in rows),
        equal_rows_add=True,
    )
    clock.tick()
    send(JANUARY, {"Gross premium": "30"}, equal_rows_add=True)
    assert books("insured_name") == [(30, "Acme")]
    clock.tick()
    third = send(JANUARY, {"Gross premium": "50"}, equal_rows_add=True)[1]
    clock.tick()
    undo(PREMIUMS, ingestion=third)
    assert books("insured_name") == [(30, "Acme")]
    clock.look_back()
