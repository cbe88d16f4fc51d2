"""Corrections that change what was paid at the end of the period before theirs."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from importers.pipeline.examine import Examined
from reinsurance.ledger import books, by_hand
from reinsurance.ledger.period_after import ADVICE
from reinsurance.models import ClaimPosition
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger.test_between_periods import codes, row, treaty
from tests.reinsurance.ledger.test_claims import (
    CORRECTION,
    FEBRUARY,
    JANUARY,
    MARCH,
    send,
)

pytestmark = pytest.mark.django_db
__all__ = ["treaty"]
LEFT_OUT, DIFFERS = "previously_left_out", "previously_paid_differs"
PLAIN = Conventions()
A, C = PLAIN, CORRECTION
Told = tuple[Conventions, datetime.date, dict[str, float]]


def played(*files: Told) -> Examined:
    """The files one after the other; what was said of the last one."""
    for how, period, told in files:
        examined, _ = send(row(**told), period=period, conventions=how)
    return examined


def stood(day: datetime.date, amount: str = "paid_indemnity") -> float:
    keys = list(ClaimPosition.all_objects.values_list("pk", flat=True))
    [standing] = books.as_at(keys, day)
    return float(standing.amounts[amount])


def message(examined: Examined, code: str) -> str:
    [text] = examined.issues.filter(code=code)["message"].to_list()
    return str(text)


FEB: Told = (A, FEBRUARY, {"tp": 20})
MAR: Told = (A, MARCH, {"pv": 300, "tp": 50})
HISTORIES: dict[str, tuple[Told, ...]] = {
    "told before": (FEB, MAR),
    "told late": (MAR, FEB),
    "by an earlier correction": (FEB, (A, MARCH, {"tp": 5}), (C, *MAR[1:])),
    "implied": (FEB, (C, MARCH, {"td": 350, "tp": 50})),
}


@pytest.mark.parametrize("last", [{"tp": 50}, {"td": 70}])
@pytest.mark.parametrize("history", HISTORIES)
def test_previously_left_out_where_the_period_before_is_told(
    history: str, last: dict[str, float]
) -> None:
    played(*HISTORIES[history])
    assert stood(FEBRUARY) == 300
    assert stood(MARCH) == 350
    correction = played((C, MARCH, last))
    assert (LEFT_OUT, "warning") in codes(correction)
    assert message(correction, LEFT_OUT) == (
        "The file that this corrects said that 300.00 was paid before the period "
        "(paid, indemnity); the correction does not, so it does not count any more: at "
        "2026-02-28 the books had 300.00, and have 20.00 with it. If it still holds, "
        "add what was previously paid."
    )
    assert stood(FEBRUARY) == 20
    assert stood(MARCH) == 70


def test_fees_previously_left_out_where_the_period_before_is_told() -> None:
    send({"Paid this period, fees": "20"}, period=FEBRUARY)
    send({"Paid this period, fees": "50", "Previously paid, fees": "300"}, period=MARCH)
    assert stood(FEBRUARY, "paid_fees") == 300
    correction, _ = send({"Paid this period, fees": "50"}, period=MARCH, conventions=C)
    assert codes(correction) == [(LEFT_OUT, "warning")]
    assert "at 2026-02-28 the books had 300.00, and have 20.00 with it" in message(
        correction, LEFT_OUT
    )


def test_previously_nil_left_out_where_the_period_before_is_told() -> None:
    played(FEB, (A, MARCH, {"pv": 0, "tp": 50}))
    assert stood(FEBRUARY) == 0
    correction = played((C, MARCH, {"tp": 50}))
    assert codes(correction) == [(LEFT_OUT, "warning")]
    assert stood(FEBRUARY) == 20


@pytest.mark.parametrize("last", [{"tp": 50, "pv": 300}, {"td": 350, "tp": 50}])
def test_previously_said_again_is_not_left_out(last: dict[str, float]) -> None:
    played(FEB, MAR)
    correction = played((C, MARCH, last))
    assert codes(correction) == [(DIFFERS, "warning")]
    assert stood(FEBRUARY) == 300


def test_nothing_is_left_out_where_the_day_before_has_its_own_word() -> None:
    played((A, FEBRUARY, {"td": 290}), MAR)
    assert codes(played((C, MARCH, {"tp": 50}))) == []
    assert stood(FEBRUARY) == 290


def test_a_correction_that_implies_what_was_paid_before() -> None:
    played((A, FEBRUARY, {"tp": 20, "reserve": 10}), (A, MARCH, {"tp": 5}))
    correction = played((C, MARCH, {"td": 350, "tp": 50}))
    assert codes(correction) == [(DIFFERS, "warning")]
    assert message(correction, DIFFERS) == (
        "The sender says that 300.00 was paid up to 2026-02-28 (350.00 to date less "
        "50.00 this period); the books have 20.00 (paid, indemnity). The sender's word "
        "counts."
    )
    assert (stood(FEBRUARY), stood(MARCH)) == (300, 350)


def test_a_correction_that_implies_otherwise_than_was_told_to_date() -> None:
    played((A, FEBRUARY, {"td": 20}), (A, MARCH, {"tp": 5}))
    correction = played((C, MARCH, {"td": 350, "tp": 50}))
    assert codes(correction) == [(DIFFERS, "warning")]
    assert message(correction, DIFFERS).endswith(
        "The books stay as they were told for that day."
    )
    assert (stood(FEBRUARY), stood(MARCH)) == (20, 350)


def test_a_correction_that_implies_what_the_books_have() -> None:
    played(FEB, (A, MARCH, {"tp": 5}))
    assert codes(played((C, MARCH, {"td": 70, "tp": 50}))) == []


def test_a_corrected_period_before_what_a_later_row_implies() -> None:
    """The later word holds for its end, as if it said what was previously paid."""
    played((A, MARCH, {"td": 350, "tp": 50}))
    late = played((C, FEBRUARY, {"tp": 20}))
    assert codes(late) == [("previously_stands", "warning")]
    assert (stood(FEBRUARY), stood(MARCH)) == (300, 350)


# ------------------------------------------------- who told what of the period after
BY_TWO = (
    "With this row the books have 90.00 at 2026-01-31; a person told 170.00 to date "
    "for the period to 2026-02-28, of which 50.00 was paid in it by what number {} "
    "told: that leaves 120.00 up to then (paid, indemnity)."
)


@pytest.mark.parametrize(
    ("first", "corrected", "how", "said"),
    [
        ("td", "td", C, (DIFFERS, "warning", " This row counts.")),
        ("tp", "tp", C, (DIFFERS, "warning", " This row counts.")),
        ("td", "td", A, ("bases_disagree", "error", f" {ADVICE}")),
    ],
)
def test_what_a_person_told_to_date_is_not_what_they_said_of_the_period_before(
    first: str, corrected: str, how: Conventions, said: tuple[str, str, str]
) -> None:
    send(row(**{first: 100}), period=JANUARY)
    _, february = send(row(tp=50), period=FEBRUARY)
    by_hand.tell(
        ClaimPosition.objects.get(),
        period_end=FEBRUARY,
        amounts={"paid_indemnity": Decimal(170)},
        basis="to_date",
        user=User.objects.create_superuser("manager"),
        reason="Letter of 3 March.",
        is_meant=True,
    )
    late = played((how, JANUARY, {corrected: 90}))
    code, severity, end = said
    assert codes(late) == [(code, severity)]
    assert message(late, code) == BY_TWO.format(february) + end
    assert stood(JANUARY) == (90 if how is C else 100)
    assert stood(FEBRUARY) == 170
