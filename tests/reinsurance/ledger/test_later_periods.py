"""Rules between periods, in periods told already that a late row moves."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from importers.pipeline.examine import Examined
from reinsurance.ledger import by_hand
from reinsurance.ledger.hand_refusals import NotMeantError
from reinsurance.models import ClaimPosition, Treaty
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger.test_claims import FEBRUARY, JANUARY, MARCH, send

pytestmark = pytest.mark.django_db
APRIL = datetime.date(2026, 4, 30)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(
        reference="T1", treaty_type="QS", currency_id="GBP", cash_loss_limit=500
    )


def to_date(amount: int, period: datetime.date, **more: Any) -> tuple[Examined, int]:
    """A file with what was paid to date by the end of a period."""
    return told(period, {"Paid to date": str(amount)}, **more)


def of_period(amount: int, period: datetime.date, **more: Any) -> tuple[Examined, int]:
    """A file with what was paid this period."""
    return told(period, {"Paid this month": str(amount)}, **more)


def told(
    period: datetime.date, *rows: dict[str, str], **conventions: Any
) -> tuple[Examined, int]:
    return send(*rows, period=period, conventions=Conventions(**conventions))


def said(examined: Examined, *codes: str) -> list[tuple[int, str]]:
    """Row and message of all issues with these codes."""
    found = examined.issues.filter(examined.issues["code"].is_in(codes))
    return sorted(found.select("row", "message").rows())


def cash(examined: Examined) -> list[tuple[int, str]]:
    return said(examined, "above_cash_loss_limit")


def own_cash(amount: str, row: int = 2) -> list[tuple[int, str]]:
    text = (
        f"{amount} GBP were paid in the period, at or above the contract's cash-loss "
        "limit of 500.00."
    )
    return [(row, text)]


def later_cash(amount: str, day: datetime.date, who: str) -> list[tuple[int, str]]:
    text = (
        f"{amount} GBP were paid in the period to {day}, which {who} told, at or above "
        "the contract's cash-loss limit of 500.00."
    )
    return [(2, text)]


# ------------------------------------------------------------------- cash losses
def test_a_correction_moves_what_is_paid_of_the_period_after_it() -> None:
    to_date(300, JANUARY)
    february = to_date(700, FEBRUARY)
    assert cash(february[0]) == []
    corrected, _ = to_date(100, JANUARY)
    assert cash(corrected) == later_cash("600.00", FEBRUARY, f"number {february[1]}")


def test_a_late_row_moves_what_is_paid_of_the_period_after_it() -> None:
    to_date(100, JANUARY)
    march = to_date(500, MARCH)[1]
    late, _ = to_date(-20, FEBRUARY)
    assert cash(late) == later_cash("520.00", MARCH, f"number {march}")


def test_a_later_period_that_does_not_move_is_not_looked_at_again() -> None:
    of_period(300, JANUARY)
    february, _ = of_period(600, FEBRUARY)
    assert cash(february) == own_cash("600.00")
    assert cash(of_period(100, JANUARY)[0]) == []
    to_date(1300, MARCH)
    # March moves from 600 to 590, April not at all.
    to_date(1900, APRIL)
    assert cash(of_period(110, JANUARY)[0]) == later_cash(
        "590.00", MARCH, "number " + str(number_of(MARCH))
    )


def number_of(day: datetime.date) -> int:
    """The file that told the period of the only position last."""
    found = ClaimPosition.objects.get().statements.filter(period_end=day)
    return found.order_by("-load__number").values_list("load__number", flat=True)[0]


def test_a_period_that_the_file_tells_itself_is_looked_at_there() -> None:
    to_date(300, JANUARY)
    to_date(700, FEBRUARY)
    cells = [
        {"Paid to date": "100", "Reporting period end": "2026-01-31"},
        {"Paid to date": "700", "Reporting period end": "2026-02-28"},
    ]
    both, _ = told(FEBRUARY, *cells)
    assert cash(both) == own_cash("600.00", 3)


def test_sections_of_a_later_period_are_paid_together() -> None:
    told(JANUARY, {"Paid to date": "300", "Section": "1"})
    february = told(
        FEBRUARY,
        {"Paid to date": "600", "Section": "1"},
        {"Paid to date": "150", "Section": "2"},
    )
    assert cash(february[0]) == []
    late = told(JANUARY, {"Paid to date": "200", "Section": "1"})[0]
    assert cash(late) == later_cash("550.00", FEBRUARY, f"number {february[1]}")


def test_what_two_sections_move_against_each_other_is_no_movement() -> None:
    told(
        JANUARY,
        {"Paid to date": "200", "Section": "1"},
        {"Paid to date": "200", "Section": "2"},
    )
    told(
        FEBRUARY,
        {"Paid to date": "500", "Section": "1"},
        {"Paid to date": "500", "Section": "2"},
    )
    corrected, _ = told(
        JANUARY,
        {"Paid to date": "150", "Section": "1"},
        {"Paid to date": "250", "Section": "2"},
    )
    assert cash(corrected) == []


# ------------------------------------------------- how much incurred may change
def test_incurred_of_the_period_after_a_corrected_one() -> None:
    to_date(100, JANUARY, incurred_factor=Decimal(3))
    to_date(100, FEBRUARY, incurred_factor=Decimal(3))
    march = to_date(300, MARCH, incurred_factor=Decimal(3))
    assert said(march[0], "incurred_changed") == []
    late, _ = to_date(50, FEBRUARY, incurred_factor=Decimal(3))
    assert said(late, "incurred_changed") == [
        (
            2,
            "Incurred changes from 50.00 to 300.00 GBP in the period to 2026-03-31, "
            f"which number {march[1]} told, by more than the factor of 3 that is "
            "looked at for this sender.",
        )
    ]


def test_incurred_of_a_period_after_one_of_which_only_payments_change() -> None:
    factor = {"incurred_factor": Decimal(3)}
    of_period(1000, JANUARY)
    february = of_period(201, FEBRUARY, **factor)
    assert said(february[0], "incurred_changed") == []
    # 201 were paid in February before as after, but of 100 that is threefold.
    corrected, _ = of_period(100, JANUARY, **factor)
    assert [row for row, _ in said(corrected, "incurred_changed")] == [2]
    # February is above the factor as it was, by the same payment.
    assert said(of_period(90, JANUARY, **factor)[0], "incurred_changed") == []


# ----------------------------------------------------------------- going down
def test_what_goes_down_in_a_later_period_names_who_told_it() -> None:
    to_date(10, JANUARY)
    march = to_date(12, MARCH)[1]
    late, _ = to_date(20, FEBRUARY)
    assert said(late, "paid_decreases") == [
        (
            2,
            "Paid to date goes down from 20.00 to 12.00 GBP in the period to "
            f"2026-03-31, which number {march} told.",
        )
    ]
    # What stays as it was is not told again with the reserve.
    row = {"Paid to date": "20", "Reserve": "5"}
    assert said(told(FEBRUARY, row)[0], "paid_decreases") == []


def test_recoveries_that_go_down_in_a_later_period() -> None:
    name = "Recoveries received to date"
    told(JANUARY, {name: "10", "Reserve": "50"})
    told(MARCH, {name: "12"})
    late, _ = told(FEBRUARY, {name: "20"})
    assert [row for row, _ in said(late, "paid_decreases")] == [2]


def test_paid_that_falls_below_zero_in_a_later_period() -> None:
    of_period(100, JANUARY)
    february = of_period(-80, FEBRUARY)[1]
    corrected, _ = of_period(50, JANUARY)
    assert said(corrected, "negative_amount") == [
        (
            2,
            "The paid to date is below zero in the period to 2026-02-28, which number "
            f"{february} told: -30.00 GBP.",
        )
    ]
    assert said(of_period(40, JANUARY)[0], "negative_amount") == []


def test_kinds_that_come_to_more_than_a_later_total() -> None:
    told(FEBRUARY, {"Paid to date, fees": "70"})
    late, _ = told(JANUARY, {"Paid to date, adjusters fees": "75"})
    assert [row for row, _ in said(late, "kinds_above_total")] == [2]


# ---------------------------------------------------------------------- by hand
def tell(user: User, amount: str, period: datetime.date, **more: Any) -> None:
    by_hand.tell(
        ClaimPosition.objects.get(),
        period_end=period,
        amounts={"paid_indemnity": Decimal(amount)},
        basis="to_date",
        user=user,
        reason="Telephoned",
        **more,
    )


def test_an_amount_by_hand_that_moves_a_later_period_has_to_be_meant(
    manager: User,
) -> None:
    to_date(300, JANUARY)
    february = to_date(700, FEBRUARY)[1]
    (text,) = (m for _, m in later_cash("600.00", FEBRUARY, f"number {february}"))
    with pytest.raises(NotMeantError) as caught:
        tell(manager, "100", JANUARY)
    assert text in str(caught.value)
    tell(manager, "300.50", JANUARY)


def test_a_period_that_a_person_told_is_named_so(manager: User) -> None:
    to_date(300, JANUARY)
    to_date(600, FEBRUARY)
    tell(manager, "700", FEBRUARY)
    corrected, _ = to_date(100, JANUARY)
    assert cash(corrected) == later_cash("600.00", FEBRUARY, "a person")
