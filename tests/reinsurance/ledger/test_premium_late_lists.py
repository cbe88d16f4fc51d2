"""Lists of the year to date that come late, beside corrections of later lists."""

import datetime
from decimal import Decimal

import pytest

from importers.management import book_rows
from importers.management.book_rows import Wanted
from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.models import Treaty
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    MARCH,
    PREMIUMS,
    said,
    send,
)

pytestmark = pytest.mark.django_db
APRIL, MAY = datetime.date(2026, 4, 30), datetime.date(2026, 5, 31)
DAYS = (JANUARY, FEBRUARY, MARCH, APRIL, MAY)


@pytest.fixture(autouse=True)
def lists() -> None:
    """The sender lists the year to date."""
    source_of(None)
    Source.objects.update(premium_lists="year")


def listed(
    period: datetime.date, *, number: object = None, correction: bool = False, **of: str
) -> tuple[Examined, int]:
    """A list with gross premium by policy."""
    rows = [
        {"Policy No": policy, "Gross premium": gross} for policy, gross in of.items()
    ]
    return send(
        period, *rows, number=number, premium_lists="year", is_correction=correction
    )


def stood(day: datetime.date | None = None) -> Decimal:
    """Gross premium in all, now or as at a day."""
    rows = book_rows.premiums(Wanted(as_at=day))
    return sum((Decimal(row["gross_premium"]) for row in rows), Decimal(0))


def history() -> list[Decimal]:
    """Gross premium as at the end of each month from January to May, and now."""
    return [*map(stood, DAYS), stood()]


@pytest.mark.parametrize("is_received_first", [True, False])
@pytest.mark.parametrize("is_correction", [True, False])
def test_a_late_list_is_no_word_for_what_a_later_correction_left_out(
    is_received_first: bool, is_correction: bool
) -> None:
    number = ingestion_of(PREMIUMS) if is_received_first else None
    listed(MARCH, K1="100", K2="60")
    fourth = listed(APRIL, K1="100", correction=True)[1]
    examined, _ = listed(
        FEBRUARY, K1="100", K2="70", number=number, correction=is_correction
    )
    assert dict(examined.staged.rows) == {"unchanged": 2, "rejected": 0}
    assert not examined.staged.effect.moves
    assert history() == [0, 170, 160, 100, 100, 100]
    undo(PREMIUMS, ingestion=fourth)
    assert history() == [0, 170, 160, 160, 160, 160]


def test_a_late_list_says_what_a_later_correction_leaves_out_of_it() -> None:
    number = listed(APRIL, K1="100", correction=True)[1]
    examined, _ = listed(FEBRUARY, K1="100", K2="70")
    assert said(examined) == [(3, "list_lacks", "Policy No")]
    assert examined.issues.select("severity", "message").rows() == [
        (
            "warning",
            f"Number {number}, a correction, lists the year to 2026-04-30 and does not "
            "have this premium under this contract, so it counts until then and not "
            "after. If it should, have that list handed in as a correction with it; "
            "else leave the row out.",
        )
    ]
    assert history() == [0, 170, 170, 100, 100, 100]


def test_a_late_list_after_a_correction_of_its_next_month() -> None:
    listed(MARCH, K1="100", K2="60")
    listed(MARCH, K1="100", correction=True)
    listed(JANUARY, K1="100", K2="70")
    assert history() == [170, 170, 100, 100, 100, 100]


def test_a_late_correction_leaves_later_corrections_as_they_are() -> None:
    listed(FEBRUARY, K1="100", K2="70")
    listed(MARCH, K1="100", K2="60")
    listed(MARCH, K1="100", correction=True)
    listed(FEBRUARY, K1="100", K2="70", correction=True)
    assert history() == [0, 170, 100, 100, 100, 100]


def test_a_late_list_between_a_correction_and_a_list_that_has_it_again() -> None:
    listed(MARCH, K1="100", K2="60")
    listed(APRIL, K1="100", correction=True)
    listed(MAY, K1="100", K2="60")
    listed(FEBRUARY, K1="100", K2="70")
    assert history() == [0, 170, 160, 100, 160, 160]


def test_the_same_list_again_after_its_undo_counts_once() -> None:
    second = listed(FEBRUARY, K1="100", K2="70")[1]
    listed(MARCH, K1="100", K2="60")
    listed(APRIL, K1="100", correction=True)
    undo(PREMIUMS, ingestion=second)
    assert history() == [0, 0, 160, 100, 100, 100]
    listed(FEBRUARY, K1="100", K2="70")
    assert history() == [0, 170, 160, 100, 100, 100]


def test_a_late_list_passes_no_limit_with_what_does_not_count() -> None:
    listed(MARCH, K1="100", K2="40")
    Treaty.objects.update(premium_income_limit=150)
    listed(APRIL, K1="100", correction=True)
    examined, _ = listed(FEBRUARY, K1="100", K2="70")
    assert "above_premium_income_limit" not in examined.by_code
    assert history() == [0, 170, 140, 100, 100, 100]


def test_a_correction_received_before_leaves_out_what_came_meanwhile() -> None:
    early = ingestion_of(PREMIUMS)
    listed(FEBRUARY, K1="100", K2="70")
    examined, number = listed(APRIL, K1="100", number=early, correction=True)
    assert examined.by_code == {"correction_lacks": 1}
    assert examined.staged.effect.moves == {"premium GBP": -70}
    assert history() == [0, 170, 170, 100, 100, 100]
    undo(PREMIUMS, ingestion=number)
    assert history() == [0, 170, 170, 170, 170, 170]


def test_a_late_row_of_another_sender_counts_where_the_later_one_was_left_out() -> None:
    """What a correction left out is no word against what it does not speak for."""
    other = Source.objects.create(code="other", name="Other")
    source = Source.objects.create(code="plain", name="Plain")
    early = ingestion_of(PREMIUMS, other)
    both = [{"Policy No": "K1", "Gross premium": "100"}]
    send(FEBRUARY, *both, {"Policy No": "K2", "Gross premium": "60"}, source=source)
    send(FEBRUARY, *both, source=source, is_correction=True)
    Treaty.objects.update(premium_income_limit=150)
    examined, _ = send(
        FEBRUARY, {"Policy No": "K2", "Gross premium": "70"}, number=early
    )
    assert dict(examined.staged.rows) == {"created": 1, "rejected": 0}
    assert examined.staged.effect.moves == {"premium GBP": 70}
    assert "above_premium_income_limit" in examined.by_code
    assert stood() == 170
