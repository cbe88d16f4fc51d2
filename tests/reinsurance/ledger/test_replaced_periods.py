"""A quarter and its last month end on one day and are two periods of a claim."""

import datetime
from typing import Any

import pytest
from django.db import transaction

from importers.exceptions import LoadConflict
from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.models import Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.test_claims import (
    CLAIMS,
    CORRECTION,
    JANUARY,
    MARCH,
    errors,
    paid_as_at,
    positions,
    send,
)

pytestmark = pytest.mark.django_db
ADDING = Conventions(equal_rows_add=True)
QUARTER = {
    "Reporting period start": "2026-01-01",
    "Reporting period end": "2026-03-31",
}
MONTH = {**QUARTER, "Reporting period start": "2026-03-01"}
OVERLAP = (2, "Reporting period start", "periods_overlap")


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def this(amount: int, name: str = "Paid this month", **more: str) -> dict[str, str]:
    return {name: str(amount), **more}


def stands() -> list[int]:
    return [int(paid) for *_, paid in positions()]


def said(examined: Examined) -> list[str]:
    return examined.issues.filter(code="periods_overlap")["message"].to_list()


# ----------------------------------------------------------------- rows that add up
@pytest.mark.parametrize("rows", [(QUARTER, MONTH), (MONTH, QUARTER)])
@pytest.mark.parametrize("name", ["Paid this month", "Previously paid"])
def test_rows_of_two_periods_are_not_added_up(
    rows: tuple[dict[str, str], ...], name: str
) -> None:
    told = [
        this(amount, name, **row) for amount, row in zip((60, 5), rows, strict=True)
    ]
    other = {**this(7, **QUARTER), "Claim Ref": "C2"}
    examined, _ = send(*told, other, period=MARCH, conventions=ADDING)
    start = "Reporting period start"
    assert errors(examined) == [(n, start, "periods_overlap") for n in (2, 3)]
    assert said(examined)[0] == (
        "Rows 2, 3 tell what was paid in periods that end on one day and begin on "
        "different ones: they are not added up. Write the same beginning in each, or "
        "hand the other period in with what was paid to date at its end."
    )
    assert stands() == [7]


def test_a_beginning_that_is_filled_in_is_another_one() -> None:
    told = [this(60, **QUARTER), this(5, **dict.fromkeys(QUARTER, ""))]
    examined, _ = send(*told, period=MARCH, conventions=ADDING)
    assert {code for *_, code in errors(examined)} == {"periods_overlap"}


def test_what_was_paid_to_date_adds_up_whenever_the_periods_begin() -> None:
    told = [this(60, "Paid to date", **QUARTER), this(5, "Paid to date", **MONTH)]
    examined, _ = send(*told, period=MARCH, conventions=ADDING)
    assert errors(examined) == []
    assert stands() == [65]


@pytest.mark.parametrize("name", ["paid_indemnity", "recovered", "paid_fees"])
def test_to_date_and_of_the_period_are_not_added_up(name: str) -> None:
    to, of_period = (
        str(CLAIMS.columns[own].column_name) for own in (name, f"{name}_this_period")
    )
    first = [this(30, to, **MONTH), this(20, to, **MONTH)]
    assert errors(send(*first, period=MARCH, conventions=ADDING)[0]) == []
    told = [this(60, to, **MONTH), this(10, of_period, **MONTH)]
    examined, _ = send(*told, period=MARCH, conventions=ADDING)
    assert [(row, code) for row, _, code in errors(examined)] == [
        (2, "bases_disagree"),
        (3, "bases_disagree"),
    ]
    [text, _] = examined.issues.filter(code="bases_disagree")["message"].to_list()
    assert text.startswith("Rows 2, 3 tell one position and period, and not all of")


# --------------------------------------------------------------------- corrections
def test_a_correction_of_the_month_does_not_replace_the_quarter() -> None:
    number = send(this(60, **QUARTER), period=MARCH)[1]
    examined, _ = send(this(6, **MONTH), period=MARCH, conventions=CORRECTION)
    assert errors(examined) == [OVERLAP]
    assert said(examined) == [
        f"What number {number} told as paid from 2026-01-01 to 2026-03-31 would be "
        "replaced by what this file, a correction, tells as paid from 2026-03-01 on. "
        "These are two periods: write the beginning as there, tell what was paid to "
        "date in the correction as well, or have one of the two undone first."
    ]
    assert stands() == [60]


def test_nor_the_quarter_the_month() -> None:
    send(this(6, **MONTH), period=MARCH)
    examined, _ = send(this(60, **QUARTER), period=MARCH, conventions=CORRECTION)
    assert errors(examined) == [OVERLAP]
    assert stands() == [6]


def test_nor_that_of_another_sender() -> None:
    other = Source.objects.create(code="OTHER", name="Other")
    number = ingestion_of(CLAIMS, other)
    send(this(60, **QUARTER), period=MARCH, ingestion=number)
    examined, _ = send(this(6, **MONTH), period=MARCH, conventions=CORRECTION)
    assert errors(examined) == [OVERLAP]
    assert stands() == [60]


def test_a_changed_frequency_does_not_make_a_month_of_a_quarter() -> None:
    quarterly = Conventions(frequency="quarter")
    send(this(60), period=MARCH, conventions=quarterly)
    monthly = Conventions(frequency="month", is_correction=True)
    examined, _ = send(this(62), period=MARCH, conventions=monthly)
    assert {code for *_, code in errors(examined)} == {"periods_overlap"}
    again = Conventions(frequency="quarter", is_correction=True)
    assert errors(send(this(62), period=MARCH, conventions=again)[0]) == []
    january, _ = send(this(10), conventions=Conventions(frequency="month"))
    assert {code for *_, code in errors(january)} == {"periods_overlap"}
    assert stands() == [62]


def test_a_correction_that_tells_to_date_as_well_leaves_nothing_out() -> None:
    send(this(60, **QUARTER), period=MARCH)
    told = this(6, **MONTH, **{"Paid to date": "66"})
    examined, _ = send(told, period=MARCH, conventions=CORRECTION)
    assert errors(examined) == []
    assert stands() == [66]
    assert paid_as_at(datetime.date(2026, 2, 28)) == [60]


def test_a_late_quarter_is_not_replaced_without_a_word() -> None:
    late = ingestion_of(CLAIMS, source_of(None))
    number = send(this(6, **MONTH), period=MARCH, conventions=CORRECTION)[1]
    examined, _ = send(this(60, **QUARTER), period=MARCH, ingestion=late)
    assert errors(examined) == [OVERLAP]
    assert f"what number {number}, a correction," in said(examined)[0]
    assert stands() == [6]


def test_an_undo_brings_no_quarter_back_under_a_correction_of_the_month() -> None:
    two: dict[str, Any] = {"Claim Ref": "C2"}
    send(this(60, **QUARTER), {**this(1, **QUARTER), **two}, period=MARCH)
    lacks = send({**this(1, **QUARTER), **two}, period=MARCH, conventions=CORRECTION)[1]
    send(this(6, **MONTH), period=MARCH, conventions=CORRECTION)
    with pytest.raises(LoadConflict, match="would be replaced"), transaction.atomic():
        undo(CLAIMS, ingestion=lacks)


def test_the_same_beginning_corrects() -> None:
    send(this(60, **QUARTER), period=MARCH)
    send(this(62, **QUARTER), period=MARCH, conventions=CORRECTION)
    assert stands() == [62]
    assert paid_as_at(JANUARY) == []
