"""A row that fills in a part of the key and says the same else is no repeat."""

import pytest
from django.utils import timezone

from importers.models import Source
from importers.pipeline.undo import undo
from reinsurance.ledger.premium_known import known_premiums, moment_of
from reinsurance.models import PremiumEntry, Treaty
from tests.reinsurance.ledger.premium_files import (
    JANUARY,
    PREMIUMS,
    books,
    said,
    send,
)

pytestmark = pytest.mark.django_db
PARTS = {
    "Section": ("section", "1", "2"),
    "Risk code": ("risk_code", "1", "2"),
    "Certificate": ("certificate_reference", "1", "2"),
    "Instalment": ("instalment_number", 1, 2),
}


def row(gross: str, **cells: str) -> dict[str, str]:
    return {"Gross premium paid this time": gross, **cells}


@pytest.mark.parametrize("second", ["25", "30"])
@pytest.mark.parametrize("name", PARTS)
def test_the_next_part_is_premium_beside_it(name: str, second: str) -> None:
    column, one, two = PARTS[name]
    send(JANUARY, row("25"))
    filled, _ = send(JANUARY, row("25", **{name: "1"}))
    assert dict(filled.staged.rows) == {"updated": 1, "rejected": 0}
    assert said(filled) == []
    assert books(column) == [(25, one)]
    examined, _ = send(JANUARY, row(second, **{name: "2"}))
    assert dict(examined.staged.rows) == {"created": 1, "rejected": 0}
    assert said(examined) == []
    assert books(column) == [(25, one), (int(second), two)]


@pytest.mark.parametrize("name", PARTS)
def test_it_is_told_as_long_as_its_file_stands(name: str) -> None:
    column, one, _ = PARTS[name]
    untold = None if name == "Instalment" else ""
    first = send(JANUARY, row("25"))[1]
    second = send(JANUARY, row("25", **{name: "1"}))[1]
    undo(PREMIUMS, ingestion=second)
    assert books(column) == [(25, untold)]
    second = send(JANUARY, row("25", **{name: "1"}))[1]
    undo(PREMIUMS, ingestion=first)
    assert books(column) == [(25, one)]
    again, _ = send(JANUARY, row("25", **{name: "1"}))
    assert dict(again.staged.rows) == {"unchanged": 1, "rejected": 0}
    assert PremiumEntry.all_objects.count() == 3
    undo(PREMIUMS, ingestion=second)
    assert books(column) == [(25, one)]


def test_one_file_with_both_after_it() -> None:
    send(JANUARY, row("25"))
    send(JANUARY, row("25", Section="1"))
    examined, _ = send(JANUARY, row("25", Section="1"), row("25", Section="2"))
    assert dict(examined.staged.rows) == {"unchanged": 1, "created": 1, "rejected": 0}
    assert books("section") == [(25, "1"), (25, "2")]


def test_each_policy_by_itself() -> None:
    other = {"Policy No": "P2"}
    send(JANUARY, row("25"), row("7", **other))
    examined, _ = send(JANUARY, row("25", Section="1"), row("7", **other))
    assert dict(examined.staged.rows) == {"updated": 1, "unchanged": 1, "rejected": 0}
    send(JANUARY, row("30", Section="2"), row("7", Section="2", **other))
    assert books("policy_reference", "section") == [
        (25, "P1", "1"),
        (30, "P1", "2"),
        (7, "P2", "2"),
    ]


def test_another_sender_who_tells_it() -> None:
    other = Source.objects.create(code="other", name="Other", is_house=True)
    send(JANUARY, row("25"))
    send(JANUARY, row("25", Section="1"), source=other)
    send(JANUARY, row("25", Section="2"))
    assert books("section") == [(25, "1"), (25, "2")]


def test_it_is_known_from_then_on() -> None:
    send(JANUARY, row("25"))
    send(JANUARY, row("25", Section="1"))
    treaty = Treaty.objects.get()
    found = known_premiums([(treaty.pk, "P1")], moment_of(timezone.now(), listing=()))
    assert [(e["gross_premium"], e["section"]) for e in found] == [(25, "1")]


@pytest.mark.parametrize("filled", ["25", "26"])
def test_a_repeat_that_leaves_it_out_means_the_one_that_has_it(filled: str) -> None:
    send(JANUARY, row("25"))
    second = send(JANUARY, row(filled, Section="1"))[1]
    send(JANUARY, row(filled))
    send(JANUARY, row(filled))
    assert books("section") == [(int(filled), "1")]
    undo(PREMIUMS, ingestion=second)
    assert books("section") == [(int(filled), "")]


@pytest.mark.parametrize("is_correction", [False, True])
@pytest.mark.parametrize("name", PARTS)
def test_rows_with_and_without_a_part_do_not_add_up(
    name: str, is_correction: bool
) -> None:
    """Also of a sender whose equal rows do."""
    column, one, _ = PARTS[name]
    send(JANUARY, row("25", **{name: "1"}))
    both = (row("30", **{name: "1"}), row("30", **{name: ""}))
    told = {"equal_rows_add": True, "is_correction": is_correction}
    examined, _ = send(JANUARY, *both, **told)
    errors = examined.issues.filter(severity="error").sort("row").select("row", "code")
    assert errors.rows() == [(2, "premium_unclear"), (3, "premium_unclear")]
    assert books(column) == [(25, one)]
