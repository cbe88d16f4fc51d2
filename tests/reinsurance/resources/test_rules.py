"""Rules over rows: decimals of a currency, tolerances, sentences."""

from decimal import Decimal

import polars as pl
import pytest

from reinsurance.resources.rules import (
    Rule,
    decimals_of_currency,
    minor_units,
    off_by_more_than,
)

MONEY = pl.Decimal(20, 4)


def amounts(**told: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"currency": list(told), "amount": [Decimal(t) for t in told.values()]},
        schema_overrides={"amount": MONEY},
    )


@pytest.mark.django_db
def test_no_more_decimals_than_the_currency_has() -> None:
    frame = pl.concat(
        [
            amounts(GBP="1.23", JPY="100", KWD="100.555", USD="-0.1"),
            amounts(GBP="1.234", JPY="100.5", KWD="100.5555", USD="-0.0001"),
        ]
    )
    (rule,) = decimals_of_currency("amount")
    assert rule.needs == {"amount", "currency"}
    assert (rule.code, rule.severity, rule.column) == (
        "too_many_decimals",
        "error",
        "amount",
    )
    broken = frame.filter(rule.broken)
    assert broken.equals(frame.tail(4))
    assert broken.select(rule.text()).to_series().to_list() == [
        "1.234 has more decimals than GBP has. Correct the amount or the currency.",
        "100.50 has more decimals than JPY has. Correct the amount or the currency.",
        "100.5555 has more decimals than KWD has. Correct the amount or the currency.",
        "-0.0001 has more decimals than USD has. Correct the amount or the currency.",
    ]


@pytest.mark.django_db
def test_an_untold_amount_or_currency_breaks_no_rule() -> None:
    (rule,) = decimals_of_currency("amount", currency_column="other")
    frame = pl.DataFrame(
        {"amount": [None, Decimal("1.25")], "other": ["JPY", None]},
        schema_overrides={"amount": MONEY},
    )
    assert frame.filter(rule.broken).height == 0
    assert rule.needs == {"amount", "other"}


@pytest.mark.django_db
def test_tolerance_is_the_smallest_coin() -> None:
    frame = amounts(GBP="100.01", JPY="101", KWD="100.001")
    off = off_by_more_than(pl.col("amount"), pl.lit(100.0), units=minor_units())
    assert frame.filter(off).height == 0
    frame = amounts(GBP="100.02", JPY="102", KWD="100.002")
    assert frame.filter(off).height == 3
    usual = off_by_more_than(pl.col("amount"), pl.lit(100.0))
    assert frame.filter(usual)["currency"].to_list() == ["GBP", "JPY"]


def test_sentences_leave_out_noughts() -> None:
    rule = Rule("c", "error", "amount", "{amount} is wrong.", pl.col("amount") > 0)
    frame = amounts(GBP="12.3400", JPY="100", KWD="1.2345")
    assert frame.select(rule.text()).to_series().to_list() == [
        "12.34 is wrong.",
        "100.00 is wrong.",
        "1.2345 is wrong.",
    ]
