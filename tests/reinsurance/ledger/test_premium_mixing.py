"""Amounts that would come under another one than they were told with are asked."""

import pytest
from django.db import transaction

from importers.exceptions import LoadConflict
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.premium_files import (
    JANUARY,
    PREMIUMS,
    books,
    said,
    send,
)

pytestmark = pytest.mark.django_db


def row(gross: str, **cells: str) -> dict[str, str]:
    return {"Gross premium": gross, **cells}


@pytest.mark.parametrize(
    ("name", "first", "second", "stored", "label"),
    [
        ("Commission", "25", "50", "commission", "Commission amount"),
        ("Brokerage", "10", "20", "brokerage", "Brokerage amount"),
        ("Taxes", "5", "10", "taxes", "Taxes and levies"),
    ],
)
def test_an_undo_brings_no_amount_back_under_another_gross_premium(
    name: str, first: str, second: str, stored: str, label: str
) -> None:
    send(JANUARY, row("100", **{name: first}))
    two = send(JANUARY, row("200", **{name: second}))[1]
    three = send(JANUARY, row("200", Insured="Acme"))[1]
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=two)
    assert str(caught.value) == (
        f"“{label}” of policy P1 would come back beside “Gross premium this time” "
        f"200.00, and was told with 100.00, as number {three} left it out. Undo number "
        f"{three} first."
    )
    undo(PREMIUMS, ingestion=three)
    undo(PREMIUMS, ingestion=two)
    assert books(stored) == [(100, int(first))]


def test_an_amount_comes_back_under_the_gross_premium_it_was_told_with() -> None:
    send(JANUARY, row("200", Commission="50"))
    two = send(JANUARY, row("200", Commission="60"))[1]
    send(JANUARY, row("200", Insured="Acme"))
    undo(PREMIUMS, ingestion=two)
    assert books("commission") == [(200, 50)]


def test_a_late_row_brings_no_amount_under_another_gross_premium() -> None:
    source = source_of(None)
    late = ingestion_of(PREMIUMS, source)
    number = send(JANUARY, row("200", Insured="Acme"))[1]
    examined, _ = send(
        JANUARY,
        row("100", Commission="25"),
        row("70", Commission="7", **{"Policy No": "P2"}),
        number=late,
    )
    assert said(examined)[:1] == [(2, "amounts_left_out", "Commission")]
    assert examined.issues.filter(code="amounts_left_out")["message"].to_list() == [
        f"Number {number} was received after this file, has “Gross premium this time” "
        "200.00 and leaves “Commission amount” out, which is told here with 100.00. "
        "Leave the cell empty, or have that file handed in anew with “Commission "
        "amount”."
    ]
    assert books("commission", "insured_name") == [(200, None, "Acme"), (70, 7, "")]


def test_a_late_row_fills_in_what_the_later_file_left_out() -> None:
    late = ingestion_of(PREMIUMS, source_of(None))
    send(JANUARY, row("200", Insured="Acme"))
    send(JANUARY, row("200", Commission="50"), number=late)
    assert books("commission", "insured_name") == [(200, 50, "Acme")]


def test_a_late_row_under_amounts_told_anew_is_history_alone() -> None:
    late = ingestion_of(PREMIUMS, source_of(None))
    send(JANUARY, row("200", Commission="50"))
    examined, _ = send(JANUARY, row("100", Commission="25"), number=late)
    assert examined.issues.filter(severity="error").is_empty()
    assert books("commission") == [(200, 50)]


def test_a_late_row_at_100_percent_does_not_fill_our_share() -> None:
    late = ingestion_of(PREMIUMS, source_of(None))
    send(JANUARY, row("200", **{"Amounts are": "Our share"}))
    examined, _ = send(
        JANUARY,
        row("400", **{"Amounts are": "100%", "Commission": "100"}),
        number=late,
    )
    assert "amounts_left_out" in examined.issues["code"].to_list()
    assert books("commission", "amounts_are") == [(200, None, "ours")]
