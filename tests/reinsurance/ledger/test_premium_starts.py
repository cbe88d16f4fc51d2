"""Premium told for two periods that end on one day: a quarter and its last month."""

from typing import Any

import pytest
from django.db import transaction

from importers.exceptions import LoadConflict
from importers.models import Source
from importers.pipeline.undo import undo
from reinsurance.models import LoadPeriod
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    MARCH,
    PREMIUMS,
    books,
    said,
    send,
)

pytestmark = pytest.mark.django_db
HELD_OUT = (2, "periods_overlap", "period_end")
QUARTER, MONTH = "2026-01-01", "2026-03-01"


def of(policy: str, gross: str, start: str = "", **cells: str) -> dict[str, str]:
    told = {"Policy No": policy, "Gross premium": gross, **cells}
    return {**told, "Reporting period start": start}


@pytest.mark.parametrize("second", ["300", "100"])
@pytest.mark.parametrize("starts", [(QUARTER, MONTH), (MONTH, QUARTER)])
@pytest.mark.parametrize("frequency", ["month", "quarter"])
def test_a_quarter_and_its_last_month_of_one_sender_are_two_periods(
    starts: tuple[str, str], second: str, frequency: str
) -> None:
    told: dict[str, Any] = {"frequency": frequency, "is_additional": True}
    number = send(MARCH, of("A", "300", starts[0]), **told)[1]
    rows = of("A", second, starts[1]), of("B", "10", starts[1])
    examined, _ = send(MARCH, *rows, **told)
    assert said(examined) == [HELD_OUT]
    assert examined.issues["message"].to_list() == [
        f"The row tells the premium from {starts[1]} to 2026-03-31; number {number} "
        f"told the same transaction from {starts[0]} to 2026-03-31. The periods "
        "overlap, so it would count twice. Ask which holds; if this one does, have the "
        "other undone or corrected. A file for another period does not replace it, "
        "not even as a correction: if it is the same period, write its start as there."
    ]
    assert books("policy_reference") == [(10, "B"), (300, "A")]


def test_no_month_counts_beside_a_quarter_after_its_last_month_came() -> None:
    send(MARCH, of("A", "300", QUARTER))
    for end, start in ((MARCH, MONTH), (FEBRUARY, "2026-02-01")):
        examined, _ = send(end, of("A", "100", start))
        assert HELD_OUT in said(examined)
    assert books() == [(300,)]


def test_a_start_that_is_filled_in_by_another_frequency_is_asked_about() -> None:
    send(MARCH, of("A", "100"))
    examined, _ = send(MARCH, of("A", "300"), frequency="quarter")
    assert said(examined) == [HELD_OUT]
    assert books("period_start__month") == [(100, 3)]
    send(MARCH, of("A", "110", MONTH), frequency="quarter")
    assert books("period_start__month") == [(110, 3)]


@pytest.mark.parametrize("equal_rows_add", [False, True])
@pytest.mark.parametrize("month", ["100", "300"])
def test_both_in_one_file_are_held_out(month: str, *, equal_rows_add: bool) -> None:
    rows = of("A", "300", QUARTER), of("A", month, MONTH)
    examined, _ = send(MARCH, *rows, equal_rows_add=equal_rows_add)
    assert said(examined) == [HELD_OUT, (3, *HELD_OUT[1:])]
    assert books() == []


def test_equal_rows_of_one_period_still_replace_those_of_before() -> None:
    for _ in range(2):
        send(MARCH, *[of("A", "300", QUARTER)] * 2, equal_rows_add=True)
    assert books() == [(300,), (300,)]


def test_a_correction_for_the_month_does_not_speak_for_the_quarter() -> None:
    send(MARCH, of("A", "300", QUARTER), of("B", "20", QUARTER))
    rows = of("A", "100", MONTH), of("C", "10", MONTH)
    examined, third = send(MARCH, *rows, is_correction=True)
    assert said(examined) == [HELD_OUT]
    assert books("policy_reference") == [(10, "C"), (20, "B"), (300, "A")]
    undo(PREMIUMS, ingestion=third)
    assert books("policy_reference") == [(20, "B"), (300, "A")]


def test_a_correction_speaks_for_what_its_sender_told_of_its_own_period() -> None:
    send(MARCH, of("A", "300", QUARTER), of("B", "20", MONTH), of("C", "5", MONTH))
    examined, number = send(MARCH, of("C", "10", MONTH), is_correction=True)
    lacks = examined.issues.filter(code="correction_lacks")["message"].to_list()
    assert lacks == [
        "Premium of policy B, Original of 1 January 2026, 20.00 GBP: told for the "
        "period to 31 March 2026 and missing in this correction. After the load that "
        "does not count any more."
    ]
    assert books("policy_reference") == [(10, "C"), (300, "A")]
    undo(PREMIUMS, ingestion=number)
    assert books("policy_reference") == [(20, "B"), (300, "A"), (5, "C")]


def test_a_correction_of_both_periods_speaks_for_both() -> None:
    send(MARCH, of("A", "300", QUARTER), of("B", "20", MONTH))
    rows = of("C", "1", QUARTER), of("D", "2", MONTH)
    examined, _ = send(MARCH, *rows, is_correction=True)
    assert examined.by_code == {"correction_lacks": 2}
    assert books("policy_reference") == [(1, "C"), (2, "D")]
    assert list(LoadPeriod.objects.values_list("period_start", "row_count")) == [
        (None, 2),
        (None, 2),
    ]


def test_a_quarter_loaded_late_is_not_left_out_by_a_correction_of_the_month() -> None:
    waits = ingestion_of(PREMIUMS)
    send(MARCH, of("C", "10", MONTH), is_correction=True)
    examined, _ = send(MARCH, of("A", "300", QUARTER), number=waits)
    assert {code for _, code, _ in said(examined)} <= {"later_period_loaded"}
    assert books("policy_reference") == [(10, "C"), (300, "A")]


def test_a_section_of_the_quarter_fits_after_a_correction_of_the_month() -> None:
    send(MARCH, of("A", "300", QUARTER, Section="1"))
    send(MARCH, of("C", "10", MONTH, Section="1"), is_correction=True)
    send(MARCH, of("A", "310", QUARTER))
    assert books("policy_reference", "section") == [(10, "C", "1"), (310, "A", "1")]


def test_an_undo_brings_back_no_quarter_beside_its_last_month() -> None:
    first = send(MARCH, of("A", "300", QUARTER), of("B", "1", QUARTER))[1]
    second = send(MARCH, of("B", "1", QUARTER), is_correction=True)[1]
    third = send(MARCH, of("A", "100", MONTH))[1]
    assert books("policy_reference") == [(1, "B"), (100, "A")]
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=second)
    assert str(caught.value) == (
        f"Premium would count twice: number {first} told policy A from 2026-01-01 to "
        f"2026-03-31 and number {third} from 2026-03-01 to 2026-03-31, of 1 "
        f"transaction(s). Undo number {third} first."
    )
    undo(PREMIUMS, ingestion=third)
    undo(PREMIUMS, ingestion=second)
    assert books("policy_reference") == [(1, "B"), (300, "A")]


def test_a_row_without_a_type_beside_another_type_of_the_quarter_is_asked() -> None:
    kind = {"Transaction type": "Additional"}
    send(MARCH, {**of("A", "300", QUARTER), **kind})
    untold = {**of("A", "100", MONTH), "Transaction type": ""}
    examined, _ = send(MARCH, untold)
    assert (2, "premium_unclear", "transaction_type") in [
        (row, code, "transaction_type") for row, code, _ in said(examined)
    ]
    assert books() == [(300,)]


def test_lists_of_one_year_replace_each_other_whatever_their_start() -> None:
    source = Source.objects.create(code="yearly", name="Yearly", premium_lists="year")
    for gross, start in (("100", QUARTER), ("110", MONTH), ("120", "")):
        told = {"source": source, "premium_lists": "year"}
        send(MARCH, of("A", gross, start), **told)
    assert books() == [(120,)]
