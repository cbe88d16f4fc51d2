"""What a cell's text means: dates, amounts, shares, yes and no, LEIs."""

import datetime
from decimal import Decimal

import pytest

from reinsurance.resources.cells import (
    CellError,
    CellOptions,
    parse_date,
    parse_number,
    parse_share,
    parse_yes_no,
)
from reinsurance.validators import is_lei

DAY_FIRST = CellOptions()
MONTH_FIRST = CellOptions(date_order="MDY")
COMMA = CellOptions(decimal_mark=",")


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("2026-04-03", DAY_FIRST, (2026, 4, 3)),
        ("2026-04-03 14:30:00", DAY_FIRST, (2026, 4, 3)),
        ("2026-04-03T00:00:00Z", DAY_FIRST, (2026, 4, 3)),
        ("2026/4/3", DAY_FIRST, (2026, 4, 3)),
        ("20260403", DAY_FIRST, (2026, 4, 3)),
        ("03/04/2026", DAY_FIRST, (2026, 4, 3)),
        ("03/04/2026", MONTH_FIRST, (2026, 3, 4)),
        ("3.4.26", DAY_FIRST, (2026, 4, 3)),
        ("3.4.71", DAY_FIRST, (1971, 4, 3)),
        ("3 April 2026", DAY_FIRST, (2026, 4, 3)),
        ("3rd Apr 2026", DAY_FIRST, (2026, 4, 3)),
        ("03-Apr-26", DAY_FIRST, (2026, 4, 3)),
        ("April 3, 2026", DAY_FIRST, (2026, 4, 3)),
        ("46115", DAY_FIRST, (2026, 4, 3)),
    ],
)
def test_dates(text: str, options: CellOptions, expected: tuple[int, int, int]) -> None:
    assert parse_date(text, options) == datetime.date(*expected)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("12/31/2026", DAY_FIRST),
        ("31/12/2026", MONTH_FIRST),
        ("2026-02-30", DAY_FIRST),
        ("0202-01-01", DAY_FIRST),
        ("3 Nonember 2026", DAY_FIRST),
        ("soon", DAY_FIRST),
        ("2026", DAY_FIRST),
    ],
)
def test_what_is_no_date_says_how_to_write_one(text: str, options: CellOptions) -> None:
    with pytest.raises(CellError, match=r"Write it like 2026-04-30\.") as caught:
        parse_date(text, options)
    assert caught.value.code == "bad_date"


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1234.5", DAY_FIRST, "1234.5"),
        ("1,234.50", DAY_FIRST, "1234.50"),
        ("1 234 567", DAY_FIRST, "1234567"),
        ("1'234.5", DAY_FIRST, "1234.5"),
        ("(12.50)", DAY_FIRST, "-12.50"),
        ("1,234-", DAY_FIRST, "-1234"),
        ("-£3", DAY_FIRST, "-3"),
        ("₦1,234,567.89", DAY_FIRST, "1234567.89"),
        ("NGN 1,000.00", DAY_FIRST, "1000.00"),
        ("1,000.00 USD", DAY_FIRST, "1000.00"),
        ("\u22125", DAY_FIRST, "-5"),
        ("1e3", DAY_FIRST, "1e3"),
        ("1.234,50", COMMA, "1234.50"),
        ("12,5", COMMA, "12.5"),
    ],
)
def test_amounts(text: str, options: CellOptions, expected: str) -> None:
    number = parse_number(text, options, what="an amount", code="bad_amount")
    assert number == Decimal(expected)


@pytest.mark.parametrize("text", ["12,34", "1.2.3", "1,23,456", "ten", "", ".", "--5"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(CellError) as caught:
        parse_number(text, DAY_FIRST, what="an amount", code="bad_amount")
    assert caught.value.code == "bad_amount"
    assert caught.value.message == f"“{text}” is not an amount. Write it like 1234.56."


def test_shares_are_fractions_or_say_that_they_are_per_cent() -> None:
    assert parse_share("0.35", DAY_FIRST) == Decimal("0.35")
    assert parse_share("35%", DAY_FIRST) == Decimal("0.35")
    assert parse_share("35", CellOptions(percent=True)) == Decimal("0.35")
    for text, options in (("35", DAY_FIRST), ("101%", DAY_FIRST), ("-1%", DAY_FIRST)):
        with pytest.raises(CellError) as caught:
            parse_share(text, options)
        assert caught.value.code == "bad_share"


def test_yes_and_no() -> None:
    assert [parse_yes_no(text) for text in ("Y", "yes", "TRUE", "1", "x")] == [True] * 5
    assert [parse_yes_no(text) for text in ("N", "No", "false", "0")] == [False] * 4
    with pytest.raises(CellError, match="neither Yes nor No"):
        parse_yes_no("perhaps")


def test_lei_check_digits() -> None:
    assert is_lei("5493001KJTIIGC8Y1R12")
    assert not is_lei("5493001KJTIIGC8Y1R13")
    assert not is_lei("5493001kjtiigc8y1r12")
    assert not is_lei("")
