"""The claims ledger: periods, corrections, nothing counted twice."""

import datetime
from decimal import Decimal

import pytest

from importers import record_types
from importers.models import RowChange
from reinsurance.models import Claim, ClaimMovement, Treaty
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
JUNE, JULY = datetime.date(2026, 6, 30), datetime.date(2026, 7, 31)
BASE = ("UMR", "Claim Ref", "Date of Loss", "Currency", "Status")


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def send(
    columns: dict[str, str], *, period: datetime.date | None, claim: str = "C1"
) -> dict[str, int]:
    header = (*BASE, *columns)
    row = ["T1", claim, "2026-05-01", "GBP", "Open", *columns.values()]
    _, loaded, _ = run(Table(header, [row]), CLAIMS, period_end=period)
    return dict(loaded)


def position() -> tuple[Decimal, Decimal, Decimal]:
    claim = Claim.objects.get(reference="C1")
    return claim.paid_indemnity, claim.reserve_indemnity, claim.incurred


def ledger() -> list[tuple[datetime.date | None, str, str]]:
    return [
        (m.period_end, str(m.paid_indemnity), str(m.reserve_indemnity))
        for m in ClaimMovement.objects.order_by("id")
    ]


def test_payments_of_a_period_add_up_over_periods() -> None:
    june = {"Paid this month": "100", "Reserve": "500"}
    july = {"Paid this month": "50", "Reserve": "400"}
    assert send(june, period=JUNE) == {"created": 1}
    assert send(july, period=JULY) == {"updated": 1}
    assert position() == (Decimal(150), Decimal(400), Decimal(550))
    assert ledger() == [(JUNE, "100.00", "500.00"), (JULY, "50.00", "-100.00")]


def test_the_same_period_again_changes_nothing() -> None:
    june = {"Paid this month": "100", "Reserve": "500"}
    send(june, period=JUNE)
    assert send(june, period=JUNE) == {"unchanged": 1}
    assert position() == (Decimal(100), Decimal(500), Decimal(600))
    assert len(ledger()) == 1


def test_a_late_correction_counts_once() -> None:
    send({"Paid this month": "100", "Reserve": "500"}, period=JUNE)
    send({"Paid this month": "50", "Reserve": "500"}, period=JULY)
    send({"Paid this month": "80", "Reserve": "500"}, period=JUNE)
    assert position()[0] == Decimal(130)
    assert ledger() == [
        (JUNE, "100.00", "500.00"),
        (JULY, "50.00", "0.00"),
        (JUNE, "-20.00", "0.00"),
    ]


def test_amounts_to_date_replace_the_position() -> None:
    send({"Paid to date": "100", "Reserve": "500"}, period=JUNE)
    send({"Paid to date": "100", "Reserve": "450"}, period=JULY)
    assert position() == (Decimal(100), Decimal(450), Decimal(550))
    assert ledger()[1] == (JULY, "0.00", "-50.00")


def test_previously_and_this_month_make_the_position_to_date() -> None:
    send({"Previously Paid": "70", "Paid this month": "30"}, period=JUNE)
    assert position()[0] == Decimal(100)


def test_a_change_without_money_leaves_no_movement_but_lineage() -> None:
    send({"Paid to date": "100", "Insured": "Acme"}, period=JUNE)
    send({"Paid to date": "100", "Insured": "Acme Ltd"}, period=JULY)
    assert len(ledger()) == 1
    change = RowChange.objects.get(action="updated")
    assert change.before == {"insured_name": "Acme"}
    assert change.after == {"insured_name": "Acme Ltd"}


def test_columns_that_a_file_lacks_keep_their_values() -> None:
    send({"Paid to date": "100", "Insured": "Acme"}, period=JUNE)
    send({"Paid to date": "120"}, period=JULY)
    assert Claim.objects.get(reference="C1").insured_name == "Acme"
    assert position()[0] == Decimal(120)


def test_the_position_is_the_sum_of_the_movements() -> None:
    for amount, period in (("10", JUNE), ("20", JULY), ("15", JUNE), ("0", JULY)):
        send({"Paid this month": amount, "Reserve": amount}, period=period)
    assert sum(m.paid_indemnity for m in ClaimMovement.objects.all()) == position()[0]
    assert sum(m.reserve_indemnity for m in ClaimMovement.objects.all()) == 0


def test_a_movement_keeps_the_status_that_a_file_does_not_tell() -> None:
    send({"Paid to date": "100", "Reserve": "0"}, period=JUNE)
    Claim.objects.update(status_id="CLOSED")
    header = ("UMR", "Claim Ref", "Date of Loss", "Currency", "Paid to date")
    row = ["T1", "C1", "2026-05-01", "GBP", "120"]
    run(Table(header, [row]), CLAIMS, period_end=JULY)
    assert Claim.objects.get().status_id == "CLOSED"
    assert ClaimMovement.objects.latest("id").status_id == "CLOSED"
