"""A rate that a row leaves out is not exchanged for another one without a word."""

import datetime
from decimal import Decimal

import pytest
from django.db import transaction

from importers.exceptions import CountsTwice, LoadConflict
from importers.models import Source
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
APRIL = datetime.date(2026, 4, 30)

Cells = dict[str, str]
RATES = [
    ("Commission %", "Commission", "commission_rate"),
    ("Brokerage %", "Brokerage", "brokerage_rate"),
]


def row(gross: str, **cells: str) -> Cells:
    return {"Gross premium": gross, **cells}


@pytest.mark.parametrize(("rate", "amount", "stored"), RATES)
def test_an_undo_puts_no_other_rate_beside_later_amounts(
    rate: str, amount: str, stored: str
) -> None:
    send(JANUARY, row("100", **{rate: "20%", amount: "20"}))
    two = send(JANUARY, row("100", **{rate: "25%", amount: "25"}))[1]
    three = send(JANUARY, row("200", **{rate: "", amount: "50"}))[1]
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=two)
    assert str(caught.value) == (
        f"Policy P1 would not add up any more: {amount} 50.00 is not 0.20 of the gross "
        f"premium 200.00, as number {three} left “{rate}” out. Undo number {three} "
        "first."
    )
    assert books(stored) == [(200, Decimal("0.25"))]
    undo(PREMIUMS, ingestion=three)
    undo(PREMIUMS, ingestion=two)
    assert books(stored) == [(100, Decimal("0.2"))]


def settled(gross: str, net: str, rate: str, **cells: str) -> Cells:
    told = {"Settlement currency": "EUR", "Rate of exchange": rate}
    return row(gross, **told, **{"Net premium in settlement currency": net}, **cells)


def test_an_undo_puts_no_other_rate_of_exchange_beside_a_settled_amount() -> None:
    send(JANUARY, settled("100", "120", "1.2", **{"Net premium": "100"}))
    two = send(JANUARY, settled("100", "125", "1.25", **{"Net premium": "100"}))[1]
    three = send(JANUARY, settled("200", "250", "", **{"Net premium": "200"}))[1]
    with (
        pytest.raises(LoadConflict, match=f"as number {three} left") as caught,
        transaction.atomic(),
    ):
        undo(PREMIUMS, ingestion=two)
    assert "250.00 in settlement currency is not 200.00 at the rate 1.2" in str(
        caught.value
    )


def test_an_undo_puts_no_other_rate_beside_a_net_premium() -> None:
    send(JANUARY, row("100", **{"Commission %": "20%", "Net premium": "80"}))
    two = send(JANUARY, row("100", **{"Commission %": "25%", "Net premium": "75"}))[1]
    three = send(JANUARY, row("200", **{"Net premium": "150"}))[1]
    with (
        pytest.raises(LoadConflict, match=f"as number {three} left") as caught,
        transaction.atomic(),
    ):
        undo(PREMIUMS, ingestion=two)
    assert "Net premium 150.00 is not gross 200.00 less commission 40" in str(
        caught.value
    )


def test_a_rate_that_fits_the_later_amounts_as_well_comes_back() -> None:
    send(JANUARY, row("100", **{"Commission %": "20%", "Commission": "20"}))
    two = send(JANUARY, row("100", **{"Commission %": "20%", "Commission": "20"}))[1]
    send(JANUARY, row("200", Commission="40"))
    undo(PREMIUMS, ingestion=two)
    assert books("commission_rate") == [(200, Decimal("0.2"))]


@pytest.mark.parametrize(("rate", "amount", "stored"), RATES)
def test_a_late_row_puts_no_other_rate_beside_later_amounts(
    rate: str, amount: str, stored: str
) -> None:
    send(JANUARY, row("100", **{rate: "25%", amount: "25"}))
    late = ingestion_of(PREMIUMS, source_of(None))
    three = send(JANUARY, row("200", **{amount: "50"}))[1]
    told = row("100", **{rate: "20%", amount: "20"})
    examined, _ = send(JANUARY, told, number=late)
    code = f"{amount.lower()}_does_not_add_up"
    assert (2, code, rate) in said(examined)
    assert examined.issues.filter(code=code)["message"].to_list() == [
        f"Number {three} was received after this file and leaves “{rate}” out. With "
        f"what is told here: {amount} 50.00 is not 0.20 of the gross premium 200.00. "
        f"Leave the cell empty, or have that file handed in anew with “{rate}”."
    ]
    assert books(stored) == [(200, Decimal("0.25"))]


def test_a_late_net_rate_is_a_warning_as_at_a_row() -> None:
    late = ingestion_of(PREMIUMS, source_of(None))
    send(JANUARY, row("200", **{"Net premium": "150"}))
    told = row("100", **{"Commission %": "20%", "Net premium": "80"})
    examined, _ = send(JANUARY, told, number=late)
    [issue] = examined.issues.filter(code="net_does_not_add_up").to_dicts()
    assert (issue["severity"], issue["column"]) == ("warning", "Commission %")


@pytest.mark.parametrize("stands_then_alone", [False, True])
def test_a_list_of_the_year_does_not_lose_a_rate_between_two_others(
    *, stands_then_alone: bool
) -> None:
    source_of(None)
    Source.objects.update(premium_lists="year")
    lists = {"premium_lists": "year"}
    told = {"Commission %": "20%", "Commission": "20"}
    send(JANUARY, row("100", **told), **lists)
    told = {"Commission %": "25%", "Commission": "25"}
    two = send(FEBRUARY, row("100", **told), **lists)[1]
    three = send(MARCH, row("200", Commission="50"), **lists)[1]
    if stands_then_alone:
        whole = {"Commission %": "25%", "Commission": "50"}
        send(APRIL, row("200", **whole), **lists)
    with (
        pytest.raises(LoadConflict, match=f"as number {three} left"),
        transaction.atomic(),
    ):
        undo(PREMIUMS, ingestion=two)


def test_a_correction_takes_no_rate_from_what_another_sender_went_on_from() -> None:
    cedant, broker = (
        Source.objects.create(code=code, name=code) for code in ("CEDANT", "BROKER")
    )
    told = {"Commission %": "20%", "Commission": "20"}
    send(JANUARY, row("100", **told), source=broker)
    told = {"Commission %": "25%", "Commission": "25"}
    other = row("5", **{"Policy No": "P2"})
    send(JANUARY, row("100", **told), other, source=cedant)
    three = send(JANUARY, row("200", Commission="50"), source=broker)[1]
    with pytest.raises(CountsTwice) as caught:
        send(JANUARY, other, source=cedant, is_correction=True)
    assert str(caught.value) == (
        "Policy P1 would not add up any more: Commission 50.00 is not 0.20 of the "
        f"gross premium 200.00, as number {three} left “Commission %” out. This "
        f"correction leaves out what number {three} went on from: have that handed in "
        "anew with “Commission %”, or undo it first."
    )


def test_a_correction_brings_no_amount_back_under_another_gross_premium() -> None:
    cedant, broker = (
        Source.objects.create(code=code, name=code) for code in ("CEDANT", "BROKER")
    )
    send(JANUARY, row("100", Commission="20"), source=broker)
    other = row("5", **{"Policy No": "P2"})
    send(JANUARY, row("200", Commission="50"), other, source=cedant)
    three = send(JANUARY, row("200", Insured="Acme"), source=broker)[1]
    with pytest.raises(CountsTwice, match=f"number {three} left it out"):
        send(JANUARY, other, source=cedant, is_correction=True)
