"""Corrections of lists of the year: what they leave out, and as at which day."""

import datetime
from decimal import Decimal

import pytest

from importers.management import book_rows
from importers.management.book_rows import Wanted
from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    MARCH,
    PREMIUMS,
    books,
    send,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lists() -> None:
    """The sender lists the year to date."""
    source_of(None)
    Source.objects.update(premium_lists="year")


def listed(
    period: datetime.date, *told: tuple[str, ...], correction: bool = False
) -> tuple[Examined, int]:
    """A list of policy and gross premium, perhaps with the end of the row's period."""
    names = ("Policy No", "Gross premium", "Reporting period end")
    rows = [dict(zip(names, cells, strict=False)) for cells in told]
    return send(period, *rows, premium_lists="year", is_correction=correction)


def stood(day: datetime.date | None = None) -> Decimal:
    """Gross premium in all, now or as at a day."""
    rows = book_rows.premiums(Wanted(as_at=day))
    return sum((Decimal(row["gross_premium"]) for row in rows), Decimal(0))


OWN_PERIODS = (("P2", "11", "2026-01-31"), ("P3", "5", "2026-02-28"))


def test_a_correction_does_not_lack_its_own_rows_of_an_earlier_period() -> None:
    examined, number = listed(FEBRUARY, *OWN_PERIODS, correction=True)
    assert set(examined.by_code) == {"period_differs"}
    assert examined.staged.effect.moves == {"premium GBP": 16}
    assert (stood(JANUARY), stood(FEBRUARY), stood()) == (11, 16, 16)
    undo(PREMIUMS, ingestion=number)
    assert stood() == 0


def test_it_leaves_out_what_other_lists_had_and_not_its_own_rows() -> None:
    listed(JANUARY, ("P1", "7"), ("P2", "10"))
    listed(FEBRUARY, ("P1", "7"), ("P2", "10"), ("P4", "2"))
    rows = [*OWN_PERIODS, *((f"Q{n}", "1", "2026-01-31") for n in range(9))]
    examined, number = listed(FEBRUARY, *rows, correction=True)
    assert examined.by_code["correction_lacks"] == 2
    assert books("policy_reference", "period_end")[:2] == [
        (1, "Q0", JANUARY),
        (1, "Q1", JANUARY),
    ]
    assert stood(FEBRUARY) == stood()
    undo(PREMIUMS, ingestion=number)
    assert (stood(JANUARY), stood()) == (17, 19)


@pytest.mark.parametrize("correction", [True, False])
@pytest.mark.parametrize("day", [JANUARY, FEBRUARY])
def test_a_late_list_replaces_what_a_correction_tells_for_an_earlier_end(
    day: datetime.date, correction: bool
) -> None:
    """The correction speaks for the year to its last end, and tells P1 itself."""
    rows = [("P1", "101", "2026-01-31"), ("P2", "22", "2026-03-31")]
    first = listed(MARCH, *rows, correction=True)[1]
    examined, number = listed(day, ("P1", "900"), correction=correction)
    assert dict(+examined.staged.rows) == {"updated": 1}, messages(examined)
    assert examined.staged.effect.moves == {"premium GBP": 799}
    assert [(code, text) for *_, code, text in messages(examined) if _[0]] == [
        (
            "premium_changed",
            "Gross premium this time: 900.00 replaces 101.00 of number "
            f"{first} for the same transaction and period.",
        )
    ]
    assert (stood(day), stood(MARCH), stood()) == (900, 922, 922)
    undo(PREMIUMS, ingestion=number)
    assert stood() == 123


def messages(examined: Examined) -> list[tuple[int, str, str, str]]:
    columns = examined.issues.select("row", "severity", "code", "message")
    return sorted(columns.rows())


def test_a_correction_says_what_it_leaves_out_of_its_own_end_alone() -> None:
    listed(JANUARY, ("P1", "100"), ("P2", "50"))
    second = listed(FEBRUARY, ("P1", "100"), ("P2", "50"), ("P3", "1"))[1]
    examined, number = listed(JANUARY, ("P1", "100"), correction=True)
    assert messages(examined) == [
        (
            0,
            "warning",
            "correction_lacks",
            "Premium of policy P2, Original of 1 January 2026, 50.00 GBP: told for the "
            "period to 31 January 2026 and missing in this correction. After the load "
            "that does not count at the end of this correction's period any more; "
            f"number {second} tells it for the period to 28 February 2026, and that "
            "stays.",
        )
    ]
    assert examined.staged.effect.moves == {}
    assert (stood(JANUARY), stood(FEBRUARY), stood()) == (100, 151, 151)
    again, _ = listed(JANUARY, ("P1", "100"), correction=True)
    assert messages(again) == []
    undo(PREMIUMS, ingestion=number)
    undo(PREMIUMS, ingestion=second)
    assert (stood(JANUARY), stood()) == (100, 100)


def test_it_says_so_of_what_a_later_correction_left_out() -> None:
    listed(JANUARY, ("P1", "100"), ("P2", "50"))
    listed(FEBRUARY, ("P1", "100"), correction=True)
    examined, _ = listed(JANUARY, ("P1", "100"), correction=True)
    assert [message for *_, message in messages(examined)] == [
        "Premium of policy P2, Original of 1 January 2026, 50.00 GBP: told for the "
        "period to 31 January 2026 and missing in this correction. After the load "
        "that does not count at the end of this correction's period any more."
    ]
    assert (stood(JANUARY), stood()) == (100, 100)


@pytest.mark.parametrize("correction", [True, False])
def test_a_change_as_at_the_end_of_the_period_is_said(correction: bool) -> None:
    first = listed(JANUARY, ("P1", "60"), ("P2", "50"))[1]
    listed(FEBRUARY, ("P1", "100"), ("P2", "50"))
    examined, _ = listed(
        JANUARY, ("P1", "70"), ("P2", "50"), ("P3", "1"), correction=correction
    )
    changes = [said for said in messages(examined) if said[2] == "premium_changed"]
    assert changes == [
        (
            2,
            "warning",
            "premium_changed",
            f"Gross premium this time: 70.00 replaces 60.00 of number {first} as at "
            "2026-01-31. What was told for a later period stays.",
        )
    ]
    assert dict(examined.staged.rows) == {"unchanged": 2, "created": 1, "rejected": 0}
    assert (stood(JANUARY), stood(FEBRUARY)) == (121, 151)


def test_the_middle_one_of_three_lists_is_corrected() -> None:
    listed(JANUARY, ("P1", "10"), ("P2", "3"))
    second = listed(FEBRUARY, ("P1", "20"), ("P2", "3"))[1]
    third = listed(MARCH, ("P1", "30"), ("P2", "3"))[1]
    examined, _ = listed(FEBRUARY, ("P1", "25"), correction=True)
    lacks, changes = messages(examined)
    assert (lacks[2], changes[2]) == ("correction_lacks", "premium_changed")
    assert f"number {third} tells it for the period to 31 March 2026" in lacks[3]
    assert f"25.00 replaces 20.00 of number {second} as at 2026-02-28" in changes[3]
    assert (stood(JANUARY), stood(FEBRUARY), stood()) == (13, 25, 33)
