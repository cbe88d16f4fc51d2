"""Lists of the year to date: what a later one says, and what stood before it."""

import datetime
from decimal import Decimal

import pytest

from importers.management import book_rows
from importers.management.book_rows import Wanted
from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    MARCH,
    PREMIUMS,
    books,
    said,
    send,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lists() -> None:
    """The sender lists the year to date."""
    source_of(None)
    Source.objects.update(premium_lists="year")


def listed(
    period: datetime.date, gross: str, **options: object
) -> tuple[Examined, int]:
    return send(period, {"Gross premium": gross}, premium_lists="year", **options)


def stood(day: datetime.date) -> list[Decimal]:
    rows = book_rows.premiums(Wanted(as_at=day))
    return [Decimal(row["gross_premium"]) for row in rows]


def test_what_a_later_list_replaces_stood_until_then() -> None:
    listed(JANUARY, "100")
    listed(FEBRUARY, "110")
    assert books() == [(110,)]
    assert (stood(JANUARY), stood(FEBRUARY)) == ([100], [110])


def test_a_list_that_repeats_another_tells_its_own_period() -> None:
    listed(JANUARY, "100")
    second = listed(FEBRUARY, "110")[1]
    examined, _ = listed(MARCH, "110")
    assert dict(examined.staged.rows) == {"unchanged": 1, "rejected": 0}
    undo(PREMIUMS, ingestion=second)
    assert books("period_end") == [(110, MARCH)]
    assert (stood(JANUARY), stood(FEBRUARY), stood(MARCH)) == ([100], [100], [110])


@pytest.mark.parametrize("is_correction", [True, False])
def test_a_late_list_leaves_what_a_later_one_says(is_correction: bool) -> None:
    listed(JANUARY, "100")
    third = listed(MARCH, "110")[1]
    examined, _ = listed(JANUARY, "95", is_correction=is_correction)
    assert dict(examined.staged.rows) == {"unchanged": 1, "rejected": 0}
    assert said(examined) == []
    assert books() == [(110,)]
    assert (stood(JANUARY), stood(MARCH)) == ([95], [110])
    undo(PREMIUMS, ingestion=third)
    assert books() == [(95,)]


def test_a_list_received_before_and_loaded_late_changes_nothing_later() -> None:
    early = ingestion_of(PREMIUMS)
    listed(JANUARY, "100")
    listed(FEBRUARY, "110", number=early)
    assert books() == [(110,)]
    assert (stood(JANUARY), stood(FEBRUARY)) == ([100], [110])
