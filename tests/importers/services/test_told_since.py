"""Rows that go on are of their first file: what came after it is the later word."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion, Source
from reinsurance.ledger import by_hand
from reinsurance.models import ClaimPosition, Load, Treaty
from tests.importers.admin.conftest import HEADER
from tests.importers.services.test_follow_ups import OF_PREMIUM, contract
from tests.importers.services.test_follow_ups_and_undo import (
    books,
    codes,
    hand_in,
    row,
    undo,
)
from tests.importers.services.test_follow_ups_and_undo import load as loaded
from tests.importers.services.test_follow_ups_of_the_same import go_on, said

Sent = Callable[..., Ingestion]
KINDS = pytest.mark.parametrize("kind", ["claims", "premiums"])
__all__ = ["contract"]


@pytest.fixture
def other(andes: Source) -> Treaty:
    return Treaty.objects.create(
        reference="B0002",
        cedant=andes.party,
        treaty_type="QS",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency_id="USD",
    )


def load(ingestion: Ingestion) -> Ingestion:
    loaded(ingestion)
    return ingestion


def held_out(follow_up: Ingestion) -> list[str]:
    return [text for _, level, code, text in said(follow_up) if code == "told_since"]


def words(number: int, first: int, what: str = "told this period since") -> str:
    return (
        f"Number {number}{what if what[0] == ',' else ' ' + what}: it was received "
        f"after number {first}, of which this row is. That stands. If this row is "
        "right all the same, hand it in as a file of its own."
    )


@KINDS
@pytest.mark.parametrize("declared", ["correction", "additional"])
def test_what_a_later_file_told_stands(
    sent: Sent, contract: Treaty, clerk: User, kind: str, declared: str
) -> None:
    first = load(hand_in(sent, kind, row(kind, "P2", 7), row(kind, "P1", 90, "M3")))
    later = hand_in(
        sent, kind, row(kind, "P2", 7), row(kind, "P1", 10), declared=declared
    )
    load(later)
    follow_up = go_on(first, contract, clerk, "M3")
    assert held_out(follow_up) == [words(later.pk, first.pk)]
    assert follow_up.status == "rejected"
    assert books() == [("B0001", "P1", 10), ("B0001", "P2", 7)]


@KINDS
def test_what_a_later_correction_left_out_stays_out(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    first = load(hand_in(sent, kind, row(kind, "P2", 7), row(kind, "P1", 90, "M3")))
    told = [row(kind, "P2", 8)]
    later = load(hand_in(sent, kind, *told, declared="correction"))
    follow_up = go_on(first, contract, clerk, "M3")
    assert held_out(follow_up) == [
        words(later.pk, first.pk, ", a correction, left this out since")
    ]
    undo(later)
    again = go_on(first, contract, clerk, "M3")
    assert codes(again) == []
    load(again)
    assert books() == [("B0001", "P1", 90), ("B0001", "P2", 7)]


@KINDS
def test_a_correction_that_rejected_it_leaves_it_in(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    first = load(hand_in(sent, kind, row(kind, "P2", 7), row(kind, "P1", 90, "M3")))
    told = [row(kind, "P2", 8), row(kind, "P1", 80, "M4")]
    load(hand_in(sent, kind, *told, declared="correction"))
    assert held_out(go_on(first, contract, clerk, "M3")) == []


@KINDS
def test_another_period_or_contract_is_no_matter(
    sent: Sent, contract: Treaty, other: Treaty, clerk: User, kind: str
) -> None:
    first = load(hand_in(sent, kind, row(kind, "P2", 7), row(kind, "P1", 90, "M3")))
    load(hand_in(sent, kind, row(kind, "P1", 10, "B0002"), declared="additional"))
    assert held_out(go_on(first, contract, clerk, "M3")) == []


@KINDS
def test_a_sibling_is_held_against_by_itself(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    rows = [row(kind, "P2", 7), row(kind, "P1", 90, "M3"), row(kind, "P3", 1, "M4")]
    first = load(hand_in(sent, kind, *rows))
    load(go_on(first, contract, clerk, "M3"))
    assert held_out(go_on(first, contract, clerk, "M4")) == []


def test_what_a_person_told_since_stands(
    sent: Sent, contract: Treaty, clerk: User, manager: User
) -> None:
    load(hand_in(sent, "claims", row("claims", "P1", 50)))
    told = [row("claims", "P2", 7), row("claims", "P1", 90, "M3")]
    first = load(hand_in(sent, "claims", *told, declared="additional"))
    position = ClaimPosition.objects.get(claim__reference="P1")
    by_hand.tell(
        position,
        period_start=None,
        period_end=position.period_end,
        amounts={"paid_indemnity": Decimal(60)},
        basis="to_date",
        user=manager,
        reason="Telephoned",
        is_meant=True,
    )
    follow_up = go_on(first, contract, clerk, "M3")
    assert len(held_out(follow_up)) == 1
    assert held_out(follow_up)[0].startswith("A person told this period since: it")


def test_a_row_without_a_period_is_not_the_latest_word(
    sent: Sent, contract: Treaty, clerk: User
) -> None:
    """Without one it would be of the period that was told last."""
    rows = [row("claims", "P2", 7), row("claims", "P1", 90, "M3")]
    first = load(sent(HEADER, *rows, record_type="claims"))
    later = load(
        hand_in(sent, "claims", row("claims", "P1", 10), row("claims", "P2", 7))
    )
    follow_up = go_on(first, contract, clerk, "M3")
    assert held_out(follow_up) == [words(later.pk, first.pk)]
    assert books() == [("B0001", "P1", 10), ("B0001", "P2", 7)]


# ------------------------------------------------------- one file with its first one
@KINDS
def test_a_correction_says_that_it_lacks_a_contract_somebody_picked(
    sent: Sent, contract: Treaty, other: Treaty, clerk: User, kind: str
) -> None:
    first = load(hand_in(sent, kind, row(kind, "P1", 5), row(kind, "P2", 4, "M3")))
    follow_up = load(go_on(first, other, clerk, "M3"))
    assert Load.objects.get(number=follow_up.pk).first_number == first.pk
    assert Load.objects.get(number=first.pk).first_number is None
    told = [row(kind, "P1", 6)]
    correction = hand_in(sent, kind, *told, declared="correction")
    [text] = [m for *_, code, m in said(correction) if code == "contract_not_corrected"]
    assert text.startswith(f"Contract B0002: number {follow_up.pk} told 1 ")
    assert books() == [("B0001", "P1", 5), ("B0002", "P2", 4)]


@pytest.mark.parametrize("is_other", [False, True])
def test_a_later_list_says_that_it_lacks_a_contract_somebody_picked(
    sent: Sent,
    andes: Source,
    contract: Treaty,
    other: Treaty,
    clerk: User,
    *,
    is_other: bool,
) -> None:
    andes.premium_lists = "year"
    andes.save()
    kind = "premiums"
    first = load(hand_in(sent, kind, row(kind, "P1", 5), row(kind, "P2", 4, "M3")))
    load(go_on(first, other, clerk, "M3"))
    left = row(kind, "P2", 4, "B0002") if is_other else row(kind, "P1", 5)
    later = sent(OF_PREMIUM, left, record_type=kind, period_end="2026-04-30")
    lacks = [m for *_, code, m in said(later) if code == "list_lacks"]
    name = "B0001" if is_other else "B0002"
    assert [text.partition(":")[0] for text in lacks] == [f"Contract {name}"]
