"""Exchange rates that do not fit each other, or what was known before."""

from datetime import date
from decimal import Decimal

import pytest

from importers import record_types
from importers.pipeline.examine import Examined
from reinsurance.models import ExchangeRate
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

HEADER = ("From", "To", "Date", "Rate")


def hand_in(*rows: str, chunk: int = 7) -> Examined:
    table = Table(HEADER, [row.split() for row in rows], chunk)
    return run(table, record_types.get("exchange-rates"))[0]


def said(examined: Examined) -> list[tuple[int, str, str, str]]:
    rows = examined.issues.select("row", "code", "severity", "message")
    return list(rows.iter_rows())


def against_inverse(row: int, *rates: str) -> tuple[int, str, str, str]:
    return (
        row,
        "rate_against_inverse",
        "warning",
        f"{rates[0]} and {rates[1]} on 2026-06-30: both cannot hold, as one is 1 "
        "divided by the other. Is one of them the wrong way round? Correct it.",
    )


def jump(row: int, late: str, early: str) -> tuple[int, str, str, str]:
    return (
        row,
        "rate_jumps",
        "warning",
        f"{late}, and {early}: they differ by more than a factor of 1.5. Is one of "
        "them the wrong way round, or its decimal mark? Correct it.",
    )


def test_the_rate_of_a_currency_to_itself_is_1() -> None:
    found = hand_in("CHF CHF 2026-06-30 1.1", "EUR EUR 2026-06-30 1")
    assert said(found) == [
        (
            2,
            "rate_of_same_currency",
            "error",
            "The rate of CHF to itself is 1, this one is 1.10. Correct the rate or a "
            "currency.",
        )
    ]
    assert list(ExchangeRate.objects.values_list("base", "quote", "rate")) == [
        ("EUR", "EUR", Decimal(1))
    ]


@pytest.mark.parametrize("chunk", [1, 7])
def test_both_directions_of_a_day_fit_each_other(chunk: int) -> None:
    found = hand_in(
        "EUR GBP 2026-06-30 0.80",
        "GBP EUR 2026-06-30 0.80",
        "USD GBP 2026-06-30 0.80",
        "GBP USD 2026-06-30 1.27",
        chunk=chunk,
    )
    assert said(found) == [against_inverse(3, "GBP to EUR 0.8", "EUR to GBP 0.8")]
    assert ExchangeRate.objects.count() == 4


def test_the_other_direction_may_be_in_the_books() -> None:
    hand_in("EUR GBP 2026-06-30 0.80")
    found = hand_in("GBP EUR 2026-06-30 0.80", "EUR GBP 2026-07-01 0.81")
    assert said(found) == [against_inverse(2, "GBP to EUR 0.8", "EUR to GBP 0.8")]
    assert said(hand_in("GBP EUR 2026-06-30 1.25")) == [
        jump(2, "GBP to EUR 1.25", "GBP to EUR 0.8 before")
    ]


@pytest.mark.parametrize("chunk", [1, 7])
@pytest.mark.parametrize(
    ("early", "late"),
    [
        ("JPY to GBP 0.0053", "JPY to GBP 190"),
        ("GBP to JPY 190", "JPY to GBP 190"),
        ("EUR to GBP 0.85", "EUR to GBP 0.00000085"),
    ],
)
def test_a_rate_that_jumps_is_told_in_both_directions_of_arrival(
    early: str, late: str, chunk: int
) -> None:
    rows = {
        day: f"{text[:3]} {text[7:10]} {day} {text[11:]}"
        for day, text in (("2026-06-30", early), ("2026-07-01", late))
    }
    expected = (f"{late} on 2026-07-01", f"{early} on 2026-06-30")
    assert said(hand_in(*rows.values(), chunk=chunk)) == [jump(3, *expected)]
    ExchangeRate.objects.all().delete()
    assert said(hand_in(rows["2026-06-30"])) == []
    assert said(hand_in(rows["2026-07-01"])) == [jump(2, *expected)]
    ExchangeRate.objects.all().delete()
    assert said(hand_in(rows["2026-07-01"])) == []
    assert said(hand_in(rows["2026-06-30"])) == [jump(2, *expected)]


def test_rates_that_move_or_are_far_apart_pass() -> None:
    found = hand_in(
        "EUR GBP 2026-06-30 0.80",
        "EUR GBP 2026-07-01 1.19",
        "GBP EUR 2026-07-02 0.85",
        "EUR TRY 2024-06-30 10",
        "EUR TRY 2025-07-01 40",
    )
    assert said(found) == []


def test_the_last_rate_counts_and_not_one_before_it() -> None:
    ExchangeRate.objects.create(
        base_id="EUR", quote_id="GBP", date=date(2026, 6, 1), rate="0.5"
    )
    ExchangeRate.objects.create(
        base_id="EUR", quote_id="GBP", date=date(2026, 6, 2), rate="0.8"
    )
    assert said(hand_in("EUR GBP 2026-06-03 0.81")) == []
