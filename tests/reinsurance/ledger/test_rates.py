"""Each amount is taken at the rate of its own period's end, whatever came since."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from importers.models import Source
from importers.pipeline.examine import Examined
from reinsurance.ledger.rates import LOAD_IT
from reinsurance.models import ExchangeRate, Layer, LossEvent, Treaty
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger import premium_files, test_claims

pytestmark = pytest.mark.django_db
SEVERAL = Conventions(several_currencies=True)
RATES = (
    ("2025-01-02", "USD", "0.80"),
    ("2025-06-30", "USD", "0.90"),
    ("2026-01-02", "USD", "0.75"),
    ("2026-11-01", "USD", "0.70"),
    ("2025-01-02", "AUD", "0.50"),
    ("2026-06-01", "AUD", "0.60"),
)
JANUARY, FEBRUARY, JULY = (
    datetime.date(2025, 1, 31),
    datetime.date(2025, 2, 28),
    datetime.date(2025, 7, 31),
)
BEFORE_ANY_RATE = datetime.date(2024, 6, 30)
NO_RATE = "No rate of USD in GBP is in the books for the period to 2024-06-30, so the "


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    for day, base, rate in RATES:
        ExchangeRate.objects.create(base_id=base, quote_id="GBP", date=day, rate=rate)
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def limited(**limits: int) -> None:
    Treaty.objects.update(**limits)


def premium(
    period: datetime.date, *rows: tuple[str, str, str], **told: Any
) -> Examined:
    """A file of policy, gross premium and currency."""
    cells = [
        {"Policy No": policy, "Gross premium": gross, "Ccy": currency}
        | {"Effective date": "2024-01-01"}
        for policy, gross, currency in rows
    ]
    return premium_files.send(period, *cells, **told)[0]


def about_limits(examined: Examined) -> list[tuple[str, str]]:
    """Code and message of what is said of limits and rates."""
    found = examined.issues.filter(
        examined.issues["code"].str.contains("above_|missing_rate")
    )
    return found.select("code", "message").rows()


def income(stands: str, limit: str) -> list[tuple[str, str]]:
    return [
        (
            "above_premium_income_limit",
            f"The contract's premium stands at {stands} GBP after this file, above its "
            f"premium income limit of {limit}.",
        )
    ]


@pytest.mark.parametrize(
    ("limit", "period", "gross", "stands"),
    [
        (1000, JANUARY, "1300", "1040.00"),
        (10000, JULY, "11112", "10000.80"),
        (1000, JANUARY, "1250", None),
        (10000, JULY, "11111.11", None),
    ],
)
def test_premium_is_held_against_its_limit_at_the_rate_of_its_period(
    limit: int, period: datetime.date, gross: str, stands: str | None
) -> None:
    limited(premium_income_limit=limit)
    said = about_limits(premium(period, ("P1", gross, "USD")))
    assert said == (income(stands, f"{limit}.00") if stands else [])


def test_premium_of_two_currencies_is_added_up_at_the_rate_of_its_period() -> None:
    limited(premium_income_limit=10000)
    examined = premium(JANUARY, ("P1", "6000", "GBP"), ("P2", "5333.34", "USD"))
    assert about_limits(examined) == income("10266.67", "10000.00")


def test_a_rate_of_later_makes_no_breach() -> None:
    limited(premium_income_limit=1000)
    assert about_limits(premium(JANUARY, ("P1", "1900", "AUD"))) == []


def test_premium_before_any_rate_is_not_passed_over() -> None:
    limited(premium_income_limit=1000)
    examined = premium(BEFORE_ANY_RATE, ("P1", "500", "USD"))
    text = NO_RATE + "premium income limit cannot be looked at. " + LOAD_IT
    assert about_limits(examined) == [("missing_rate", text)]


def test_premium_of_other_files_is_taken_at_the_rates_of_their_periods() -> None:
    premium(JANUARY, ("P1", "500", "USD"))
    limited(premium_income_limit=1000)
    # 500 at 0.80 and 667 at 0.90 are 1000.30; both at 0.80, 0.75 or 0.70 are less.
    examined = premium(JULY, ("P1", "667", "USD"))
    assert about_limits(examined) == income("1000.30", "1000.00")


def test_a_corrected_amount_goes_at_the_rate_at_which_it_came() -> None:
    premium(JANUARY, ("P1", "1000", "USD"))
    premium(JULY, ("P1", "100", "USD"))
    limited(premium_income_limit=1000)
    # 1150 at 0.80 and 100 at 0.90 are 1010.
    examined = premium(JANUARY, ("P1", "1150", "USD"))
    assert about_limits(examined) == income("1010.00", "1000.00")


def test_a_list_of_the_year_takes_what_it_tells_again_to_its_own_period() -> None:
    Source.objects.update(premium_lists="year")
    premium(JANUARY, ("P1", "1200", "USD"), premium_lists="year")
    limited(premium_income_limit=1000)
    examined = premium(JULY, ("P1", "1200", "USD"), premium_lists="year")
    assert about_limits(examined) == income("1080.00", "1000.00")


def test_equal_rows_of_which_one_is_another_amount_count_all() -> None:
    first = premium(
        JANUARY, ("P1", "400", "GBP"), ("P1", "400", "GBP"), equal_rows_add=True
    )
    assert about_limits(first) == []
    limited(premium_income_limit=1000)
    examined = premium(
        JANUARY, ("P1", "400", "GBP"), ("P1", "700", "GBP"), equal_rows_add=True
    )
    assert about_limits(examined) == income("1100.00", "1000.00")


# ------------------------------------------------------------------------- claims
def paid(
    period: datetime.date, amount: str, currency: str = "USD", **cells: str
) -> Examined:
    """A file of one claim, with what was paid this period."""
    row = {"Paid this month": amount, "Ccy": currency, **cells}
    row |= {"Date of Loss": "2024-01-01"}
    return test_claims.send(row, period=period, conventions=SEVERAL)[0]


def cash(amount: str, limit: str) -> list[tuple[str, str]]:
    return [
        (
            "above_cash_loss_limit",
            f"{amount} GBP were paid in the period, at or above the contract's "
            f"cash-loss limit of {limit}.",
        )
    ]


def test_what_is_paid_of_a_late_period_is_taken_at_its_own_rate() -> None:
    paid(JULY, "1")
    limited(cash_loss_limit=1000)
    # The claim stands at July's end, where 1,150 would be 1,035.
    assert about_limits(paid(JANUARY, "1150")) == []
    assert about_limits(paid(JANUARY, "1250")) == cash("1000.00", "1000.00")


def test_other_positions_are_taken_at_the_rate_of_the_period_as_well() -> None:
    paid(FEBRUARY, "500")
    paid(JULY, "1")
    limited(cash_loss_limit=1000)
    assert about_limits(paid(FEBRUARY, "599", "GBP")) == []
    assert about_limits(paid(FEBRUARY, "600", "GBP")) == cash("1000.00", "1000.00")


def test_what_was_paid_before_any_rate_is_not_passed_over() -> None:
    paid(JULY, "1")
    limited(cash_loss_limit=1000)
    text = NO_RATE + "cash-loss limit cannot be looked at. " + LOAD_IT
    assert about_limits(paid(BEFORE_ANY_RATE, "5000")) == [("missing_rate", text)]


def test_claims_of_an_event_without_a_rate_are_not_passed_over(treaty: Treaty) -> None:
    Layer.objects.create(
        treaty=treaty,
        occurrence_attachment=Decimal(0),
        occurrence_limit=Decimal(100_000),
    )
    LossEvent.objects.create(code="STORM", name="Storm")
    other = {"Claim Ref": "C2", "Loss event": "STORM"}
    assert [code for code, _ in about_limits(paid(JULY, "5", "JPY", **other))] == [
        "missing_rate"
    ]
    examined = paid(JULY, "100", **{"Loss event": "STORM"})
    assert about_limits(examined) == [
        (
            "missing_rate",
            "No rate of JPY in GBP is in the books for the period of another claim of "
            "event STORM, so the limit of each occurrence cannot be looked at. "
            + LOAD_IT,
        )
    ]
