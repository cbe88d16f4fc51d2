"""What a row and the books say of a premium together."""

import pytest

from tests.reinsurance.ledger.premium_files import JANUARY, books, said, send

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


def test_old_net_under_a_new_gross_is_a_warning() -> None:
    send(JANUARY, WHOLE)
    examined, _ = send(
        JANUARY, {"Gross premium": "200", "Commission %": "25%", "Commission": "50"}
    )
    assert said(examined) == [
        (2, "net_does_not_add_up", "Gross premium"),
        (2, "premium_changed", "Commission"),
        (2, "premium_changed", "Gross premium"),
    ]
    assert books("commission", "net_premium") == [(200, 50, 75)]


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
