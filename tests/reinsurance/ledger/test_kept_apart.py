"""A word that tells positions of a claim apart is not taken back before the others."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from importers import record_types
from importers.exceptions import LoadConflict
from importers.models import Ingestion
from importers.pipeline.undo import undo
from importers.services import undo_preview
from importers.values import Status
from reinsurance.ledger import by_hand
from reinsurance.ledger.hand_refusals import TellingError
from reinsurance.models import ClaimPosition, Treaty
from tests.reinsurance.ledger.test_claims import (
    CORRECTION,
    FEBRUARY,
    JANUARY,
    MARCH,
    errors,
    paid,
    positions,
    send,
)

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
APRIL = datetime.date(2026, 4, 30)
PARTS = pytest.mark.parametrize("name", ["Section", "Risk code"])
UNTOLD = "what was told without section and risk code"


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def this(amount: int, reserve: int, **more: str) -> dict[str, str]:
    """A row with what was paid this month, and a reserve."""
    return {"Paid this month": str(amount), "Reserve": str(reserve), **more}


def stand() -> list[tuple[str, Decimal]]:
    """What each position of claim C1 is told of, and its payments."""
    c1 = ClaimPosition.objects.filter(claim__reference="C1")
    rows = c1.order_by("section", "risk_code")
    return [(p.section or p.risk_code, p.paid_indemnity) for p in rows]


def beside(one: str, other: str, number: int) -> str:
    return (
        "It would not be clear any more what of claim C1 of contract T1 counts: "
        f"{one} would stand beside {other}, and the one may be the other or a part of "
        f"it. Undo number {number} first."
    )


def refusal(number: int, user: User) -> str:
    """What the undo's page says stands in its way; the undo says the same."""
    Ingestion.objects.filter(pk=number).update(status=Status.LOADED)
    foretold = undo_preview.preview(Ingestion.objects.get(pk=number), user=user)
    books = stand()
    if not foretold.refusal:
        undo(CLAIMS, ingestion=number)
        return ""
    with pytest.raises(LoadConflict) as refused, transaction.atomic():
        undo(CLAIMS, ingestion=number)
    assert str(refused.value) == foretold.refusal
    assert not foretold.is_possible
    assert stand() == books
    return foretold.refusal


@PARTS
def test_what_told_the_part_stays_while_others_tell_another(
    name: str, admin_user: User
) -> None:
    send(this(100, 10))
    _, correction = send(this(60, 5, **{name: "A"}), conventions=CORRECTION)
    _, third = send(this(40, 5, **{name: "B"}))
    assert stand() == [("A", 60), ("B", 40)]
    one = f"{UNTOLD} (100.00 GBP paid)"
    other = f"what was told of {name.lower()} B (40.00 GBP paid)"
    assert refusal(correction, admin_user) == beside(one, other, third)
    assert refusal(third, admin_user) == ""
    assert refusal(correction, admin_user) == ""
    assert stand() == [("", 100)]


@PARTS
def test_what_told_the_part_for_a_later_month_stays_while_others_tell_another(
    name: str, admin_user: User
) -> None:
    send(paid(100))
    _, february = send(paid(120, **{name: "A"}), period=FEBRUARY)
    _, march = send(paid(160, **{name: "B"}), period=MARCH)
    one = f"{UNTOLD} (100.00 GBP paid)"
    other = f"what was told of {name.lower()} B (160.00 GBP paid)"
    assert refusal(february, admin_user) == beside(one, other, march)


def test_a_part_that_others_tell_as_well_is_undone(admin_user: User) -> None:
    send(paid(100))
    _, february = send(paid(120, Section="A"), period=FEBRUARY)
    send(paid(160, Section="B"), period=MARCH)
    send(paid(130, Section="A"), period=APRIL)
    assert refusal(february, admin_user) == ""
    assert stand() == [("A", 130), ("B", 160)]


def test_what_was_told_without_it_is_undone(admin_user: User) -> None:
    _, january = send(paid(100))
    send(paid(120, Section="A"), period=FEBRUARY)
    send(paid(160, Section="B"), period=MARCH)
    assert refusal(january, admin_user) == ""
    assert stand() == [("A", 120), ("B", 160)]


def test_sections_under_other_risk_codes_are_told_apart(admin_user: User) -> None:
    send(paid(100, **{"Risk code": "X"}))
    _, february = send(paid(120, **{"Section": "A", "Risk code": "X"}), period=FEBRUARY)
    send(paid(160, **{"Section": "B", "Risk code": "Y"}), period=MARCH)
    assert refusal(february, admin_user) == ""
    assert stand() == [("X", 100), ("B", 160)]


def test_other_currencies_are_told_apart(admin_user: User) -> None:
    end = {"Reporting period end": str(FEBRUARY)}
    send(paid(100))
    usd = paid(160, Ccy="USD", Section="B", **end)
    _, february = send(paid(120, Section="A", **end), usd, period=None)
    assert refusal(february, admin_user) == ""
    assert stand() == [("", 100)]


@pytest.mark.parametrize(("first", "then"), [("", "A"), ("A", "")])
def test_what_a_correction_left_out_does_not_come_back_beside_a_part(
    first: str, then: str, admin_user: User
) -> None:
    send(paid(100, Section=first))
    other = {"Claim Ref": "C2"}
    _, correction = send(paid(1, **other), conventions=CORRECTION)
    _, march = send(paid(160, Section=then), period=MARCH)
    said = {"": UNTOLD, "A": "what was told of section A"}
    one = f"{said[first]} (100.00 GBP paid)"
    assert refusal(correction, admin_user) == beside(
        one, f"{said[then]} (160.00 GBP paid)", march
    )
    assert refusal(march, admin_user) == ""
    assert refusal(correction, admin_user) == ""
    assert positions() == [("C1", first, "GBP", 100)]


def test_an_amount_by_hand_that_keeps_a_section_is_withdrawn_last(
    manager: User, admin_user: User
) -> None:
    send(paid(100))
    _, february = send(paid(120, Section="A"), period=FEBRUARY)
    told = by_hand.tell(
        ClaimPosition.objects.get(),
        period_end=FEBRUARY,
        amounts={"paid_indemnity": Decimal(150)},
        basis="to_date",
        user=manager,
        reason="Telephoned",
    )
    assert refusal(february, admin_user) == ""
    _, march = send(paid(160, Section="B"), period=MARCH)
    books = stand()
    with pytest.raises(TellingError) as refused:
        by_hand.withdraw(told, user=manager, reason="Wrong")
    assert str(refused.value) == beside(
        f"{UNTOLD} (100.00 GBP paid)",
        "what was told of section B (160.00 GBP paid)",
        march,
    )
    assert stand() == books == [("A", 150), ("B", 160)]
    assert refusal(march, admin_user) == ""
    by_hand.withdraw(told, user=manager, reason="Wrong")
    assert stand() == [("", 100)]


def test_the_first_of_several_claims_is_named(admin_user: User) -> None:
    names = ("C1", "C2", "C3")
    rows = [{"Claim Ref": name} for name in names]
    send(*(paid(100, **row) for row in rows))
    _, february = send(*(paid(120, Section="A", **r) for r in rows), period=FEBRUARY)
    send(*(paid(160, Section="B", **row) for row in rows), period=MARCH)
    assert " The same holds for 2 more claim(s). Undo" in refusal(february, admin_user)


def test_a_file_of_the_same_words_fills_a_section_in_alone() -> None:
    send(this(100, 10), period=JANUARY)
    examined, _ = send(this(40, 5, Section="B"), period=JANUARY)
    assert errors(examined) == []
    assert stand() == [("B", 40)]


def test_a_correction_does_not_leave_out_what_tells_positions_apart() -> None:
    send(paid(100))
    send(paid(120, Section="A"), period=FEBRUARY)
    _, march = send(paid(160, Section="B"), period=MARCH)
    other = {**paid(1), "Claim Ref": "C2"}
    with pytest.raises(LoadConflict) as refused, transaction.atomic():
        send(other, period=FEBRUARY, conventions=CORRECTION)
    assert str(refused.value) == (
        "Without what this correction leaves out: It would not be clear any more what "
        f"of claim C1 of contract T1 counts: {UNTOLD} (100.00 GBP paid) would stand "
        "beside what was told of section B (160.00 GBP paid), and the one may be the "
        "other or a part of it. Tell in the correction what was told before, with its "
        f"section and risk code, or undo number {march} first; then hand it in anew."
    )
    assert stand() == [("A", 120), ("B", 160)]


def test_a_correction_that_tells_another_part_instead() -> None:
    _, january = send(paid(100))
    send(paid(120, Section="A"), period=FEBRUARY)
    with pytest.raises(LoadConflict) as refused, transaction.atomic():
        send(paid(160, Section="B"), period=FEBRUARY, conventions=CORRECTION)
    assert f"or undo number {january} first; then" in str(refused.value)
    assert stand() == [("A", 120)]
    send(
        paid(120, Section="A"),
        paid(160, Section="B"),
        period=FEBRUARY,
        conventions=CORRECTION,
    )
    assert stand() == [("A", 120), ("B", 160)]
