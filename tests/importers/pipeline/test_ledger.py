"""Claims files through the stages, one after the other: the books as they stand."""

import datetime
from decimal import Decimal

import pytest

from importers import record_types
from importers.pipeline.undo import undo
from reinsurance.ledger import books
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    LineageRange,
    Treaty,
)
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
JUNE, JULY = datetime.date(2026, 6, 30), datetime.date(2026, 7, 31)
BASE = ("UMR", "Claim Ref", "Date of Loss", "Currency", "Status")


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def send(
    columns: dict[str, str],
    *,
    period: datetime.date | None,
    claim: str = "C1",
    conventions: Conventions | None = None,
) -> tuple[dict[str, int], int]:
    """Rows by action, and the number of the file."""
    header = (*BASE, *columns)
    row = ["T1", claim, "2026-05-01", "GBP", "Open", *columns.values()]
    _, loaded, ingestion = run(
        Table(header, [row]), CLAIMS, period_end=period, conventions=conventions
    )
    return dict(loaded), ingestion.pk


def position() -> tuple[Decimal, Decimal, Decimal]:
    held = ClaimPosition.objects.get(claim__reference="C1")
    return held.paid_indemnity, held.reserve_indemnity, held.incurred


def ledger() -> list[tuple[datetime.date | None, Decimal, Decimal]]:
    """By how much paid and reserve changed, by period."""
    keys = list(ClaimPosition.objects.values_list("pk", flat=True))
    nil = Decimal(0)
    return [
        (
            moved.period_end,
            moved.amounts.get("paid_indemnity", nil),
            moved.amounts.get("reserve_indemnity", nil),
        )
        for moved in books.movements(keys)
    ]


def test_payments_of_a_period_add_up_over_periods() -> None:
    june = {"Paid this month": "100", "Reserve": "500"}
    july = {"Paid this month": "50", "Reserve": "400"}
    assert send(june, period=JUNE)[0] == {"created": 1}
    assert send(july, period=JULY)[0] == {"updated": 1}
    assert position() == (150, 400, 550)
    assert ledger() == [(JUNE, 100, 500), (JULY, 50, -100)]


def test_the_same_period_again_changes_nothing() -> None:
    june = {"Paid this month": "100", "Reserve": "500"}
    send(june, period=JUNE)
    assert send(june, period=JUNE)[0] == {"unchanged": 1}
    assert position() == (100, 500, 600)
    assert ClaimStatement.objects.count() == 1
    assert LineageRange.objects.filter(action="repeated").count() == 1


def test_a_late_correction_counts_once() -> None:
    send({"Paid this month": "100", "Reserve": "500"}, period=JUNE)
    send({"Paid this month": "50", "Reserve": "500"}, period=JULY)
    send({"Paid this month": "80", "Reserve": "500"}, period=JUNE)
    assert position()[0] == 130
    assert ledger() == [(JUNE, 80, 500), (JULY, 50, 0)]


def test_amounts_to_date_replace_the_position() -> None:
    send({"Paid to date": "100", "Reserve": "500"}, period=JUNE)
    send({"Paid to date": "100", "Reserve": "450"}, period=JULY)
    assert position() == (100, 450, 550)
    assert ledger() == [(JUNE, 100, 500), (JULY, 0, -50)]


def test_previously_and_this_month_make_the_position_to_date() -> None:
    send({"Previously Paid": "70", "Paid this month": "30"}, period=JUNE)
    assert position()[0] == 100
    assert ledger() == [(datetime.date(2026, 5, 31), 70, 0), (JUNE, 30, 0)]


def test_columns_that_a_file_lacks_keep_their_values() -> None:
    send({"Paid to date": "100", "Insured": "Acme"}, period=JUNE)
    send({"Paid to date": "120"}, period=JULY)
    assert Claim.objects.get(reference="C1").insured_name == "Acme"
    assert position()[0] == 120


def test_the_position_is_the_sum_of_the_movements() -> None:
    for amount, period in (("10", JUNE), ("20", JULY), ("15", JUNE), ("0", JULY)):
        send({"Paid this month": amount, "Reserve": amount}, period=period)
    assert position() == (15, 0, 15)
    assert ledger() == [(JUNE, 15, 15), (JULY, 0, -15)]


def test_a_status_that_a_file_does_not_tell_stays() -> None:
    send({"Paid to date": "100", "Reserve": "0"}, period=JUNE)
    header = ("UMR", "Claim Ref", "Date of Loss", "Currency", "Status", "Paid to date")
    for status in ("Closed", ""):
        row = ["T1", "C1", "2026-05-01", "GBP", status, "120"]
        run(Table(header, [row]), CLAIMS, period_end=JULY)
    assert Claim.objects.get().status_id == "CLOSED"
    assert ClaimPosition.objects.get().status_id == "CLOSED"


def test_an_undone_load_leaves_no_trace_and_what_is_loaded_again_counts_once() -> None:
    july = {"Paid this month": "50", "Reserve": "350"}
    send({"Paid this month": "100", "Reserve": "400"}, period=JUNE)
    number = send(july, period=JULY)[1]
    undo(CLAIMS, ingestion=number)
    assert position() == (100, 400, 500)
    assert ledger() == [(JUNE, 100, 400)]
    send(july, period=JULY)
    assert position() == (150, 350, 500)


@pytest.mark.parametrize("undone", [0, 1])
def test_of_a_file_sent_twice_the_other_stays(undone: int) -> None:
    june = {"Paid this month": "100", "Reserve": "500"}
    numbers = [send(june, period=JUNE)[1] for _ in range(2)]
    undo(CLAIMS, ingestion=numbers[undone])
    assert position() == (100, 500, 600)
    undo(CLAIMS, ingestion=numbers[1 - undone])
    assert not Claim.objects.exists()
    assert not ClaimPosition.objects.exists()
    assert Claim.all_objects.count() == 1


def test_a_correction_leaves_out_what_it_lacks_and_its_undo_brings_it_back() -> None:
    correction = Conventions(is_correction=True)
    for claim in ("C1", "C2"):
        send({"Paid to date": "100"}, period=JUNE, claim=claim)
    number = send(
        {"Paid to date": "5"}, period=JUNE, claim="C3", conventions=correction
    )[1]
    assert set(Claim.objects.values_list("reference", flat=True)) == {"C3"}
    undo(CLAIMS, ingestion=number)
    assert set(Claim.objects.values_list("reference", flat=True)) == {"C1", "C2"}
    assert position()[0] == 100
