"""A part of a premium's key that one row tells and another leaves out."""

import pytest

from importers.pipeline.undo import undo
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
PARTS = {
    "Section": ("section", "S1"),
    "Risk code": ("risk_code", "R1"),
    "Certificate": ("certificate_reference", "C1"),
    "Instalment": ("instalment_number", 1),
}


def row(gross: str, **cells: str) -> dict[str, str]:
    return {"Gross premium": gross, **cells}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_filled_in_when_it_is_told(name: str) -> None:
    column, value = PARTS[name]
    send(JANUARY, row("100"))
    examined, number = send(JANUARY, row("120", **{name: str(value)}))
    assert dict(examined.staged.rows) == {"updated": 1, "rejected": 0}
    assert said(examined) == [(2, "premium_changed", "Gross premium")]
    assert books(column) == [(120, value)]
    undo(PREMIUMS, ingestion=number)
    assert books(column) == [(100, None if column == "instalment_number" else "")]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_left_out_later_means_the_one_there_is(name: str) -> None:
    column, value = PARTS[name]
    first = send(JANUARY, row("100", **{name: str(value)}))[1]
    examined, _ = send(JANUARY, row("120"))
    assert dict(examined.staged.rows) == {"updated": 1, "rejected": 0}
    assert books(column) == [(120, value)]
    undo(PREMIUMS, ingestion=first)  # nobody that stands tells the part any more
    assert books(column) == [(120, None if column == "instalment_number" else "")]


def test_a_part_is_filled_in_by_a_late_file_too() -> None:
    early = ingestion_of(PREMIUMS)
    send(JANUARY, row("120"))
    late, _ = send(JANUARY, row("100", Section="S1"), number=early)
    assert dict(late.staged.rows) == {"unchanged": 1, "rejected": 0}
    assert books("section") == [(120, "S1")]
    undo(PREMIUMS, ingestion=early.pk)
    assert books("section") == [(120, "")]


@pytest.mark.parametrize("is_correction", [True, False])
def test_where_several_fit_it_is_asked(is_correction: bool) -> None:
    send(JANUARY, row("100", Section="S1"), row("50", Section="S2"))
    examined, _ = send(JANUARY, row("150"), is_correction=is_correction)
    assert said(examined) == [(2, "premium_unclear", "section")]
    assert dict(examined.staged.rows) == {"rejected": 1}
    assert books("section") == [(100, "S1"), (50, "S2")]


def test_what_to_do_where_several_fit() -> None:
    send(JANUARY, row("100", Section="S1"), row("50", Section="S2"))
    examined, _ = send(JANUARY, row("150"))
    assert examined.issues["message"].to_list() == [
        "It is not clear which premium of the books the row tells anew: certificate, "
        "section, risk code or instalment is written in one and not in the other, and "
        "several fit. Write them as before."
    ]


def test_two_rows_that_fill_in_the_same_are_asked() -> None:
    send(JANUARY, row("100"))
    examined, _ = send(JANUARY, row("60", Section="S1"), row("40", Section="S2"))
    assert said(examined) == [
        (2, "premium_unclear", "Section"),
        (3, "premium_unclear", "Section"),
    ]
    assert books("section") == [(100, "")]


def test_a_section_beside_one_that_was_filled_in_is_another() -> None:
    send(JANUARY, row("100"))
    send(JANUARY, row("60", Section="S1"))
    third = send(JANUARY, row("40", Section="S2"))[1]
    assert books("section") == [(40, "S2"), (60, "S1")]
    undo(PREMIUMS, ingestion=third)
    assert books("section") == [(60, "S1")]


def test_with_a_section_and_without_in_one_file_is_asked() -> None:
    examined, _ = send(
        JANUARY,
        row("100", Section="S1"),
        row("100"),
        row("7", **{"Policy No": "P2"}),
    )
    assert said(examined) == [
        (2, "premium_unclear", "Section"),
        (3, "premium_unclear", "Section"),
    ]
    assert examined.issues["message"].unique().to_list() == [
        "Rows 2, 3 tell a premium with certificate, section, risk code or instalment "
        "and without, and it is not clear whether it is the same. Write them in each "
        "of the rows."
    ]
    assert books() == [(7,)]


def test_instalments_and_periods_stay_apart() -> None:
    send(JANUARY, row("100", Instalment="1"), row("100", Instalment="2"))
    send(FEBRUARY, row("100"))
    assert books("instalment_number") == [(100, 1), (100, 2), (100, None)]


def test_a_correction_takes_the_place_of_what_its_sender_split_otherwise() -> None:
    send(JANUARY, row("100"))
    sections = (row("60", Section="S1"), row("40", Section="S2"))
    examined, second = send(JANUARY, *sections, is_correction=True)
    assert said(examined) == [(0, "correction_lacks", "")]
    assert books("section") == [(40, "S2"), (60, "S1")]
    undo(PREMIUMS, ingestion=second)
    assert books("section") == [(100, "")]


def test_a_correction_that_leaves_a_part_out_again_is_asked() -> None:
    """Once what told the parts is undone, it is clear."""
    first = send(JANUARY, row("60", Section="S1"), row("40", Section="S2"))[1]
    again, _ = send(JANUARY, row("110"), is_correction=True)
    assert said(again) == [(2, "premium_unclear", "section")]
    assert again.issues["message"].to_list() == [
        "It is not clear which premium of the books the row tells anew: certificate, "
        "section, risk code or instalment is written in one and not in the other, and "
        "several fit. Write them as before, or, if the row takes the place of all of "
        "them, have their file undone."
    ]
    assert books("section") == [(40, "S2"), (60, "S1")]
    undo(PREMIUMS, ingestion=first)
    third = send(JANUARY, row("110"), is_correction=True)[1]
    send(JANUARY, row("120", Section="S1"))
    assert books("section") == [(120, "S1")]
    undo(PREMIUMS, ingestion=third)
    assert books("section") == [(120, "S1")]


def test_a_correction_with_another_part_left_out_is_asked() -> None:
    parts = {"Certificate": "C1", "Risk code": "R1"}
    send(JANUARY, row("100", Section="S1"), row("50", Section="S2"))
    examined, _ = send(JANUARY, row("150", **parts), is_correction=True)
    assert said(examined) == [(2, "premium_unclear", "section")]
    assert books("section") == [(100, "S1"), (50, "S2")]


def test_what_a_correction_lacks_is_named_so_that_lines_differ() -> None:
    parts = {"Certificate": "C1", "Section": "S1", "Risk code": "R1"}
    lines = [row("100", Instalment=n, **parts) for n in ("1", "2", "3")]
    cancelled = {"Transaction type": "Cancellation", "Effective date": "2026-01-15"}
    send(JANUARY, *lines, row("-7.50", Instalment="3", **parts, **cancelled))
    examined, _ = send(JANUARY, lines[0], is_correction=True)
    names = [text.split(": told for")[0] for text in examined.issues["message"]]
    policy = "Premium of policy P1, certificate C1, section S1, risk code R1"
    assert sorted(names) == [
        f"{policy}, instalment 2, Original of 1 January 2026, 100.00 GBP",
        f"{policy}, instalment 3, Cancellation of 15 January 2026, -7.50 GBP",
        f"{policy}, instalment 3, Original of 1 January 2026, 100.00 GBP",
    ]


@pytest.mark.parametrize("name", ["Section", "Risk code", "Certificate"])
@pytest.mark.parametrize(("first", "second"), [("2", "02"), ("UA", "ua"), ("1", "1.0")])
def test_a_part_that_is_written_otherwise_is_asked(
    name: str, first: str, second: str
) -> None:
    column, _ = PARTS[name]
    send(JANUARY, row("1000", **{name: first}))
    examined, _ = send(JANUARY, row("1000", **{name: second}))
    assert [code for _, code, _ in said(examined)] == ["premium_unclear"]
    assert examined.issues["message"].to_list() == [
        f"“{second}” here and “{first}” in the books or in another row of the file may "
        "be the same certificate, section or risk code. Write it as before; two that "
        "are not the same have to differ by more than capitals and zeros."
    ]
    assert books(column) == [(1000, first)]


def test_a_part_that_one_file_writes_in_two_ways_is_asked() -> None:
    rows = (row("1000", Section="0"), row("1000", Section="02"))
    examined, _ = send(JANUARY, *rows, row("1000", Section="2"))
    assert said(examined) == [
        (3, "premium_unclear", "Section"),
        (4, "premium_unclear", "Section"),
    ]
    assert books("section") == [(1000, "0")]


def test_a_correction_may_write_a_part_otherwise() -> None:
    send(JANUARY, row("1000", Section="2"))
    send(JANUARY, row("1000", Section="02"), is_correction=True)
    assert books("section") == [(1000, "02")]


def test_a_file_that_makes_a_later_one_unclear_is_handed_in_anew() -> None:
    send(JANUARY, row("10", Section="1"))
    early = ingestion_of(PREMIUMS)
    late = send(JANUARY, row("11"))[1]
    examined, _ = send(JANUARY, row("5", Section="2"), number=early)
    assert said(examined) == [(2, "premium_unclear", "Section")]
    assert examined.issues["message"].to_list() == [
        f"Number {late} was received after this file and leaves certificate, section, "
        "risk code or instalment out: beside this row it would not be clear which "
        "premium that one tells. Hand this file in anew, so that it is the later one."
    ]
    send(JANUARY, row("5", Section="2"))
    assert books("section") == [(11, "1"), (5, "2")]


@pytest.mark.parametrize("untold", ["", "-"])
@pytest.mark.parametrize("is_correction", [False, True])
def test_a_row_without_a_type_is_no_original_beside_another(
    untold: str, *, is_correction: bool
) -> None:
    typed = "Transaction type"
    send(JANUARY, row("50", **{typed: "Additional"}))
    examined, _ = send(
        JANUARY, row("60", **{typed: untold}), is_correction=is_correction
    )
    assert said(examined) == [(2, "premium_unclear", typed)]
    assert examined.issues["message"].to_list() == [
        "The row does not tell the type; the books have this premium as “Additional”. "
        "Write the type: another one is premium beside it."
    ]
    assert books("transaction_type") == [(50, "ADDITIONAL")]


def test_a_row_without_a_type_is_no_original_beside_an_original_and_another() -> None:
    typed = "Transaction type"
    send(JANUARY, row("20", **{typed: "Additional"}), row("100"))
    examined, _ = send(JANUARY, row("70", **{typed: ""}))
    assert said(examined) == [(2, "premium_unclear", typed)]
    assert books("transaction_type") == [(100, "ORIGINAL"), (20, "ADDITIONAL")]


@pytest.mark.parametrize(("before", "here"), [("1", ""), ("", "1")])
def test_a_row_without_a_type_and_a_part_fits_another_type(
    before: str, here: str
) -> None:
    typed = "Transaction type"
    send(JANUARY, row("20", **{typed: "Additional", "Section": before}))
    examined, _ = send(JANUARY, row("70", **{typed: "", "Section": here}))
    assert said(examined) == [(2, "premium_unclear", typed)]
    assert books("transaction_type") == [(20, "ADDITIONAL")]


def test_a_row_without_a_type_is_the_original_that_stands() -> None:
    typed = "Transaction type"
    other = {typed: "Additional", "Section": "2"}
    send(JANUARY, row("20", **other), row("100", Section="1"))
    examined, _ = send(JANUARY, row("110", **{typed: "", "Section": "1"}))
    assert [code for _, code, _ in said(examined)] == ["premium_changed"]
    assert books("transaction_type") == [(110, "ORIGINAL"), (20, "ADDITIONAL")]


def test_rows_that_compete_for_one_premium_of_the_books_say_so() -> None:
    number = send(JANUARY, {"Gross premium": "10"})[1]
    rows = [
        {"Gross premium": gross, "Certificate reference": name}
        for gross, name in (("20", "C1"), ("30", "C2"))
    ]
    examined, _ = send(JANUARY, *rows)
    assert examined.issues.select("row", "column", "value", "code").rows() == [
        (2, "Certificate reference", "C1", "premium_unclear"),
        (3, "Certificate reference", "C2", "premium_unclear"),
    ]
    assert examined.issues["message"].unique().to_list() == [
        "Rows 2, 3 each fit the one premium of the books that leaves certificate out "
        f"(number {number}), and only one of them can be the same. If together they "
        "take its place, declare the file a correction; else have that premium "
        "corrected first, with certificate written."
    ]
    send(JANUARY, *rows, is_correction=True)
    assert books("certificate_reference") == [(20, "C1"), (30, "C2")]
