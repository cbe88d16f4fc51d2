"""What a row says was paid before its period, against what stood before that."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from importers.pipeline.examine import Examined
from importers.services.ingestions import source_of
from reinsurance.ledger import by_hand
from reinsurance.models import ClaimPosition
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger.test_between_periods import row
from tests.reinsurance.ledger.test_claims import CORRECTION, MARCH, send
from tests.reinsurance.ledger.test_later_periods import (
    APRIL,
    cash,
    later_cash,
    said,
    treaty,
)

pytestmark = pytest.mark.django_db
__all__ = ["treaty"]
MAY, JUNE = datetime.date(2026, 5, 31), datetime.date(2026, 6, 30)
PLAIN = Conventions()
QUARTERLY = Conventions(frequency="quarter")
DOWN, CASH, CHANGED = "paid_decreases", "above_cash_loss_limit", "incurred_changed"
OWN = "in the period to 2026-04-30, by what the row says was paid before"


def tell(
    period: datetime.date | None, how: Conventions = PLAIN, **told: float
) -> tuple[Examined, int]:
    """A file with a row of amounts, td, tp, pv and so on, and a reserve of 50."""
    return send(row(**told, reserve=50), period=period, conventions=how)


def down(before: str, at: str, where: str = OWN) -> list[tuple[int, str]]:
    return [(2, f"Paid to date goes down from {before} to {at} GBP {where}.")]


# ------------------------------------------------------------- paid that goes down
@pytest.mark.parametrize("how", [PLAIN, CORRECTION])
@pytest.mark.parametrize("may", [{"tp": 10, "pv": 20}, {"td": 30, "tp": 10}])
@pytest.mark.parametrize(
    "march", [(MARCH, PLAIN, "td"), (MARCH, PLAIN, "tp"), (None, PLAIN, "td"),
              (MARCH, QUARTERLY, "tp")],
)  # fmt: skip
def test_less_was_paid_before_than_stood_before_the_gap(
    march: tuple[datetime.date | None, Conventions, str],
    may: dict[str, float],
    how: Conventions,
) -> None:
    period, sender, basis = march
    tell(period, sender, **{basis: 100})
    assert said(tell(MAY, how, **may)[0], DOWN) == down("100.00", "20.00")


def test_nothing_was_paid_before_though_something_stood_before_the_gap() -> None:
    tell(MARCH, td=100)
    assert said(tell(MAY, tp=10, pv=0)[0], DOWN) == down("100.00", "0.00")


def test_less_fees_were_paid_before_than_stood_before_the_gap() -> None:
    tell(MARCH, fees=100)
    may = {"Paid this period, fees": "10", "Previously paid, fees": "20"}
    assert said(send(may, period=MAY)[0], DOWN) == down("100.00", "20.00")


def test_less_was_paid_before_than_another_sender_or_a_person_told(
    manager: User,
) -> None:
    tell(MARCH, Conventions(sender=source_of(None).pk), td=90)
    by_hand.tell(
        ClaimPosition.objects.get(),
        period_end=MARCH,
        amounts={"paid_indemnity": Decimal(100)},
        basis="to_date",
        user=manager,
        reason="Telephoned",
    )
    assert said(tell(MAY, tp=10, pv=20)[0], DOWN) == down("100.00", "20.00")


def test_the_other_order_names_who_told_what_was_paid_before() -> None:
    may = tell(MAY, tp=10, pv=20)[1]
    where = f"in the period to 2026-04-30, which number {may} told"
    assert said(tell(MARCH, td=100)[0], DOWN) == down("100.00", "20.00", where)


def test_what_was_paid_before_as_it_stood_is_not_told_of() -> None:
    tell(MARCH, td=-100)
    found, _ = tell(MAY, tp=200, pv=-100)
    assert said(found, DOWN, CASH, "negative_amount", "missing_rate") == []
    assert said(tell(JUNE, tp=10, pv=100)[0], DOWN, CASH, "negative_amount") == []


# ------------------------------------------------------------------- cash losses
@pytest.mark.parametrize("how", [PLAIN, CORRECTION])
@pytest.mark.parametrize("may", [{"tp": 10, "pv": 900}, {"td": 910, "tp": 10}])
def test_what_was_paid_in_the_gap_is_held_against_the_limit(
    may: dict[str, float], how: Conventions
) -> None:
    tell(MARCH, td=100)
    assert cash(tell(MAY, how, **may)[0]) == [
        (2, f"800.00 GBP were paid {OWN}, at or above the contract's cash-loss limit "
            "of 500.00."),
    ]  # fmt: skip


def test_the_other_order_names_who_told_what_was_paid_in_the_gap() -> None:
    may = tell(MAY, tp=10, pv=900)[1]
    assert cash(tell(MARCH, td=100)[0]) == later_cash("800.00", APRIL, f"number {may}")


def test_incurred_that_changes_in_the_gap() -> None:
    tell(MARCH, td=100)
    factor = Conventions(incurred_factor=Decimal(2))
    assert said(tell(MAY, factor, tp=10, pv=900)[0], CHANGED) == [
        (2, f"Incurred changes from 150.00 to 950.00 GBP {OWN}, by more than the "
            "factor of 2 that is looked at for this sender."),
    ]  # fmt: skip


def test_without_a_gap_the_period_before_is_held_against_the_limit() -> None:
    tell(APRIL, tp=100)
    may = tell(MAY, tp=450)[1]
    found, _ = tell(JUNE, tp=50, pv=700)
    assert len(said(found, "previously_paid_differs")) == 1
    assert cash(found) == later_cash("600.00", MAY, f"number {may}")


def test_what_a_new_claim_opens_with_is_no_payment_of_a_period() -> None:
    found, _ = tell(MAY, tp=10, pv=900)
    assert said(found, CASH, DOWN, CHANGED) == []


def test_what_a_new_section_opens_with_is_no_payment_of_a_period() -> None:
    end, section = "Reporting period end", {"Section": "1"}
    send({**row(td=100), **section}, period=MARCH)
    new = {**row(tp=10, pv=900), "Section": "2"}
    found, _ = send({**row(tp=10, pv=120), **section}, new, period=MAY)
    assert said(found, CASH, DOWN) == []
    late, _ = send({**row(td=110), **section, end: str(APRIL)}, period=APRIL)
    assert cash(late) == []


@pytest.mark.parametrize("chunk", [1, 7])
def test_a_gap_that_the_file_fills_itself(chunk: int) -> None:
    end = "Reporting period end"
    tell(MARCH, td=100)
    both = (
        {**row(tp=10, pv=900), end: str(MAY)},
        {**row(td=150), end: str(APRIL)},
    )
    found, _ = send(*both, period=MAY, chunk=chunk)
    assert said(found, CASH, DOWN) == []
