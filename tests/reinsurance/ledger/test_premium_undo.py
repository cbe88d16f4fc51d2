"""Premiums whose load is undone: what others told is read as it was, or it is asked."""

import pytest
from django.db import transaction

from importers.exceptions import LoadConflict
from importers.pipeline.undo import undo
from reinsurance.models import PremiumEntry
from tests.reinsurance.ledger.premium_files import JANUARY, PREMIUMS, books, send

pytestmark = pytest.mark.django_db
PARTS = {
    "Section": "section",
    "Risk code": "risk_code",
    "Certificate": "certificate_reference",
    "Instalment": "instalment_number",
}


def row(gross: str, **cells: str) -> dict[str, str]:
    return {"Gross premium": gross, **cells}


@pytest.mark.parametrize("name", PARTS)
def test_a_row_that_would_fit_several_is_undone_first(name: str) -> None:
    send(JANUARY, row("1000", **{name: "1"}), row("500", **{name: "2"}))
    second = send(JANUARY, row("1000", **{name: "1"}), is_correction=True)[1]
    third = send(JANUARY, row("1100"))[1]
    assert [gross for gross, *_ in books()] == [1100]
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=second)
    assert str(caught.value) == (
        "It would not be clear any more which premium of policy P1 number "
        f"{third} tells anew: certificate, section, risk code or instalment is written "
        f"in one file and not in another. Undo number {third} first."
    )


def test_once_the_other_is_undone_it_is_clear() -> None:
    send(JANUARY, row("1000", Section="1"), row("500", Section="2"))
    second = send(JANUARY, row("1000", Section="1"), is_correction=True)[1]
    third = send(JANUARY, row("1100"))[1]
    undo(PREMIUMS, ingestion=third)
    undo(PREMIUMS, ingestion=second)
    assert books("section") == [(1000, "1"), (500, "2")]


@pytest.mark.parametrize("name", PARTS)
def test_what_was_told_apart_stays_apart(name: str) -> None:
    untold = None if name == "Instalment" else ""
    two = 2 if name == "Instalment" else "2"
    send(JANUARY, row("700"))
    second = send(JANUARY, row("710", **{name: "1"}))[1]
    third = send(JANUARY, row("50", **{name: "2"}))[1]
    undo(PREMIUMS, ingestion=second)
    assert books(PARTS[name]) == [(50, two), (700, untold)]
    again = send(JANUARY, row("720", **{name: "1"}))[1]
    assert [gross for gross, *_ in books()] == [50, 720]
    undo(PREMIUMS, ingestion=again)
    assert [gross for gross, *_ in books()] == [50, 700]
    undo(PREMIUMS, ingestion=third)
    assert books(PARTS[name]) == [(700, untold)]


def test_each_of_them_is_told_anew_as_before() -> None:
    send(JANUARY, row("700"))
    second = send(JANUARY, row("710", Section="1"))[1]
    send(JANUARY, row("50", Section="2"))
    undo(PREMIUMS, ingestion=second)
    send(JANUARY, row("800"))
    assert books("section") == [(50, "2"), (800, "")]
    examined, _ = send(JANUARY, row("60", Section="2"))
    assert dict(examined.staged.rows) == {"updated": 1, "rejected": 0}
    assert books("section") == [(60, "2"), (800, "")]


def test_an_undo_leaves_what_others_told() -> None:
    first = send(JANUARY, row("700", Section="1"))[1]
    send(JANUARY, row("710"))
    send(JANUARY, row("50", Section="2"))
    undo(PREMIUMS, ingestion=first)
    assert books("section") == [(50, "2"), (710, "")]
    send(JANUARY, row("55", Section="2"))
    assert books("section") == [(55, "2"), (710, "")]


def test_what_was_told_apart_stays_apart_where_it_was_repeated() -> None:
    send(JANUARY, row("700"))
    second = send(JANUARY, row("710", Section="1"))[1]
    third = send(JANUARY, row("50", Section="2"))[1]
    undo(PREMIUMS, ingestion=second)
    examined, _ = send(JANUARY, row("50", Section="2"))
    assert dict(examined.staged.rows) == {"unchanged": 1, "rejected": 0}
    assert PremiumEntry.objects.count() == 2
    undo(PREMIUMS, ingestion=third)
    assert books("section") == [(50, "2"), (700, "")]


def test_what_a_correction_left_out_is_not_joined_with_what_came_since() -> None:
    send(JANUARY, row("100"))
    sections = (row("60", Section="1"), row("40", Section="2"))
    second = send(JANUARY, *sections, is_correction=True)[1]
    third = send(JANUARY, row("65", Section="1"))[1]
    with (
        pytest.raises(LoadConflict, match=rf"Undo number {third} first\.$"),
        transaction.atomic(),
    ):
        undo(PREMIUMS, ingestion=second)
    undo(PREMIUMS, ingestion=third)
    undo(PREMIUMS, ingestion=second)
    assert books("section") == [(100, "")]


def test_a_part_written_otherwise_does_not_come_back_beside() -> None:
    send(JANUARY, row("1000", Section="2"), row("7", Section="8"))
    second = send(JANUARY, row("7", Section="8"), is_correction=True)[1]
    third = send(JANUARY, row("1000", Section="02"))[1]
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=second)
    assert str(caught.value) == (
        f"Premium may count twice: “2” would come back beside “02” of number {third}, "
        "which may be the same certificate, section or risk code. Undo number "
        f"{third} first."
    )
    assert books("section") == [(1000, "02"), (7, "8")]
