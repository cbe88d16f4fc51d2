"""Sums of premium before the approval: those at 100 % and of our share stand apart."""

import pytest

from importers.admin import page
from importers.models import Ingestion, Source
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    PREMIUMS,
    books,
    said,
    send,
)
from tests.reinsurance.ledger.test_premium_shares import row

pytestmark = pytest.mark.django_db
WHOLE, OURS, PLAIN = "premium GBP at 100 %", "premium GBP our share", "premium GBP"


def test_amounts_at_both_shares_are_two_sums() -> None:
    examined, _ = send(
        JANUARY,
        row("100", "100%"),
        row("50", "Our share", "P2"),
        row("7", "", "P3"),
        row("1", "100%", "P4"),
    )
    assert examined.staged.effect.moves == {WHOLE: 101, OURS: 50, PLAIN: 7}
    assert examined.staged.totals == {
        "GBP at 100 %": {"rows": 2, "gross_premium": "101.0000"},
        "GBP our share": {"rows": 1, "gross_premium": "50.0000"},
        "GBP": {"rows": 1, "gross_premium": "7.0000"},
    }


def test_the_sums_of_many_chunks_are_one_for_each_share() -> None:
    rows = [row("1", ("100%", "Our share")[n % 2], f"P{n}") for n in range(20)]
    examined, _ = send(JANUARY, *rows)
    assert examined.staged.effect.moves == {WHOLE: 10, OURS: 10}
    assert {n: t["rows"] for n, t in examined.staged.totals.items()} == {
        "GBP at 100 %": 10,
        "GBP our share": 10,
    }


def test_a_sender_who_tells_our_share_need_not_say_it_in_a_column() -> None:
    cells = {"Gross premium": "50"}
    examined, _ = send(JANUARY, cells, premium_amounts_are="ours")
    assert examined.staged.effect.moves == {OURS: 50}
    assert list(examined.staged.totals) == ["GBP our share"]


def test_a_correction_from_the_whole_to_our_share_takes_the_one_away() -> None:
    send(JANUARY, row("100", "100%"))
    examined, _ = send(JANUARY, row("50", "Our share"), is_correction=True)
    assert examined.staged.effect.moves == {WHOLE: -100, OURS: 50}


def test_a_share_that_was_not_known_is_another_sum_from_then_on() -> None:
    send(JANUARY, row("800", ""))
    examined, _ = send(JANUARY, row("800", "Our share"))
    assert examined.staged.effect.moves == {PLAIN: -800, OURS: 800}


def test_a_row_that_does_not_say_it_has_the_share_of_what_it_replaces() -> None:
    send(JANUARY, row("600", "Our share"))
    examined, _ = send(JANUARY, row("640", ""))
    assert examined.staged.effect.moves == {OURS: 40}
    assert books("amounts_are") == [(640, "ours")]


def test_what_a_correction_leaves_out_is_taken_from_its_own_share() -> None:
    send(JANUARY, row("100", "100%"), row("50", "Our share", "P2"), row("7", "", "P3"))
    kept = row("9", "", "P4")
    examined, _ = send(JANUARY, kept, is_correction=True)
    moves = {n: a for n, a in examined.staged.effect.moves.items() if a}
    assert moves == {WHOLE: -100, OURS: -50, PLAIN: 2}


def test_rows_that_add_up_replace_those_of_their_own_share() -> None:
    send(JANUARY, row("1", "100%"), row("2", "100%"), equal_rows_add=True)
    again = [row("5", "100%"), row("6", "100%"), row("7", "100%")]
    examined, _ = send(JANUARY, *again, equal_rows_add=True)
    assert examined.staged.effect.moves == {WHOLE: 15}


def test_the_page_has_a_column_for_each_share() -> None:
    examined, number = send(JANUARY, row("100", "100%"), row("50", "Our share", "P2"))
    ingestion = Ingestion.objects.get(pk=number)
    ingestion.totals = examined.staged.totals
    moves = {n: str(a) for n, a in examined.staged.effect.moves.items()}
    ingestion.effect_parts = {"effect": {"moves": moves}}
    assert page.moves(ingestion)["currencies"] == ["GBP at 100 %", "GBP our share"]
    assert page.moves(ingestion)["rows"] == [
        {"label": "Gross premium", "sums": ["+100.00", "+50.00"]}
    ]
    assert page.totals(ingestion, PREMIUMS) == {
        "currencies": ["GBP at 100 %", "GBP our share"],
        "rows": [
            {"label": "Rows", "sums": ["1", "1"]},
            {"label": "Gross premium this time", "sums": ["100.00", "50.00"]},
        ],
    }


# ------------------------------------------------------------- rows that add up
def test_rows_that_add_up_are_told_at_one_share() -> None:
    examined, _ = send(
        JANUARY,
        row("100", "100%"),
        row("50", "Our share"),
        row("60", "Our share"),
        row("7", "100%", "P2"),
        row("8", "100%", "P2"),
        equal_rows_add=True,
    )
    assert said(examined) == [(n, "conflicting_rows", "Amounts are") for n in (2, 3, 4)]
    assert set(examined.issues["message"]) == {
        "Rows 2, 3, 4 tell the same premium of the period, some at 100 % and some our "
        "share: they are never added up. Tell all of them at the same share."
    }
    assert books("amounts_are") == [(7, "whole"), (8, "whole")]


def test_rows_that_do_not_say_the_share_wait_for_those_that_contradict() -> None:
    examined, _ = send(
        JANUARY,
        row("100", "100%"),
        row("50", "Our share"),
        row("60", ""),
        equal_rows_add=True,
    )
    assert [code for _, code, _ in said(examined)] == [
        "conflicting_rows",
        "conflicting_rows",
        "waits_for_row",
    ]
    assert books() == []


@pytest.mark.parametrize("shares", [("100%", "100%"), ("100%", ""), ("", "")])
def test_rows_that_add_up_at_one_share_are_loaded(shares: tuple[str, str]) -> None:
    rows = [row(str(n), share) for n, share in enumerate(shares, start=1)]
    examined, _ = send(JANUARY, *rows, equal_rows_add=True)
    assert said(examined) == []
    assert books() == [(1,), (2,)]


# ----------------------------------------------------- amounts that are in no sum
@pytest.mark.parametrize(
    "column", ["Total gross written premium", "Sum insured", "Deductible"]
)
def test_an_amount_that_is_part_of_no_sum_warns_where_it_changes(column: str) -> None:
    def told(amount: str) -> dict[str, str]:
        return {"Gross premium": "100", column: amount, "Sum insured currency": "GBP"}

    send(JANUARY, told("500"))
    again, second = send(JANUARY, told("500"), is_additional=True)
    assert said(again) == []
    examined, _ = send(JANUARY, told("700"), is_additional=True)
    assert said(examined) == [(2, "premium_changed", column)]
    assert examined.issues["message"][0] == (
        f"{column}: 700.00 replaces 500.00 of number {second} for the same transaction "
        "and period."
    )


def test_a_late_list_says_that_it_changes_a_sum_insured_as_at_its_own_day() -> None:
    def told(amount: str, **more: str) -> dict[str, str]:
        return {"Gross premium": "100", "Sum insured": amount, **more}

    source = Source.objects.create(code="S", name="S", premium_lists="year")
    options = {"source": source, "premium_lists": "year", "equal_rows_add": True}
    two = [told("500", Insured="A"), told("300", Insured="B")]
    send(JANUARY, *two, **options)
    send(FEBRUARY, *two, **options)
    late = [two[0], told("400", Insured="B")]
    examined, _ = send(JANUARY, *late, **options)
    found = examined.issues.filter(code="premium_changed")
    assert [m.split(" of number")[0] for m in found["message"]] == [
        "Sum insured: 400.00 replaces 300.00"
    ]
