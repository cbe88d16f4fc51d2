"""Which position of a claim a row is about, and what tells its section."""

import datetime
from decimal import Decimal

import polars as pl
import pytest
from django.db import connection
from django.utils import timezone

from importers import record_types
from importers.pipeline.undo import undo
from reinsurance.ledger.recompute import recompute
from reinsurance.models import ClaimPosition, Load, Treaty
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger.test_claims import (
    CORRECTION,
    FEBRUARY,
    JANUARY,
    MARCH,
    errors,
    paid,
    positions,
    send,
)

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
UNCLEAR = "position_unclear"


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def codes(examined: object) -> list[tuple[int, str]]:
    return [(row, code) for row, _, code in errors(examined)]  # type: ignore[arg-type]


def test_a_section_goes_with_the_file_that_told_it() -> None:
    send(paid(100))
    _, february = send(paid(110, Section="1"), period=FEBRUARY)
    assert positions() == [("C1", "1", "GBP", 110)]
    undo(CLAIMS, ingestion=february)
    assert positions() == [("C1", "", "GBP", 100)]
    assert errors(send(paid(110, Section="2"), period=FEBRUARY)[0]) == []
    assert positions() == [("C1", "2", "GBP", 110)]


@pytest.mark.parametrize("name", ["Section", "Risk code"])
def test_a_part_that_comes_with_the_same_amount_is_filled_in(name: str) -> None:
    _, first = send(paid(25))
    _, second = send(paid(25, **{name: "1"}))
    send(paid(25, **{name: "2"}))
    column = "section" if name == "Section" else "risk_code"
    found = ClaimPosition.objects.order_by(column).values_list(column, "paid_indemnity")
    assert list(found) == [("1", 25), ("2", 25)]
    undo(CLAIMS, ingestion=first)
    assert list(found.all()) == [("1", 25), ("2", 25)]
    send(paid(25, **{name: "1"}))
    undo(CLAIMS, ingestion=second)
    assert list(found.all()) == [("1", 25), ("2", 25)]


def test_a_section_stays_while_another_file_tells_it() -> None:
    send(paid(100))
    _, february = send(paid(110, Section="1"), period=FEBRUARY)
    send(paid(120, Section="1"), period=MARCH)
    undo(CLAIMS, ingestion=february)
    assert positions() == [("C1", "1", "GBP", 120)]


def test_a_section_that_a_correction_told_goes_with_it() -> None:
    send(paid(100))
    _, correction = send(paid(110, Section="1"), conventions=CORRECTION)
    undo(CLAIMS, ingestion=correction)
    assert positions() == [("C1", "", "GBP", 100)]


def test_a_position_that_does_not_stand_is_no_second_one() -> None:
    _, january = send(paid(100))
    undo(CLAIMS, ingestion=january)
    send(paid(100, Section="1"))
    assert errors(send(paid(110), period=FEBRUARY)[0]) == []
    assert positions() == [("C1", "1", "GBP", 110)]


def test_a_section_of_a_position_that_does_not_stand_is_filled_in() -> None:
    _, january = send(paid(90, Section="1"))
    undo(CLAIMS, ingestion=january)
    send(paid(100))
    _, february = send(paid(110, Section="1"), period=FEBRUARY)
    assert positions() == [("C1", "1", "GBP", 110)]
    undo(CLAIMS, ingestion=february)
    assert positions() == [("C1", "", "GBP", 100)]
    assert ClaimPosition.all_objects.count() == 2


def test_one_file_with_and_without_a_section_is_asked() -> None:
    examined, _ = send(paid(100), paid(100, Section="1"))
    assert codes(examined) == [(2, UNCLEAR), (3, UNCLEAR)]
    assert positions() == []


@pytest.mark.parametrize("is_correction", [False, True])
@pytest.mark.parametrize("amount", ["Paid to date", "Paid this month"])
@pytest.mark.parametrize("first", ["1", ""])
def test_rows_with_and_without_a_section_do_not_add_up(
    first: str, amount: str, is_correction: bool
) -> None:
    """Also of a sender whose equal rows do: of a new claim they are held out alike."""
    send({amount: "100", "Reserve": "50", "Section": first})
    adds = Conventions(equal_rows_add=True, is_correction=is_correction)
    told = {amount: "130", "Reserve": "50"}
    rows = ({**told, "Section": "1"}, {**told, "Section": ""})
    day = JANUARY if is_correction else FEBRUARY
    examined, _ = send(*rows, period=day, conventions=adds)
    assert codes(examined) == [(2, UNCLEAR), (3, UNCLEAR)]
    found = examined.issues.filter(code=UNCLEAR)["message"].to_list()
    assert found == [
        "Rows 2, 3 mean one position and period, as some of them leave the section or "
        "risk code out that others tell. It is not clear whether they add up: write "
        "the section and the risk code in every row."
    ] * 2  # fmt: skip
    assert positions() == [("C1", first, "GBP", 100)]
    clear = {**told, "Section": "1"}
    assert errors(send(clear, clear, period=day, conventions=adds)[0]) == []
    whole = 260 + 100 * (amount == "Paid this month" and not is_correction)
    assert positions() == [("C1", "1", "GBP", whole)]


@pytest.mark.parametrize("adds", [False, True])
def test_rows_that_are_held_out_fill_in_no_section(adds: bool) -> None:
    send(paid(100))
    end = "Reporting period end"
    rows = (
        paid(130, **{"Section": "1", end: str(FEBRUARY)}),
        paid(140, **{"Section": "" if adds else "1", end: str(FEBRUARY)}),
        paid(150, **{"Section": "", end: str(MARCH)}),
    )
    how = Conventions(equal_rows_add=adds)
    examined, _ = send(*rows, period=None, conventions=how)
    code = UNCLEAR if adds else "conflicting_rows"
    assert codes(examined) == [(2, code), (3, code)]
    assert positions() == [("C1", "", "GBP", 150)]


def test_two_sections_of_one_file_are_two_positions() -> None:
    assert errors(send(paid(100, Section="1"), paid(50, Section="2"))[0]) == []
    assert positions() == [("C1", "1", "GBP", 100), ("C1", "2", "GBP", 50)]


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [
        ("Risk code", "UA", "ua"),
        ("Section", "1", "01"),
        ("Section", "1", "1.0"),
        ("Section", "Marine", "MARINE"),
    ],
)
def test_a_section_that_is_written_otherwise_is_asked(
    column: str, before: str, after: str
) -> None:
    send(paid(100, **{column: before}))
    examined, _ = send(paid(100, **{column: after}), period=FEBRUARY)
    assert codes(examined) == [(2, UNCLEAR)]
    assert [amount for *_, amount in positions()] == [Decimal(100)]


def test_periods_of_one_file_tell_one_section() -> None:
    end = "Reporting period end"
    rows = (
        paid(100, **{"Section": "1", end: str(JANUARY)}),
        paid(110, **{"Section": "1", end: str(FEBRUARY)}),
    )
    assert errors(send(*rows, period=None)[0]) == []
    assert positions() == [("C1", "1", "GBP", 110)]


def test_section_0_is_a_section() -> None:
    send(paid(100, Section="1"))
    examined, _ = send(paid(7, Section="0"))
    assert errors(examined) == []
    assert [(section, amount) for _, section, _, amount in positions()] == [
        ("0", Decimal(7)), ("1", Decimal(100)),
    ]  # fmt: skip


def test_an_untold_section_beside_another_is_asked() -> None:
    send(paid(10))
    _, february = send(paid(20, Section="1"), period=FEBRUARY)
    send(paid(5, Section="2"), period=MARCH)
    # An undo would refuse this, as would a load: such books are not made any more.
    Load.objects.filter(number=february).update(undone_at=timezone.now())
    with connection.cursor() as cursor:
        keys = list(ClaimPosition.all_objects.values_list("pk", flat=True))
        recompute(cursor, pl.Series(keys, dtype=pl.Int64))
    april = datetime.date(2026, 4, 30)
    examined, _ = send(paid(60), period=april)
    assert errors(examined) == [(2, "section", UNCLEAR)]
    clear, _ = send(paid(60), paid(6, Section="2"), period=april)
    assert errors(clear) == []
    assert sorted((section, amount) for _, section, _, amount in positions()) == [
        ("", Decimal(60)), ("2", Decimal(6)),
    ]  # fmt: skip
