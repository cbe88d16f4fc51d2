"""Amounts of one period beside those of another: what is asked, not added up."""

import datetime
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError

from importers import record_types
from importers.exceptions import LoadConflict
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from reinsurance.ledger import books, by_hand
from reinsurance.models import ClaimPosition, Treaty
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger.test_claims import (
    CORRECTION,
    FEBRUARY,
    JANUARY,
    MARCH,
    paid_as_at,
    positions,
    send,
)

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
QUARTERLY = Conventions(frequency="quarter")
DECEMBER = datetime.date(2025, 12, 31)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def codes(examined: Examined) -> list[tuple[str, str]]:
    """Code and severity of all that is said."""
    found = examined.issues.sort("code").select("code", "severity")
    return [pair for pair in found.rows() if pair[0] != "no_date_of_loss"]


def paid_now() -> list[Decimal]:
    return [amount for *_, amount in positions()]


def row(**told: float) -> dict[str, str]:
    """A row with amounts: td, tp, pv (paid), f_… (fees) and so on."""
    return {NAMES[name]: str(amount) for name, amount in told.items()}


NAMES = {
    "td": "Paid to date",
    "tp": "Paid this month",
    "pv": "Previously paid",
    "fees": "Paid to date, fees",
    "fees_tp": "Paid this period, fees",
    "expenses": "Paid to date, expenses",
    "expenses_tp": "Paid this period, expenses",
    "adjusters": "Paid to date, adjusters fees",
    "reserve": "Reserve",
}
HELD = [("periods_overlap", "error")]


# ------------------------------------------------------- payments of longer periods
@pytest.mark.parametrize("month", [JANUARY, FEBRUARY])
def test_a_quarters_payments_over_what_was_paid_to_date_within_it(
    month: datetime.date,
) -> None:
    send(row(td=150), period=month)
    quarter, _ = send(row(tp=200), period=MARCH, conventions=QUARTERLY)
    assert codes(quarter) == HELD
    assert paid_now() == [150]


def test_what_was_paid_to_date_within_a_quarter_that_is_known() -> None:
    send(row(tp=200), period=MARCH, conventions=QUARTERLY)
    month, _ = send(row(td=150), period=FEBRUARY)
    assert codes(month) == HELD
    assert paid_now() == [200]


def test_a_quarter_that_says_what_was_paid_to_date_at_its_end() -> None:
    send(row(td=100), period=DECEMBER)
    send(row(td=250), period=FEBRUARY)
    quarter, _ = send(row(td=300, tp=200), period=MARCH, conventions=QUARTERLY)
    assert codes(quarter) == []
    assert paid_now() == [300]


def test_a_quarter_after_what_was_paid_to_date_before_it() -> None:
    send(row(td=100), period=DECEMBER)
    quarter, _ = send(row(tp=200), period=MARCH, conventions=QUARTERLY)
    assert codes(quarter) == []
    assert paid_now() == [300]


def test_fees_in_total_overlap_fees_of_a_kind() -> None:
    send(row(fees_tp=100), period=MARCH, conventions=QUARTERLY)
    month, _ = send(row(expenses_tp=70), period=FEBRUARY)
    assert codes(month) == HELD


def test_fees_of_one_kind_do_not_overlap_those_of_another() -> None:
    send(
        {"Paid this period, adjusters fees": "100"}, period=MARCH, conventions=QUARTERLY
    )
    month, _ = send(row(expenses_tp=70), period=FEBRUARY)
    assert codes(month) == []
    assert ClaimPosition.objects.get().paid_fees == 170


def test_it_is_said_that_a_person_told_what_overlaps() -> None:
    send(row(td=100), period=DECEMBER)
    by_hand.tell(
        ClaimPosition.objects.get(),
        period_start=FEBRUARY.replace(day=1),
        period_end=FEBRUARY,
        amounts={"paid_indemnity": Decimal(20)},
        basis="this_period",
        user=User.objects.create_superuser("manager"),
        reason="Letter of 3 March.",
    )
    quarter, _ = send(row(tp=200), period=MARCH, conventions=QUARTERLY)
    [message] = quarter.issues.filter(code="periods_overlap")["message"]
    assert message.startswith(
        "The row tells what was paid from 2026-01-01 to 2026-03-31; a person told what "
        "was paid from 2026-02-01 to 2026-02-28."
    )


def test_an_undo_does_not_bring_back_payments_that_would_count_twice() -> None:
    other = {"Claim Ref": "C2"}
    send(row(tp=100), {**row(tp=1), **other})
    _, correction = send({**row(tp=1), **other}, conventions=CORRECTION)
    quarter, number = send(row(tp=200), period=MARCH, conventions=QUARTERLY)
    assert codes(quarter) == []
    with pytest.raises((LoadConflict, DatabaseError), match=f"number {number}"):
        undo(CLAIMS, ingestion=correction)


# ------------------------------------------------------------- within a single row
def test_a_row_that_contradicts_itself() -> None:
    first, _ = send(row(td=900, tp=50, pv=100), period=FEBRUARY)
    assert codes(first) == [("bases_disagree", "error")]
    assert positions() == []


def test_more_paid_in_a_period_than_to_date() -> None:
    first, _ = send(row(td=100, tp=150))
    assert codes(first) == [("more_than_to_date", "warning")]


# -------------------------------------------------- the period before and the one after
CONTRADICTS = (row(td=120), FEBRUARY), (row(td=200, tp=50), MARCH)


@pytest.mark.parametrize("files", [CONTRADICTS, CONTRADICTS[::-1]])
def test_the_later_received_of_two_that_disagree_is_held_out(
    files: tuple[tuple[Mapping[str, str], datetime.date], ...],
) -> None:
    (first, when), (second, then) = files
    assert codes(send(dict(first), period=when)[0]) == []
    late, _ = send(dict(second), period=then)
    assert codes(late) == [("bases_disagree", "error")]


def test_a_correction_that_the_next_period_contradicts_is_told_of() -> None:
    send(row(td=150), period=FEBRUARY)
    _, march = send(row(td=200, tp=50), period=MARCH)
    late, _ = send(row(td=120), period=FEBRUARY, conventions=CORRECTION)
    assert codes(late) == [("previously_paid_differs", "warning")]
    [message] = late.issues.filter(code="previously_paid_differs")["message"]
    assert message == (
        f"With this row the books have 120.00 at 2026-02-28; number {march} says that "
        "150.00 was paid up to then (paid, indemnity). This row counts."
    )
    assert paid_as_at(FEBRUARY) == [120]


def test_a_late_row_beside_what_was_said_to_be_paid_before() -> None:
    send(row(pv=100, tp=50), period=FEBRUARY)
    late, _ = send(row(td=90), period=JANUARY)
    assert codes(late) == [("previously_paid_differs", "warning")]
    assert paid_now() == [140]


def test_a_file_that_mends_both_periods_is_taken_as_a_whole() -> None:
    send(row(td=120), period=JANUARY)
    send(row(td=170, tp=50), period=FEBRUARY)
    end = "Reporting period end"
    both, _ = send(
        {**row(td=100), end: "2026-01-31"},
        {**row(td=150, tp=50), end: "2026-02-28"},
        period=None,
    )
    assert codes(both) == []
    assert paid_now() == [150]


def test_whose_word_counts_of_what_was_paid_before() -> None:
    send(row(td=90), period=JANUARY)
    second, _ = send(row(pv=100, tp=50), period=FEBRUARY)
    [message] = second.issues.filter(code="previously_paid_differs")["message"]
    assert message.endswith("The books stay as they were told for that day.")
    assert paid_now() == [140]


# ----------------------------------------------------------------- the same period
def test_payments_of_a_period_that_has_a_word_to_date_by_another() -> None:
    send(row(tp=100))
    by_hand.tell(
        ClaimPosition.objects.get(),
        period_end=JANUARY,
        amounts={"paid_indemnity": Decimal(130)},
        basis="to_date",
        user=User.objects.create_superuser("manager"),
        reason="Letter of 3 March.",
    )
    again, _ = send(row(tp=115))
    assert codes(again) == [("to_date_stands", "warning")]
    assert paid_now() == [130]


def test_a_correction_that_does_not_say_what_was_paid_before() -> None:
    send(row(pv=1000, tp=50), period=FEBRUARY)
    correction, _ = send(row(tp=55), period=FEBRUARY, conventions=CORRECTION)
    assert codes(correction) == [("previously_left_out", "warning")]
    again, _ = send(row(pv=1000, tp=55), period=FEBRUARY, conventions=CORRECTION)
    assert codes(again) == []
    assert paid_now() == [1055]


@pytest.mark.parametrize(
    ("first", "corrected", "whole"),
    [
        ({"td": 2000, "tp": 200}, {"tp": 210}, {"td": 2010, "tp": 210}),
        ({"td": 2000, "tp": 200}, {"td": 2010}, {"td": 2010, "tp": 210}),
        ({"pv": 1800, "tp": 200}, {"td": 2010}, {"pv": 1800, "tp": 210}),
    ],
)
def test_a_correction_that_leaves_out_what_was_paid_before_in_any_basis(
    first: dict[str, float], corrected: dict[str, float], whole: dict[str, float]
) -> None:
    send(row(**first), period=FEBRUARY)
    correction, _ = send(row(**corrected), period=FEBRUARY, conventions=CORRECTION)
    assert codes(correction) == [("previously_left_out", "warning")]
    [message] = correction.issues.filter(code="previously_left_out")["message"]
    assert "said that 1800.00 was paid before the period" in message
    again, _ = send(row(**whole), period=FEBRUARY, conventions=CORRECTION)
    assert "previously_left_out" not in dict(codes(again))
    assert paid_as_at(JANUARY) == [1800]
    assert paid_now() == [2010]


# ------------------------------------------------------------- fees by kind and total
def test_fees_by_kind_beside_a_total_told_before() -> None:
    send(row(fees=100))
    kinds, _ = send(row(expenses=60, adjusters=40), period=FEBRUARY)
    assert codes(kinds) == [("fees_of_no_kind", "warning")]
    whole, _ = send(row(fees=100, expenses=60, adjusters=40), period=FEBRUARY)
    assert codes(whole) == []
    assert books.as_at([ClaimPosition.objects.get().pk], None)[0].amounts[
        "paid_fees"
    ] == Decimal(100)


@pytest.mark.parametrize("is_late", [False, True])
def test_months_and_the_quarter_around_them_that_tells_to_date_too(
    is_late: bool,
) -> None:
    months = [(JANUARY, 10.0), (FEBRUARY, 20.0)]
    quarter = {"td": 35.0, "tp": 35.0}
    if is_late:
        send(row(**quarter), period=MARCH, conventions=QUARTERLY)
    for end, paid in months:
        send(row(tp=paid), period=end)
    if not is_late:
        examined, _ = send(row(**quarter), period=MARCH, conventions=QUARTERLY)
        assert codes(examined) == []
    assert paid_as_at(DECEMBER) in ([], [0])
    assert paid_as_at(FEBRUARY) == [30]
    assert paid_now() == [35]
    alone, _ = send(
        row(tp=36), period=MARCH, conventions=replace(QUARTERLY, is_correction=True)
    )
    assert codes(alone) == HELD
    assert paid_now() == [35]


def test_a_month_that_repeats_the_to_date_of_a_quarter() -> None:
    """An export of the books, to date alone, changes nothing."""
    send(row(td=100), period=DECEMBER)
    send(row(td=250), period=FEBRUARY)
    send(row(td=300, tp=200), period=MARCH, conventions=QUARTERLY)
    export, _ = send(row(td=300), period=MARCH)
    assert codes(export) == []
    assert paid_as_at(DECEMBER) == [100]
    assert paid_now() == [300]


def test_what_was_paid_before_a_quarter_stays_before_it() -> None:
    send(row(pv=100, tp=50), period=MARCH, conventions=QUARTERLY)
    send(row(td=150), period=MARCH)
    assert paid_as_at(DECEMBER) == [100]
    assert paid_now() == [150]


# ------------------------------------------------------------------- odd periods
def test_a_period_that_has_not_begun_is_asked_about() -> None:
    future, _ = send(row(td=100), period=datetime.date(2135, 1, 31))
    assert codes(future) == [("period_in_future", "warning")]


def before_contract(period: str) -> str:
    return (
        f"The period to {period} ends before contract “T1” begins, on 2025-01-01. Is "
        "the year of the period right, and is this the renewal that is meant? Correct "
        "the one that is wrong."
    )


def test_a_period_before_its_contract_is_asked_about_once(treaty: Treaty) -> None:
    treaty.inception = datetime.date(2025, 1, 1)
    treaty.save()
    claims = [{**row(td=100), "Claim Ref": name} for name in ("C1", "C2")]
    early, _ = send(*claims, period=datetime.date(2024, 3, 31))
    found = early.issues.filter(pl.col("code") == "period_before_contract")
    said = found.select("row", "severity", "message").rows()
    assert said == [(2, "warning", before_contract("2024-03-31"))]
    cells = [
        {**row(td=100), "Claim Ref": "C3", "Period end": day}
        for day in ("1925-01-31", "2024-12-31", "2025-01-31")
    ]
    early, _ = send(*cells, period=None)
    found = early.issues.filter(pl.col("code") == "period_before_contract")
    assert found.select("row", "severity", "message").rows() == [
        (2, "warning", before_contract("1925-01-31")),
        (3, "warning", before_contract("2024-12-31")),
    ]
    treaty.inception = None
    treaty.save()
    early, _ = send(row(td=100), period=datetime.date(2024, 3, 31))
    assert "period_before_contract" not in [code for code, _ in codes(early)]


def test_a_correction_says_what_it_corrects() -> None:
    send(row(td=100), period=None)
    correction, _ = send(row(td=90), period=None, conventions=CORRECTION)
    assert codes(correction) == [("missing_period", "error")]
    assert paid_now() == [100]


# -------------------------------------------------------------------- odd amounts
@pytest.mark.parametrize(
    ("column", "code", "said"),
    [
        (
            "Recoveries received to date",
            "negative_amount",
            "amount of recoveries received",
        ),
        (
            "Recoveries received this period",
            "negative_amount",
            "amount of recoveries received",
        ),
        (
            "Recoveries outstanding",
            "negative_amount",
            "amount of recoveries outstanding",
        ),
        ("Amount claimed", "negative_amount", "amount claimed"),
    ],
)
def test_amounts_below_zero_are_asked_about(column: str, code: str, said: str) -> None:
    told, _ = send({**row(td=100), column: "-50"})
    found = told.issues.filter(pl.col("code") == code).select("severity", "message")
    assert found.rows() == [("warning", f"The {said} is below zero: -50.00 GBP.")]


@pytest.mark.parametrize(
    "then",
    [
        {"Recoveries received to date": "30"},
        {"Recoveries received this period": "-50"},
    ],
)
def test_recoveries_that_go_down_are_asked_about(then: dict[str, str]) -> None:
    send({**row(td=100), "Recoveries received to date": "80"})
    told, _ = send({**row(td=100), **then}, period=FEBRUARY)
    assert codes(told) == [("paid_decreases", "warning")]
    assert told.issues.filter(pl.col("code") == "paid_decreases")[
        "message"
    ].to_list() == ["Recoveries received to date go down from 80.00 to 30.00 GBP."]


@pytest.mark.parametrize("nil", ["nil", "NIL", "-", "–", "0"])
def test_nil_is_an_amount(nil: str) -> None:
    send({**row(td=100), "Reserve": "50"})
    send({**row(td=100), "Reserve": nil}, period=FEBRUARY)
    assert ClaimPosition.objects.get().reserve_indemnity == 0


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("$100", "currency_differs"),
        ("€50", "currency_differs"),
        ("100 USD", "currency_differs"),
        ("JPY 50", "currency_differs"),
        ("#N/A", "bad_amount"),
    ],
)
def test_an_amount_in_another_currency_than_its_row(cell: str, code: str) -> None:
    examined, _ = send({"Paid to date": cell})
    assert codes(examined) == [(code, "error")]


@pytest.mark.parametrize("cell", ["£100", "100 GBP", "GBP 100.00"])
def test_an_amount_in_the_currency_of_its_row(cell: str) -> None:
    assert codes(send({"Paid to date": cell})[0]) == []
    assert paid_now() == [100]


# ------------------------------------------- what a later file says was paid before
OVERRULED = [("previously_stands", "warning")]


def test_a_month_is_corrected_of_which_the_next_one_told_the_end() -> None:
    send(row(tp=100), period=JANUARY)
    send(row(pv=100, tp=50), period=FEBRUARY)
    correction, _ = send(row(tp=120), period=JANUARY, conventions=CORRECTION)
    assert codes(correction) == OVERRULED
    assert (paid_as_at(JANUARY), paid_now()) == ([100], [150])
    mended, _ = send(row(td=120), period=JANUARY, conventions=CORRECTION)
    assert codes(mended) == [("previously_paid_differs", "warning")]
    assert (paid_as_at(JANUARY), paid_now()) == ([120], [170])


def test_a_month_with_what_was_paid_before_is_corrected() -> None:
    send(row(pv=500, tp=50), period=JANUARY)
    send(row(pv=550, tp=70), period=FEBRUARY)
    same, _ = send(row(pv=500, tp=50), period=JANUARY, conventions=CORRECTION)
    assert codes(same) == []
    other, _ = send(row(pv=500, tp=80), period=JANUARY, conventions=CORRECTION)
    assert codes(other) == OVERRULED


def test_a_late_month_of_which_the_next_one_told_the_end() -> None:
    send(row(td=60), period=DECEMBER)
    send(row(pv=100, tp=50), period=FEBRUARY)
    assert codes(send(row(tp=55), period=JANUARY)[0]) == OVERRULED
    assert codes(send(row(tp=40), period=JANUARY)[0]) == []


def test_kinds_that_are_more_than_the_total_after_them() -> None:
    kind = "Paid this period, adjusters fees"
    send({kind: "70"}, period=JANUARY)
    february, _ = send({**row(fees=70), kind: "5"}, period=FEBRUARY)
    assert codes(february) == [("kinds_above_total", "warning")]


def test_a_late_row_that_is_above_what_is_told_for_later() -> None:
    send(row(td=10), period=JANUARY)
    march = send(row(td=12), period=MARCH)[1]
    late, _ = send(row(td=20), period=FEBRUARY)
    assert codes(late) == [("paid_decreases", "warning")]
    assert late.issues.filter(code="paid_decreases")["message"].to_list() == [
        "Paid to date goes down from 20.00 to 12.00 GBP in the period to 2026-03-31, "
        f"which number {march} told."
    ]
    lower, _ = send(row(td=11), period=FEBRUARY)
    assert codes(lower) == []
    assert paid_now() == [12]


def bases_disagree(examined: Examined) -> str:
    [text] = examined.issues.filter(code="bases_disagree")["message"].to_list()
    return str(text)


def test_who_told_what_the_row_does_not_is_named(manager: User) -> None:
    """A person's amount can be withdrawn; an amount of the row itself is its own."""
    send(row(td=20), period=JANUARY)
    by_hand.tell(
        ClaimPosition.objects.get(),
        period_end=FEBRUARY,
        period_start=datetime.date(2026, 2, 1),
        amounts={"paid_indemnity": Decimal(5)},
        basis="this_period",
        user=manager,
        reason="Telephoned",
        is_meant=True,
    )
    late, _ = send(row(td=24), period=FEBRUARY)
    assert bases_disagree(late) == (
        "24.00 to date is not 20.00 (up to 2026-01-31) plus 5.00 this period, which a "
        "person told (paid, indemnity). Correct the amounts, or declare the file a "
        "correction of its period. Or withdraw what the person told."
    )
    both, _ = send(row(td=24, tp=6), period=FEBRUARY)
    assert bases_disagree(both).startswith(
        "24.00 to date is not 20.00 (up to 2026-01-31) plus 6.00 this period (paid"
    )


def test_what_another_file_told_to_date_is_named() -> None:
    send(row(td=20), period=JANUARY)
    _, number = send(row(td=30), period=FEBRUARY)
    late, _ = send(row(tp=11), period=FEBRUARY)
    assert bases_disagree(late).startswith(
        f"30.00 to date, which number {number} told, is not 20.00 (up to 2026-01-31) "
        "plus 11.00 this period (paid, indemnity)."
    )
