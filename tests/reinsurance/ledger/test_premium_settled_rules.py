"""What a row and the books say of a premium together."""

from decimal import Decimal

import polars as pl
import pytest

from importers.models import Source
from reinsurance.models import PremiumEntry
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    books,
    said,
    send,
)

pytestmark = pytest.mark.django_db
WHOLE = {
    "Gross premium": "100",
    "Commission %": "25%",
    "Commission": "25",
    "Net premium": "75",
}


def test_old_commission_under_a_new_gross_is_held_out() -> None:
    send(JANUARY, WHOLE)
    examined, _ = send(JANUARY, {"Gross premium": "200"}, is_correction=True)
    assert (2, "commission_does_not_add_up", "Gross premium") in said(examined)
    assert examined.issues.filter(code="commission_does_not_add_up")[
        "message"
    ].to_list() == [
        "Commission 25.00 is not 0.25 of the gross premium 200.00. Correct the "
        "amounts. What the row leaves out is as the books have it."
    ]
    assert dict(examined.staged.rows) == {"rejected": 1}
    assert books("commission", "net_premium") == [(100, 25, 75)]


LEFT_OUT = "amounts_left_out"


def test_old_amounts_under_a_new_gross_are_held_out_without_a_rate() -> None:
    told = {"Commission": "25", "Brokerage": "5", "Tax": "2", "Net premium": "75"}
    send(JANUARY, {"Gross premium": "100", **told})
    examined, _ = send(JANUARY, {"Gross premium": "200"}, is_correction=True)
    messages = examined.issues.filter(code=LEFT_OUT, severity="error")["message"]
    assert messages.to_list() == [
        "“Gross premium this time” is 200.00 here and 100.00 in the books, where what "
        "follows from it was told, too, and the row leaves that out: Commission "
        "amount, Brokerage amount, Taxes and levies, Net premium. Write it as well, or "
        "correct “Gross premium this time”."
    ]
    assert dict(examined.staged.rows) == {"rejected": 1}
    assert books("commission", "net_premium") == [(100, 25, 75)]


@pytest.mark.parametrize("name", ["Commission", "Brokerage", "Fees", "Tax", "Net"])
def test_one_amount_left_out_under_a_new_gross_is_held_out(name: str) -> None:
    headers = {"Fees": "Other fees", "Net": "Net premium"}
    send(JANUARY, {"Gross premium": "100", headers.get(name, name): "20"})
    examined, _ = send(JANUARY, {"Gross premium": "200"}, is_additional=True)
    assert (2, LEFT_OUT, "Gross premium") in said(examined)
    assert books() == [(100,)]


def test_old_net_under_a_new_gross_is_held_out() -> None:
    send(JANUARY, WHOLE)
    row = {"Gross premium": "200", "Commission %": "25%", "Commission": "50"}
    examined, _ = send(JANUARY, row)
    assert said(examined) == [
        (2, LEFT_OUT, "Commission"),
        (2, LEFT_OUT, "Gross premium"),
        (2, "net_does_not_add_up", "Gross premium"),
        (2, "premium_changed", "Commission"),
        (2, "premium_changed", "Gross premium"),
    ]
    assert books("commission", "net_premium") == [(100, 25, 75)]


def test_a_list_to_date_with_a_new_gross_tells_what_follows() -> None:
    Source.objects.update(premium_lists="year")
    send(JANUARY, WHOLE, premium_lists="year")
    examined, _ = send(FEBRUARY, {"Gross premium": "200"}, premium_lists="year")
    assert (2, LEFT_OUT, "Gross premium") in said(examined)
    assert books("commission") == [(100, 25)]


def test_the_same_gross_leaves_what_follows_as_it_was() -> None:
    send(JANUARY, WHOLE)
    examined, _ = send(JANUARY, {"Gross premium": "100"})
    assert said(examined) == []
    assert books("commission", "net_premium") == [(100, 25, 75)]


def test_what_was_not_told_is_not_left_out() -> None:
    send(JANUARY, {"Gross premium": "100"})
    examined, _ = send(JANUARY, {"Gross premium": "200"})
    assert said(examined) == [(2, "premium_changed", "Gross premium")]


@pytest.mark.parametrize("currency", [{}, {"Settlement currency": "GBP"}])
def test_an_old_settlement_under_a_new_net_is_held_out(
    currency: dict[str, str],
) -> None:
    told = {"Ccy": "EUR", "Gross premium": "100", "Net premium": "100"}
    settled = {"Settlement currency": "GBP", "Net premium in settlement currency": "85"}
    send(JANUARY, {**told, **settled})
    row = {"Ccy": "EUR", "Gross premium": "200", "Net premium": "200", **currency}
    examined, _ = send(JANUARY, row)
    assert (2, LEFT_OUT, "Net premium") in said(examined)
    assert examined.issues.filter(code=LEFT_OUT)["message"].to_list() == [
        "“Net premium” is 200.00 here and 100.00 in the books, where what follows from "
        "it was told, too, and the row leaves that out: Net premium in settlement "
        "currency. Write it as well, or correct “Net premium”."
    ]
    assert books("net_premium", "net_premium_settlement") == [(100, 100, 85)]


def test_a_whole_row_is_looked_at_once() -> None:
    send(JANUARY, WHOLE)
    examined, _ = send(
        JANUARY,
        {**WHOLE, "Gross premium": "200", "Commission": "50", "Net premium": "140"},
    )
    assert [code for _, code, _ in said(examined)] == [
        "net_does_not_add_up",
        *["premium_changed"] * 3,
    ]


def test_dates_of_the_books_are_held_against_those_of_the_row() -> None:
    dates = {"Risk inception": "2026-01-01", "Gross premium": "100"}
    send(JANUARY, dates)
    examined, _ = send(JANUARY, {"Gross premium": "100", "Risk expiry": "2025-12-31"})
    assert said(examined) == [(2, "risk_expiry_before_inception", "Risk expiry")]
    assert books("risk_expiry") == [(100, None)]


SETTLED = {
    "Ccy": "USD",
    "Gross premium": "1000",
    "Commission": "250",
    "Net premium": "750",
    "Settlement currency": "GBP",
    "ROE": "0.8",
    "Net premium in settlement currency": "600",
}
STANDS = (
    *("settlement_currency_id", "rate_of_exchange"),
    "net_premium_settlement",
)


@pytest.mark.parametrize("is_correction", [True, False])
def test_another_settlement_currency_needs_its_amount_and_rate(
    is_correction: bool,
) -> None:
    send(JANUARY, SETTLED)
    names = ("Ccy", "Gross premium", "Commission", "Net premium")
    row = {**{n: SETTLED[n] for n in names}, "Settlement currency": "EUR"}
    examined, _ = send(JANUARY, row, is_correction=is_correction)
    assert said(examined) == [(2, "amounts_left_out", "Settlement currency")]
    assert examined.issues.select("severity", "message").rows() == [
        (
            "error",
            "“Settlement currency” is EUR here and GBP in the books, where it goes "
            "with what the row leaves out: Net premium in settlement currency, Rate of "
            "exchange. Write these, too, or correct “Settlement currency”.",
        )
    ]
    assert dict(examined.staged.rows) == {"rejected": 1}
    assert books(*STANDS) == [(1000, "GBP", Decimal("0.8"), 600)]


def test_another_settlement_currency_with_its_amount_alone_lacks_the_rate() -> None:
    send(JANUARY, SETTLED)
    row = {**SETTLED, "Settlement currency": "EUR", "ROE": ""}
    examined, _ = send(JANUARY, row)
    [message] = examined.issues.filter(code="amounts_left_out")["message"]
    assert "with what the row leaves out: Rate of exchange. Write" in message
    assert books(*STANDS) == [(1000, "GBP", Decimal("0.8"), 600)]


def test_another_settlement_currency_told_as_a_whole_replaces() -> None:
    send(JANUARY, SETTLED)
    amounts = {"ROE": "0.9", "Net premium in settlement currency": "675"}
    examined, _ = send(JANUARY, {**SETTLED, **amounts, "Settlement currency": "EUR"})
    assert said(examined) == [
        (2, "premium_changed", "Net premium in settlement currency"),
        (2, "premium_changed", "Settlement currency"),
    ]
    assert books(*STANDS) == [(1000, "EUR", Decimal("0.9"), 675)]


def test_another_currency_of_the_sum_insured_needs_the_sum() -> None:
    sums = {"Sum insured": "5000", "Sum insured currency": "GBP"}
    send(JANUARY, {"Gross premium": "100", **sums})
    examined, _ = send(JANUARY, {"Gross premium": "100", "Sum insured currency": "USD"})
    assert said(examined) == [(2, "amounts_left_out", "Sum insured currency")]
    assert books("sum_insured", "sum_insured_currency_id") == [(100, 5000, "GBP")]


def test_another_share_needs_all_amounts() -> None:
    send(JANUARY, {**WHOLE, "Amounts are": "100%"})
    examined, _ = send(
        JANUARY,
        {"Gross premium": "100", "Amounts are": "Our share"},
        is_correction=True,
    )
    assert said(examined) == [
        (2, "amounts_left_out", "Amounts are"),
        (2, "share_changed", "Amounts are"),
    ]
    [message] = examined.issues.filter(code="amounts_left_out")["message"]
    assert message == (
        "“Amounts are” is Our share here and 100 % in the books, where it goes with "
        "what the row leaves out: Commission amount, Net premium. Write these, too, or "
        "correct “Amounts are”."
    )
    assert books("amounts_are", "net_premium") == [(100, "whole", 75)]


@pytest.mark.parametrize("nil", ["", "0"])
def test_the_rules_see_the_nil_of_an_empty_amount(nil: str) -> None:
    risk = {"Gross premium": "100", "Commission %": "25%"}
    settled = {"Settlement currency": "USD", "Rate of exchange": "1.3"}
    settled |= {"Net premium in settlement currency": "97.5"}
    rows = (
        {**risk, "Commission amount": nil, "Net premium": "75"},
        {**risk, "Policy No": "P2", "Commission amount": "25", "Net premium": nil},
        {**risk, "Policy No": "P3", "Commission amount": "x", "Net premium": nil},
        {**risk, "Policy No": "P4", "Commission amount": "25", "Net premium": nil},
    )
    rows[1].update(settled)
    examined, _ = send(JANUARY, *rows, blank_is_zero=True)
    found = examined.issues.select("row", "severity", "code").sort("row", "code")
    assert found.filter(pl.col("row") != 4).rows() == [
        (2, "error", "commission_does_not_add_up"),
        (2, "warning", "net_does_not_add_up"),
        (3, "warning", "net_does_not_add_up"),
        (3, "error", "settlement_does_not_add_up"),
        (5, "warning", "net_does_not_add_up"),
    ]
    assert examined.issues.filter(row=4, column="Commission amount").height == 1
    entries = PremiumEntry.objects.values_list("policy_reference", "net_premium")
    assert list(entries) == [("P4", 0)]


def test_an_empty_amount_beside_a_cell_that_is_not_understood() -> None:
    row = {"Gross premium": "100", "Commission %": "25%", "Commission amount": ""}
    examined, _ = send(JANUARY, {**row, "Effective date": "x"}, blank_is_zero=True)
    assert [code for _, code, _ in said(examined)] == ["bad_date"]
