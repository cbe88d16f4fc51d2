"""What a file that comes late fills in of a later one is said as what it changes."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.db import transaction

from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.models import Treaty
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    PREMIUMS,
    books,
    said,
    send,
)

pytestmark = pytest.mark.django_db
Cells = dict[str, str]
ACME = {"Insured": "Acme"}


def row(gross: str, commission: str = "", net: str = "", **cells: str) -> Cells:
    told = {"Gross premium": gross, "Commission": commission, "Net premium": net}
    return {**{n: text for n, text in told.items() if text}, **cells}


def waiting(source: Source | None = None) -> Any:
    """The number of a file that is received now, and loaded later."""
    return ingestion_of(PREMIUMS, source or source_of(None))


def changes(examined: Examined) -> list[str]:
    return examined.issues.filter(code="premium_changed")["message"].to_list()


def test_amounts_that_it_replaces_are_warnings() -> None:
    one = send(JANUARY, row("100", "20", "80"))[1]
    late = waiting()
    send(JANUARY, row("100", **ACME), is_additional=True)
    examined, _ = send(JANUARY, row("100", "25", "75"), number=late, is_additional=True)
    assert +examined.staged.rows == {"updated": 1}
    where = f"of number {one} for the same transaction and period."
    assert changes(examined) == [
        f"Commission amount: 25.00 replaces 20.00 {where}",
        f"Net premium: 75.00 replaces 80.00 {where}",
    ]
    [shown] = examined.staged.preview
    assert shown["changes"] == [
        ["Commission amount", "20.00", "25.00"],
        ["Net premium", "80.00", "75.00"],
    ]
    assert books("commission", "net_premium", "insured_name") == [(100, 25, 75, "Acme")]


def test_what_it_fills_in_is_an_update() -> None:
    late = waiting()
    three = send(JANUARY, row("100", **ACME))[1]
    examined, _ = send(JANUARY, row("100", "25", "75"), number=late)
    assert +examined.staged.rows == {"updated": 1}
    where = f"of number {three} for the same transaction and period."
    assert changes(examined) == [
        f"Commission amount: 25.00 replaces nothing {where}",
        f"Net premium: 75.00 replaces nothing {where}",
    ]
    assert books("commission", "net_premium") == [(100, 25, 75)]


def test_a_cell_that_the_later_file_tells_is_no_change() -> None:
    late = waiting()
    send(JANUARY, row("100", "20"))
    examined, _ = send(JANUARY, row("100", "25", **ACME), number=late)
    assert changes(examined) == []
    [shown] = examined.staged.preview
    assert shown["changes"] == [["Insured", "", "Acme"]]
    assert books("commission", "insured_name") == [(100, 20, "Acme")]


def test_what_fills_in_nothing_is_unchanged() -> None:
    late = waiting()
    send(JANUARY, row("100", "20"))
    examined, _ = send(JANUARY, row("90", "25"), number=late)
    assert +examined.staged.rows == {"unchanged": 1}
    assert books("commission") == [(100, 20)]


def test_a_settlement_currency_is_a_warning() -> None:
    settled = {"Settlement currency": "USD", "Rate of exchange": "1.2"}
    first = row("1000", "200", "800", **settled)
    send(JANUARY, {**first, "Net premium in settlement currency": "960"})
    late = waiting()
    send(JANUARY, row("1000"), is_additional=True)
    told = {**settled, "Settlement currency": "EUR", "Rate of exchange": "1.1"}
    told["Net premium in settlement currency"] = "825"
    examined, _ = send(
        JANUARY, row("1000", "250", "750", **told), number=late, is_correction=True
    )
    assert len(changes(examined)) == 4
    assert any("EUR replaces USD" in text for text in changes(examined))
    assert books("settlement_currency_id", "net_premium") == [(1000, "EUR", 750)]


def income(examined: Examined) -> list[str]:
    found = examined.issues.filter(code="above_premium_income_limit")
    return found["severity"].to_list()


def test_a_share_that_it_fills_in_counts_towards_the_limit() -> None:
    Treaty.objects.create(
        reference="T1",
        treaty_type="QS",
        currency_id="GBP",
        premium_income_limit=Decimal(500),
    )
    ours = {"Amounts are": "our share"}
    send(JANUARY, row("450", **ours, **{"Policy No": "P5"}))
    late = waiting()
    send(FEBRUARY, row("100"))
    examined, _ = send(FEBRUARY, row("100", **ours), number=late)
    assert income(examined) == ["breach"]
    assert examined.staged.effect.moves == {
        "premium GBP": -100,
        "premium GBP our share": 100,
    }
    assert books("amounts_are") == [(100, "ours"), (450, "ours")]


def test_a_share_that_it_turns_is_held_out() -> None:
    send(JANUARY, row("100", **{"Amounts are": "100%"}))
    late = waiting()
    send(JANUARY, row("100", **ACME), is_additional=True)
    examined, _ = send(JANUARY, row("100", **{"Amounts are": "our share"}), number=late)
    assert (2, "share_changed", "Amounts are") in said(examined)
    assert books("amounts_are") == [(100, "whole")]


def test_a_late_list_fills_in_what_a_later_list_leaves_out() -> None:
    source_of(None)
    Source.objects.update(premium_lists="year")
    lists = {"premium_lists": "year"}
    send(FEBRUARY, row("100"), **lists)
    examined, number = send(JANUARY, row("100", "20", "80"), **lists)
    assert +examined.staged.rows == {"updated": 1}
    assert books("commission", "net_premium") == [(100, 20, 80)]
    with transaction.atomic():
        undo(PREMIUMS, ingestion=number)
        assert books("commission", "net_premium") == [(100, None, None)]
        transaction.set_rollback(True)
    correction, _ = send(JANUARY, row("100", "30", "70"), **lists, is_correction=True)
    assert +correction.staged.rows == {"updated": 1}
    assert f"Commission amount: 30.00 replaces 20.00 of number {number}" in "".join(
        changes(correction)
    )
    assert books("commission", "net_premium") == [(100, 30, 70)]


def test_rows_that_add_up_fill_in_their_own() -> None:
    late = waiting()
    rows = [row("10"), row("10"), row("10")]
    send(JANUARY, *rows, equal_rows_add=True)
    told = [row("10", "1"), row("10", "2")]
    examined, _ = send(JANUARY, *told, number=late, equal_rows_add=True)
    assert +examined.staged.rows == {"updated": 2}
    assert sorted(books("commission"), key=str) == [(10, 1), (10, 2), (10, None)]
    assert not examined.staged.effect.moves
    assert examined.issues.filter(pl.col("severity") == "error").is_empty()


def test_one_of_the_late_rows_is_that_of_the_later_file() -> None:
    Treaty.objects.create(
        reference="T1",
        treaty_type="QS",
        currency_id="GBP",
        premium_income_limit=Decimal(500),
    )
    late = waiting()
    other = row("300", **{"Policy No": "P2"})
    send(JANUARY, row("300"), other, equal_rows_add=True)
    told = [row("200"), row("300")]
    examined, _ = send(JANUARY, *told, number=late, equal_rows_add=True)
    assert +examined.staged.rows == {"unchanged": 2}
    assert changes(examined) == []
    assert income(examined) == ["breach"]
    assert books() == [(300,), (300,)]
