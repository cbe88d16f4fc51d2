"""Rows that go on are about what their own file tells: as two rows of one file."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion, Source
from importers.services import follow_ups, ingestions, work
from importers.values import Status
from reinsurance.models import Treaty
from tests.importers.admin.conftest import claim
from tests.importers.services.test_follow_ups import checked, contract, load
from tests.importers.services.test_follow_ups_and_undo import (
    books,
    codes,
    hand_in,
    row,
    undo,
)

Sent = Callable[..., Ingestion]
__all__ = ["contract"]
KINDS = pytest.mark.parametrize("kind", ["claims", "premiums"])
AMOUNT = {"claims": "paid, indemnity to date", "premiums": "Gross premium this time"}


def go_on(first: Ingestion, contract: Treaty, clerk: User, *texts: str) -> Ingestion:
    answers = {text: contract.pk for text in texts}
    return checked(follow_ups.answer_contracts(first, answers, user=clerk))


def said(ingestion: Ingestion) -> list[tuple[int, str, str, str]]:
    found = ingestion.issues.order_by("row", "code")
    return list(found.values_list("row", "severity", "code", "message"))


def conflict(at: int, number: int, what: str) -> str:
    return (
        f"Row {at} of number {number}, which is of the same file, gives different "
        f"values for what this row is about and its period ({what}). Ask the sender "
        "which is right, or whether they add up; then hand that in as a file of its "
        "own."
    )


@KINDS
def test_other_values_than_its_file_are_held_out(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    first = hand_in(sent, kind, row(kind, "P1", 100), row(kind, "P1", 60, "M3"))
    load(first)
    follow_up = go_on(first, contract, clerk, "M3")
    what = f"{AMOUNT[kind]}: 100.00 there and 60.00 here"
    assert said(follow_up) == [
        (2, "error", "conflicting_rows", conflict(2, first.pk, what))
    ]
    assert follow_up.status == Status.REJECTED
    assert books() == [("B0001", "P1", 100)]


@KINDS
def test_the_same_values_are_a_repeat(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    first = hand_in(sent, kind, row(kind, "P1", 100), row(kind, "P1", 100, "M3"))
    load(first)
    follow_up = go_on(first, contract, clerk, "M3")
    message = (
        f"The row repeats row 2 of number {first.pk}, which is of the same file; it is "
        "not loaded twice."
    )
    assert said(follow_up) == [(2, "error", "duplicate_row", message)]


@KINDS
def test_two_answers_of_one_file_are_held_against_each_other(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    rows = [row(kind, "P2", 7), row(kind, "P1", 100, "M3"), row(kind, "P1", 60, "M4")]
    first = hand_in(sent, kind, *rows)
    load(first)
    one = go_on(first, contract, clerk, "M3")
    assert said(one) == []
    load(one)
    other = go_on(first, contract, clerk, "M4")
    what = f"{AMOUNT[kind]}: 100.00 there and 60.00 here"
    assert said(other) == [(2, "error", "conflicting_rows", conflict(2, one.pk, what))]
    undo(one)
    again = go_on(first, contract, clerk, "M4")
    assert said(again) == []
    load(again)
    assert books() == [("B0001", "P1", 60), ("B0001", "P2", 7)]


@KINDS
def test_whichever_is_loaded_first(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    first = hand_in(sent, kind, row(kind, "P1", 100), row(kind, "P1", 60, "M3"))
    follow_up = go_on(first, contract, clerk, "M3")
    assert said(follow_up) == []
    load(follow_up)
    ingestions.approve(first.pk)
    work.load(first.pk)  # the books have moved, so it is checked anew
    checked(first)
    what = f"{AMOUNT[kind]}: 60.00 there and 100.00 here"
    assert (2, "error", "conflicting_rows", conflict(2, follow_up.pk, what)) in said(
        first
    )
    assert books() == [("B0001", "P1", 60)]


@KINDS
@pytest.mark.parametrize("amount", [60, 100])
def test_equal_rows_of_several_parts_are_not_added_up(
    sent: Sent, andes: Source, contract: Treaty, clerk: User, kind: str, amount: int
) -> None:
    andes.equal_rows_add = True
    andes.save()
    first = hand_in(sent, kind, row(kind, "P1", 100), row(kind, "P1", amount, "M3"))
    load(first)
    follow_up = go_on(first, contract, clerk, "M3")
    what = (
        "with the same values"
        if amount == 100
        else f"{AMOUNT[kind]}: 100.00 there and 60.00 here"
    )
    message = (
        f"Row 2 of number {first.pk}, which is of the same file, is about the same and "
        f"its period ({what}). Equal rows of this sender add up within one file only: "
        "hand the rows in together, as a file of their own."
    )
    assert said(follow_up) == [(2, "error", "conflicting_rows", message)]
    assert books() == [("B0001", "P1", 100)]


def test_what_differs_is_named(sent: Sent, contract: Treaty, clerk: User) -> None:
    other = claim("P1", UMR="M3", Insured="Bolt Ltd", Status="Closed")
    first = hand_in(sent, "claims", claim("P1"), other)
    load(first)
    follow_up = go_on(first, contract, clerk, "M3")
    (found,) = [m for _, _, code, m in said(follow_up) if code == "conflicting_rows"]
    assert found == conflict(2, first.pk, "status; insured name")


@KINDS
def test_another_name_or_file_is_no_matter(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    first = hand_in(sent, kind, row(kind, "P1", 100), row(kind, "P2", 60, "M3"))
    load(first)
    follow_up = go_on(first, contract, clerk, "M3")
    assert codes(follow_up) == []
    load(follow_up)
    late = hand_in(sent, kind, row(kind, "P1", 60), declared="additional")
    assert "conflicting_rows" not in codes(late)
    load(late)
    assert books() == [("B0001", "P1", 60), ("B0001", "P2", 60)]
