"""The period of a premium: none, or one that overlaps another."""

import datetime

import pytest
from django.db import transaction

from importers.exceptions import LoadConflict
from importers.models import Source
from importers.pipeline.undo import undo
from reinsurance.models import PremiumEntry, Treaty
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
ROW = {"Gross premium": "300"}


def test_premium_without_a_period_is_held_out() -> None:
    examined, _ = send(None, ROW)
    assert said(examined) == [(2, "missing_period", "period_end")]
    assert examined.issues["message"].to_list() == [
        "Neither file nor row says for which period the premium is told, so it would "
        "stand beside the same premium of a bordereau. Hand the file in again with the "
        "end of its period, or add a column with it."
    ]
    assert books() == []
    send(None, {**ROW, "Reporting period end": "2026-01-31"})
    assert books("period_end") == [(300, JANUARY)]


@pytest.fixture
def quarterly() -> Source:
    """Another sender, who reports each quarter."""
    return Source.objects.create(code="quarterly", name="Quarterly")


def of(policy: str, gross: str = "300", **cells: str) -> dict[str, str]:
    return {"Policy No": policy, "Gross premium": gross, **cells}


def test_a_quarter_over_its_month_is_held_out(quarterly: Source) -> None:
    month = send(FEBRUARY, of("A"))[1]
    examined, _ = send(
        MARCH, of("A"), of("B", "10"), source=quarterly, frequency="quarter"
    )
    assert said(examined) == [(2, "periods_overlap", "period_end")]
    assert examined.issues["message"].to_list() == [
        "The row tells the premium from 2026-01-01 to 2026-03-31; number "
        f"{month} told the same transaction from 2026-02-01 to 2026-02-28. The periods "
        "overlap, so it would count twice. Ask which holds; if this one does, have the "
        "other undone or corrected."
    ]
    assert books("policy_reference") == [(10, "B"), (300, "A")]
    undo(PREMIUMS, ingestion=month)
    send(MARCH, of("A"), source=quarterly, frequency="quarter")
    assert books("policy_reference") == [(10, "B"), (300, "A")]


def test_a_month_over_its_quarter_is_held_out(quarterly: Source) -> None:
    send(MARCH, of("A", Section="1"), source=quarterly, frequency="quarter")
    for month in (FEBRUARY, MARCH):
        examined, _ = send(month, of("A"))
        assert (2, "periods_overlap", "period_end") in said(examined)
    assert books("policy_reference") == [(300, "A")]
    send(datetime.date(2026, 4, 30), of("A"))
    assert books("policy_reference") == [(300, "A")] * 2


def test_a_sender_tells_its_own_period_anew(quarterly: Source) -> None:
    send(MARCH, of("A"), source=quarterly, frequency="quarter")
    starts = {"Reporting period start": "2026-01-01"}
    send(MARCH, of("A", "310", **starts), source=quarterly, frequency="quarter")
    assert books("policy_reference") == [(310, "A")]
    starts = {"Reporting period start": "2026-02-01"}
    rows = of("A", "320", **starts)
    examined, _ = send(MARCH, rows, source=quarterly, frequency="quarter")
    assert said(examined) == [(2, "periods_overlap", "period_end")]
    assert books("policy_reference") == [(310, "A")]


def test_lists_of_the_year_do_not_overlap_each_other() -> None:
    starts = {"Reporting period start": "2026-01-01"}
    for month in (JANUARY, FEBRUARY):
        send(month, of("A", **starts), premium_lists="year")
    assert books() == [(300,)]


def test_an_undo_brings_back_no_month_beside_its_quarter(quarterly: Source) -> None:
    send(FEBRUARY, of("A", "1000"), of("B", "1"))
    second = send(FEBRUARY, of("B", "1"), is_correction=True)[1]
    third = send(MARCH, of("A", "3000"), source=quarterly, frequency="quarter")[1]
    first = PremiumEntry.all_objects.earliest("pk").load.number
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=second)
    assert str(caught.value) == (
        f"Premium would count twice: number {first} told policy A from 2026-02-01 to "
        f"2026-02-28 and number {third} from 2026-01-01 to 2026-03-31, of 1 "
        f"transaction(s). Undo number {third} first."
    )


def test_a_section_written_otherwise_overlaps_as_well(quarterly: Source) -> None:
    send(FEBRUARY, of("A", Section="2"))
    examined, _ = send(
        MARCH, of("A", Section="02"), source=quarterly, frequency="quarter"
    )
    assert said(examined) == [(2, "periods_overlap", "period_end")]


def test_premium_of_a_period_before_its_contract_is_asked_about_once() -> None:
    Treaty.objects.create(
        reference="T1", treaty_type="QS", currency_id="GBP", inception="2026-01-01"
    )
    early = datetime.date(2025, 3, 31)
    examined, _ = send(early, ROW, {**ROW, "Policy No": "P2"})
    found = examined.issues.filter(examined.issues["code"] == "period_before_contract")
    assert found.select("row", "column", "severity", "message").rows() == [
        (
            2,
            "period_end",
            "warning",
            "The period to 2025-03-31 ends before contract “T1” begins, on "
            "2026-01-01. Is the year of the period right, and is this the renewal that "
            "is meant? Correct the one that is wrong.",
        )
    ]
    assert books("period_end") == [(300, early), (300, early)]


@pytest.fixture
def yearly() -> Source:
    """A sender whose files list the year to date."""
    return Source.objects.create(code="yearly", name="Yearly", premium_lists="year")


@pytest.mark.parametrize("month", [JANUARY, MARCH])
def test_a_list_of_the_year_over_a_month_of_another_sender_is_held_out(
    yearly: Source, month: datetime.date
) -> None:
    number = send(month, of("A", "100"))[1]
    rows = of("A", "100"), of("B", "20")
    examined, _ = send(MARCH, *rows, source=yearly, premium_lists="year")
    assert said(examined) == [(2, "periods_overlap", "period_end")]
    assert examined.issues["message"].to_list() == [
        "The row tells the premium from 2026-01-01 to 2026-03-31; number "
        f"{number} told the same transaction from {month.replace(day=1)} to {month}. "
        "The periods overlap, so it would count twice. Ask which holds; if this one "
        "does, have the other undone or corrected."
    ]
    assert books("policy_reference") == [(100, "A"), (20, "B")]


@pytest.mark.parametrize("month", [JANUARY, MARCH])
def test_a_month_within_a_list_of_the_year_is_held_out(
    yearly: Source, month: datetime.date
) -> None:
    send(MARCH, of("A", "100"), source=yearly, premium_lists="year")
    examined, _ = send(month, of("A", "90"), of("B", "20"))
    assert (2, "periods_overlap", "period_end") in said(examined)
    send(datetime.date(2026, 4, 30), of("A", "7"))
    assert books("policy_reference") == [(100, "A"), (20, "B"), (7, "A")]


def test_a_list_of_january_and_that_month_are_the_same_premium(yearly: Source) -> None:
    send(JANUARY, of("A", "100"), source=yearly, premium_lists="year")
    examined, _ = send(JANUARY, of("A", "100"))
    assert said(examined) == [(2, "periods_overlap", "period_end")]
    assert books() == [(100,)]


@pytest.mark.parametrize("list_end", [4, 5])
def test_a_quarter_beside_a_list_of_the_year_is_held_out(
    yearly: Source, quarterly: Source, list_end: int
) -> None:
    end = datetime.date(2026, list_end, 30)
    send(end, of("A", "100"), source=yearly, premium_lists="year")
    examined, _ = send(MARCH, of("A", "90"), source=quarterly, frequency="quarter")
    assert said(examined) == [(2, "periods_overlap", "period_end")]
    assert books() == [(100,)]


def test_lists_of_the_year_of_two_senders_overlap(yearly: Source) -> None:
    source = Source.objects.create(code="y2", name="Second", premium_lists="year")
    send(JANUARY, of("A", "100"), source=yearly, premium_lists="year")
    for month in (JANUARY, MARCH):
        examined, _ = send(month, of("A", "90"), source=source, premium_lists="year")
        assert said(examined) == [(2, "periods_overlap", "period_end")]
    send(MARCH, of("A", "110"), source=yearly, premium_lists="year")
    assert books() == [(110,)]


def test_an_undo_brings_back_no_month_beside_a_list_of_the_year(yearly: Source) -> None:
    first = send(JANUARY, of("A", "100"), of("B", "1"))[1]
    second = send(JANUARY, of("B", "1"), is_correction=True)[1]
    third = send(MARCH, of("A", "110"), source=yearly, premium_lists="year")[1]
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=second)
    assert str(caught.value) == (
        f"Premium would count twice: number {first} told policy A from 2026-01-01 to "
        f"2026-01-31 and number {third} from 2026-01-01 to 2026-03-31, of 1 "
        f"transaction(s). Undo number {third} first."
    )
    undo(PREMIUMS, ingestion=third)
    undo(PREMIUMS, ingestion=second)
    assert books("policy_reference") == [(1, "B"), (100, "A")]
