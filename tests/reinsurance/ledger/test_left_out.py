"""What a correction leaves out goes everywhere, and what others told stays."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from importers import record_types
from importers.exceptions import LoadConflict
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from reinsurance.ledger import books, by_hand
from reinsurance.ledger.others import told_by_others
from reinsurance.models import Claim, ClaimPosition, Edit, Load, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.test_claims import FEBRUARY, JANUARY, MARCH
from tests.reinsurance.ledger.test_claims import send as send_rows

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
CEDANT, BROKER, QUARTERLY = 901, 902, 903


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def send(
    *rows: dict[str, str],
    period: datetime.date | None = JANUARY,
    sender: int = CEDANT,
    correction: bool = False,
) -> tuple[Examined, int]:
    frequency = "quarter" if period == MARCH else "month"
    told = Conventions(sender=sender, is_correction=correction, frequency=frequency)
    return send_rows(*rows, period=period, conventions=told)


def claim(name: str, **told: int) -> dict[str, str]:
    """A row of a claim: this (period), to (date), prev(iously)."""
    names = {
        "this": "Paid this month - Indemnity",
        "to": "Paid to date",
        "prev": "Previously paid",
        "reserve": "Reserve - Indemnity",
    }
    return {"Claim Ref": name, **{names[n]: str(a) for n, a in told.items()}}


def tell(user: User, name: str, period: datetime.date, **amounts: int) -> Any:
    return by_hand.tell(
        ClaimPosition.objects.get(claim__reference=name),
        period_end=period,
        amounts={n: Decimal(a) for n, a in amounts.items()},
        basis="to_date",
        user=user,
        reason="Telephoned",
        is_meant=True,
    )


def stand() -> dict[str, tuple[Any, Any]]:
    """Claims that stand: paid, and paid as statements make it by today.

    The two are to agree.
    """
    found = {}
    for position in ClaimPosition.all_objects.select_related("claim"):
        shown = ClaimPosition.objects.filter(pk=position.pk).first()
        told = books.as_at([position.pk], datetime.date(2026, 12, 31))
        now = shown and shown.paid_indemnity
        then = told[0].amounts["paid_indemnity"] if told else None
        moved = books.movements([position.pk])
        if shown or told or moved:
            found[position.claim.reference] = (now, then)
    return found


def lacks(examined: Examined) -> list[str]:
    return examined.issues.filter(code="correction_lacks")["message"].to_list()


def codes(examined: Examined) -> set[str]:
    return set(examined.issues["code"]) - {"no_date_of_loss"}


GONE = "After the load that does not count any more."


# ------------------------------------------------- a person's word under a correction
@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_an_amount_by_hand_does_not_bring_back_what_a_correction_left_out(
    manager: User, *, is_withdrawn: bool
) -> None:
    send(claim("A", this=100))
    send(claim("A", this=40), claim("B", this=1), period=FEBRUARY)
    correction, number = send(claim("B", this=2), period=FEBRUARY, correction=True)
    assert [m[:11] for m in lacks(correction)] == ["Claim A GBP"]
    told = tell(manager, "A", FEBRUARY, reserve_indemnity=9)
    assert told.load.number > number
    assert stand() == {"A": (100, 100), "B": (2, 2)}
    assert ClaimPosition.objects.get(claim__reference="A").reserve_indemnity == 9
    if is_withdrawn:
        by_hand.withdraw(told, user=manager, reason="Not so")
        assert stand() == {"A": (100, 100), "B": (2, 2)}
    else:
        undo(CLAIMS, ingestion=number)
        assert stand() == {"A": (140, 140), "B": (1, 1)}


# --------------------------------------------------------- what stands by a repeat only
def test_a_correction_leaves_out_what_stands_by_a_repeat_of_what_was_undone() -> None:
    _, first = send(claim("C", this=100))
    send(claim("C", this=100), claim("D", this=1))
    undo(CLAIMS, ingestion=first)
    assert stand() == {"C": (100, 100), "D": (1, 1)}
    correction, number = send(claim("D", this=1), correction=True)
    assert lacks(correction) == [
        "Claim C GBP: told for the period to 31 January 2026 and missing in this "
        f"correction. {GONE}"
    ]
    assert stand() == {"D": (1, 1)}
    undo(CLAIMS, ingestion=number)
    assert stand() == {"C": (100, 100), "D": (1, 1)}


def test_a_correction_leaves_what_names_no_period() -> None:
    send(claim("C", to=100))
    _, without = send(claim("C", to=130), period=None)
    assert stand() == {"C": (130, 130)}
    correction, _ = send(claim("D", to=1), correction=True)
    assert lacks(correction) == [
        "Claim C GBP: told for the period to 31 January 2026 and missing in this "
        "correction. After the load what this sender told of it does not count any "
        f"more, but what number {without} told of it without a period stays. If that "
        "is not meant, it has to be taken back as well."
    ]
    assert stand() == {"C": (130, 130), "D": (1, 1)}


def test_a_correction_leaves_out_what_its_sender_only_repeated() -> None:
    send(claim("C", this=100), claim("D", this=1))
    _, theirs = send(claim("C", this=100), sender=BROKER)
    first, _ = send(claim("D", this=2), correction=True)
    assert [f"what number {theirs} told for it stays" in m for m in lacks(first)] == [
        True
    ]
    assert stand() == {"C": (100, 100), "D": (2, 2)}
    second, number = send(claim("D", this=3), sender=BROKER, correction=True)
    assert [m.endswith(GONE) for m in lacks(second)] == [True]
    assert stand() == {"D": (3, 3)}
    undo(CLAIMS, ingestion=number)
    assert stand() == {"C": (100, 100), "D": (2, 2)}


def test_a_repeat_is_a_word_of_another_sender() -> None:
    _, first = send(claim("C", this=100))
    _, second = send(claim("C", this=100))

    def others(sender: int) -> list[tuple[int, int]]:
        examined, _ = send(claim("C", this=110), sender=sender, period=FEBRUARY)
        present = examined.staged.effect.present
        for frame in present:
            told = frame.with_columns(period_end=JANUARY)
            return told_by_others([told], sender=sender, most=9, listing=list)
        return []

    assert others(BROKER) == [(second, 1), (first, 1)]
    undo(CLAIMS, ingestion=first)
    assert others(BROKER) == [(second, 1)]
    assert others(CEDANT) == []


def test_a_change_by_hand_of_what_stands_by_a_repeat_stands_in_the_way_of_its_undo(
    manager: User,
) -> None:
    _, first = send(claim("C", this=100))
    _, second = send(claim("C", this=100))
    undo(CLAIMS, ingestion=first)
    held = Claim.objects.get()
    hour = datetime.timedelta(hours=1)
    Load.objects.update(loaded_at=F("loaded_at") - hour)
    Edit.objects.create(
        model="claim",
        object_id=held.pk,
        reference="C",
        action="changed",
        before={"insured": ""},
        after={"insured": "Quay"},
        user=manager,
        reason="Telephoned",
    )
    with pytest.raises(LoadConflict, match="Set that back first"):
        undo(CLAIMS, ingestion=second)
    assert stand() == {"C": (100, 100)}


# ------------------------------------------- payments that would count twice without it
def test_a_correction_that_leaves_out_what_keeps_month_and_quarter_apart() -> None:
    _, january = send(claim("A", to=100))
    send(claim("A", to=300), claim("B", this=1), period=MARCH, sender=QUARTERLY)
    _, third = send(claim("A", this=300), period=MARCH, sender=BROKER)
    assert stand() == {"A": (300, 300), "B": (1, 1)}
    b = claim("B", this=2)
    said = (
        f"number {third} told what was paid from 2026-01-01 to 2026-03-31 and number "
        f"{january} what was paid to date at 2026-01-31"
    )
    with pytest.raises(LoadConflict, match=said) as refused:
        send(b, period=MARCH, sender=QUARTERLY, correction=True)
    assert refused.value.code == "periods_overlap"
    assert "Claim A GBP" in str(refused.value)
    assert stand() == {"A": (300, 300), "B": (1, 1)}
    undo(CLAIMS, ingestion=third)
    send(b, period=MARCH, sender=QUARTERLY, correction=True)
    assert stand() == {"A": (100, 100), "B": (2, 2)}


def test_a_correction_that_takes_back_what_was_to_date_by_what_was_before() -> None:
    send(claim("A", to=100))
    send(claim("A", to=300), period=MARCH, sender=QUARTERLY)
    correction = Conventions(sender=QUARTERLY, is_correction=True, frequency="quarter")
    waiting = ingestion_of(CLAIMS)  # received before the broker's, loaded after it
    send(claim("A", this=300), period=MARCH, sender=BROKER)
    examined, _ = send_rows(
        claim("A", prev=0), period=MARCH, conventions=correction, ingestion=waiting
    )
    assert codes(examined) >= {"periods_overlap"}
    assert stand() == {"A": (300, 300)}


# --------------------------------------- what others told to date, in another basis
@pytest.mark.parametrize("who", ["person", "broker"])
def test_a_correction_in_another_basis_than_what_others_told(
    manager: User, who: str
) -> None:
    send(claim("A", this=100), period=FEBRUARY)
    if who == "person":
        tell(manager, "A", FEBRUARY, paid_indemnity=120)
        said = "a person"
    else:
        _, number = send(claim("A", to=120), period=FEBRUARY, sender=BROKER)
        said = f"number {number}"
    assert stand() == {"A": (120, 120)}
    correction, _ = send(claim("A", this=90), period=FEBRUARY, correction=True)
    assert codes(correction) == {"to_date_left_out"}
    [message] = correction.issues.filter(code="to_date_left_out")["message"]
    assert message == (
        f"For this period {said} told 120.00 to date (paid, indemnity); the "
        "correction tells it otherwise, so that does not count any more, and "
        "90.00 is paid by its end. If it still holds, tell what was paid to date in "
        "the correction."
    )
    assert stand() == {"A": (90, 90)}


def test_a_correction_that_comes_to_what_others_told_to_date(manager: User) -> None:
    send(claim("A", this=30))
    send(claim("A", this=100), period=FEBRUARY)
    tell(manager, "A", FEBRUARY, paid_indemnity=120)
    correction, _ = send(claim("A", this=90), period=FEBRUARY, correction=True)
    assert codes(correction) == set()
    assert stand() == {"A": (120, 120)}


def test_a_late_correction_leaves_what_others_told_later(manager: User) -> None:
    send(claim("A", this=100), period=FEBRUARY)
    waiting = ingestion_of(CLAIMS)
    send(claim("A", to=120), period=FEBRUARY, sender=BROKER)
    correction = Conventions(sender=CEDANT, is_correction=True)
    examined, _ = send_rows(
        claim("A", this=90), period=FEBRUARY, conventions=correction, ingestion=waiting
    )
    assert "to_date_left_out" not in codes(examined)
    assert stand() == {"A": (120, 120)}


def test_another_amount_of_another_sender_is_said_to_stay() -> None:
    send(claim("C1", to=100), claim("C2", to=1))
    _, theirs = send(claim("C1", to=90), sender=BROKER)
    examined, _ = send(claim("C2", to=1), correction=True)
    (message,) = lacks(examined)
    assert f"but what number {theirs} told for it stays." in message
    assert stand() == {"C1": (90, 90), "C2": (1, 1)}
    undo(CLAIMS, ingestion=theirs)
    assert stand() == {"C2": (1, 1)}


def test_a_basis_that_nobody_told_before_counts_beside_what_is_left_out() -> None:
    january, february = (
        {"Reporting period start": start, "Reporting period end": end}
        for start, end in (("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-28"))
    )
    send(claim("C1", this=12), claim("C2", this=100))
    send(claim("C1", this=3), period=FEBRUARY)
    rows = [{**claim("C1", to=15), **february}, {**claim("C2", to=100), **january}]
    # What is said at the check is what the load does: the two are compared.
    examined, _ = send(*rows, correction=True, period=None)
    assert [code for code in codes(examined) if code == "correction_lacks"] != []
    assert not +examined.staged.effect.moves
    assert stand() == {"C1": (15, 15), "C2": (100, 100)}


# ------------------------------------------------ what goes with it, and what stays
def test_what_was_paid_before_its_period_goes_and_what_was_told_later_stays() -> None:
    send(claim("B", prev=0, this=1), claim("A", prev=10, this=20), period=FEBRUARY)
    monthly = Conventions(sender=CEDANT)
    send_rows(claim("A", prev=30, this=5), period=MARCH, conventions=monthly)
    correction, number = send(claim("B", this=2), period=FEBRUARY, correction=True)
    assert lacks(correction) == [
        f"Claim A GBP: told for the period to 28 February 2026 and missing in this "
        f"correction. {GONE} Paid up to 31 January 2026 was 10.00 and becomes nothing. "
        "30.00 stays as paid up to 28 February 2026: what was told of a later period "
        "says so."
    ]
    days = (JANUARY, FEBRUARY, MARCH)
    assert [paid_at("A", day) for day in days] == [None, 30, 35]
    undo(CLAIMS, ingestion=number)
    assert [paid_at("A", day) for day in days] == [10, 30, 35]


def paid_at(name: str, day: datetime.date) -> Any:
    position = ClaimPosition.all_objects.get(claim__reference=name)
    told = books.as_at([position.pk], day)
    return told[0].amounts["paid_indemnity"] if told else None


def test_a_month_that_goes_too_is_not_said_twice() -> None:
    rows = [claim("A", to=10), claim("B", to=1)]
    both = [{**r, "Reporting Period (End Date)": str(JANUARY)} for r in rows]
    more = [{**r, "Reporting Period (End Date)": str(FEBRUARY)} for r in rows]
    send(*both, *more, period=None)
    correction, _ = send(both[1], more[1], period=None, correction=True)
    assert sorted(lacks(correction)) == [
        f"Claim A GBP: told for the period to {day} 2026 and missing in this "
        f"correction. {GONE}"
        for day in ("28 February", "31 January")
    ]
