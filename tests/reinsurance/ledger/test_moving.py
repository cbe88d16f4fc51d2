"""A claim that moves to another contract, with all that was told of it."""

import datetime
from typing import Any

import polars as pl
import pytest
from django.contrib.auth.models import User
from django.db import connection

from importers import record_types
from importers.pipeline.undo import undo
from reinsurance.ledger import books
from reinsurance.ledger.move_checks import DoubtfulMoveError, MoveError
from reinsurance.ledger.moving import candidates, move_claim
from reinsurance.ledger.recompute import recompute
from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimPosition,
    Edit,
    Layer,
    Load,
    LoadPeriod,
    LossEvent,
    Party,
    Treaty,
)
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
JUNE, JULY = datetime.date(2026, 6, 30), datetime.date(2026, 7, 31)


@pytest.fixture(autouse=True)
def cedant(db: None) -> Party:
    return Party.objects.create(code="ANDES", name="Andes")


def contract(cedant: Party, year: int, reference: str = "T1") -> Treaty:
    return Treaty.objects.create(
        reference=reference,
        cedant=cedant,
        treaty_type="QS",
        basis="LO",
        inception=datetime.date(year, 1, 1),
        expiry=datetime.date(year, 12, 31),
        year_of_account=year,
        currency_id="GBP",
    )


@pytest.fixture
def old(cedant: Party) -> Treaty:
    return contract(cedant, 2025)


@pytest.fixture
def new(cedant: Party) -> Treaty:
    return contract(cedant, 2026)


def send(
    *rows: tuple[str, int, str],
    period: datetime.date = JUNE,
    correction: bool = False,
    held_out: bool = False,
) -> int:
    """A file of claim, year and paid to date; its number."""
    header = ("UMR", "Claim Ref", "Date of Loss", "Currency", "YOA", "Paid to date")
    table = Table(
        header,
        [
            ["T1", claim, f"{year}-05-01", "GBP", str(year), paid]
            for claim, year, paid in rows
        ],
    )
    conventions = Conventions(is_correction=correction)
    examined, _, ingestion = run(
        table, CLAIMS, period_end=period, conventions=conventions
    )
    errors = examined.issues.filter(severity="error")
    assert bool(errors.height) is held_out, errors
    return ingestion.pk


def move(
    to: Treaty,
    user: User,
    claim: str = "C1",
    reason: str = "Its year",
    *,
    is_meant: bool = True,
) -> Edit:
    found = Claim.all_objects.get(reference=claim)
    return move_claim(found, to, user=user, reason=reason, is_meant=is_meant)


def books_now() -> dict[str, tuple[Any, Any]]:
    rows = ClaimPosition.objects.select_related("claim__treaty")
    return {
        row.claim.reference: (row.claim.treaty.year_of_account, row.paid_indemnity)
        for row in rows
    }


def worked_out_anew() -> dict[str, tuple[Any, Any]]:
    keys = ClaimPosition.all_objects.values_list("pk", flat=True)
    with connection.cursor() as cursor:
        recompute(cursor, pl.Series(list(keys), dtype=pl.Int64))
    return books_now()


def periods() -> set[tuple[int, int | None, int]]:
    """File, year of the contract, rows."""
    return set(
        LoadPeriod.objects.values_list(
            "load__number", "treaty__year_of_account", "row_count"
        )
    )


def test_it_moves_with_its_money_and_leaves_a_trace(
    old: Treaty, new: Treaty, manager: User, cedant: Party
) -> None:
    june = send(("C1", 2025, "100"), ("C2", 2025, "5"))
    july = send(("C1", 2025, "150"), period=JULY)
    again = send(("C1", 2025, "150"), period=JULY)
    edit = move(new, manager)
    assert books_now() == {"C1": (2026, 150), "C2": (2025, 5)}
    assert (edit.model, edit.status, edit.user, edit.reason, edit.cedant) == (
        "claim",
        "applied",
        manager,
        "Its year",
        cedant,
    )
    assert (edit.before, edit.after) == (
        {"treaty_id": str(old.pk)},
        {"treaty_id": str(new.pk)},
    )
    assert periods() == {
        (june, 2025, 1),
        (june, 2026, 1),
        (july, 2026, 1),
        (again, 2026, 1),
    }
    assert worked_out_anew() == {"C1": (2026, 150), "C2": (2025, 5)}
    key = ClaimPosition.objects.get(claim__reference="C1").pk
    held = [m.amounts["paid_indemnity"] for m in books.movements([key])]
    assert held == [100, 50]


def test_rows_that_were_held_out_find_it_then(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"))
    send(("C1", 2026, "120"), period=JULY, held_out=True)
    move(new, manager)
    send(("C1", 2026, "120"), period=JULY)
    assert books_now() == {"C1": (2026, 120)}


def test_candidates_have_the_number(
    old: Treaty, new: Treaty, cedant: Party, manager: User
) -> None:
    contract(cedant, 2026, "T2")
    send(("C1", 2025, "100"))
    assert list(candidates(Claim.objects.get(), manager)) == [new]


def test_a_correction_of_the_old_contract_still_leaves_it_out(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"), ("C2", 2025, "5"), ("N1", 2026, "7"))
    send(("C1", 2025, "170"), period=JULY)
    correction = send(("C2", 2025, "6"), correction=True)
    key = ClaimPosition.objects.get(claim__reference="C1").pk
    assert not books.as_at([key], JUNE)
    move(new, manager)
    assert not books.as_at([key], JUNE)
    expected = {"C1": (2026, 170), "C2": (2025, 6), "N1": (2026, 7)}
    assert books_now() == worked_out_anew() == expected
    undo(CLAIMS, ingestion=correction)
    (june,) = books.as_at([key], JUNE)
    assert june.amounts["paid_indemnity"] == 100


def test_a_correction_that_has_it_leaves_its_new_neighbours(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"), ("C2", 2025, "5"), ("N1", 2026, "7"))
    correction = send(("C1", 2025, "90"), ("C2", 2025, "5"), correction=True)
    move(new, manager)
    expected = {"C1": (2026, 90), "C2": (2025, 5), "N1": (2026, 7)}
    assert books_now() == worked_out_anew() == expected
    assert (correction, 2026, 1) in periods()
    assert (correction, 2025, 1) in periods()


def test_a_correction_of_the_new_contract_does_not_leave_it_out(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"), ("N1", 2026, "7"), ("N2", 2026, "8"))
    send(("N1", 2026, "9"), correction=True)
    assert books_now() == {"C1": (2025, 100), "N1": (2026, 9)}
    move(new, manager)
    expected = {"C1": (2026, 100), "N1": (2026, 9)}
    assert books_now() == worked_out_anew() == expected


def test_a_correction_of_both_leaves_out_what_it_did(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"), ("C2", 2025, "5"), ("N1", 2026, "7"), ("N2", 2026, "8"))
    send(("C1", 2025, "200"), ("N2", 2026, "80"), period=JULY)
    send(("C2", 2025, "5"), ("N1", 2026, "7"), correction=True)
    move(new, manager)
    keys = ClaimPosition.objects.filter(claim__reference__in=["C1", "N2"])
    assert not books.as_at([p.pk for p in keys], JUNE)
    assert worked_out_anew()["C1"] == (2026, 200)


def test_a_correction_whose_row_of_it_was_held_out_does_not_leave_it_out(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"), ("C2", 2025, "5"), ("N1", 2026, "7"))
    send(("C1", 2025, "x"), ("C2", 2025, "6"), correction=True, held_out=True)
    move(new, manager)
    expected = {"C1": (2026, 100), "C2": (2025, 6), "N1": (2026, 7)}
    assert books_now() == worked_out_anew() == expected


def test_corrections_of_another_period_there_leave_out_what_they_did(
    old: Treaty, new: Treaty, manager: User
) -> None:
    """N1's June is named by it from now on, its July is not."""
    send(("C1", 2025, "100"), ("N1", 2026, "7"), ("C2", 2025, "5"))
    send(("C1", 2025, "150"), ("N1", 2026, "8"), period=JULY)
    number = send(("C2", 2025, "6"), correction=True)
    load = Load.objects.get(number=number)
    LoadPeriod.objects.create(load=load, treaty=new, period_end=JULY)
    move(new, manager)
    expected = {"C1": (2026, 150), "C2": (2025, 6), "N1": (2026, 7)}
    assert worked_out_anew() == expected


def test_where_corrections_cannot_hold_both_it_stays(
    old: Treaty, new: Treaty, manager: User
) -> None:
    """What left the claim out of the old contract names it under the new one."""
    send(("C1", 2025, "100"), ("C2", 2025, "5"))
    send(("C1", 2025, "150"), period=JULY)
    number = send(("C2", 2025, "6"), correction=True)
    named = [[new.pk, "C1", str(JUNE)]]
    Load.objects.filter(number=number).update(held_out=named)
    before = worked_out_anew()
    with pytest.raises(MoveError, match="Corrections that speak for both"):
        move(new, manager)
    assert books_now() == before
    assert not Edit.objects.exists()


def test_a_claim_in_the_way(old: Treaty, new: Treaty, manager: User) -> None:
    send(("C1", 2025, "100"))
    claim = Claim.objects.get()
    other = Claim.objects.create(treaty=new, reference="C1", status_id="OPEN")
    with pytest.raises(MoveError, match="has a claim C1 already"):
        move_claim(claim, new, user=manager, reason="Its year")
    load = Load.objects.create(
        number=99, record_type="claims", undone_at=datetime.datetime.now(datetime.UTC)
    )
    Claim.objects.filter(pk=other.pk).update(load=load)
    with pytest.raises(MoveError, match="had a claim C1 that was undone"):
        move_claim(claim, new, user=manager, reason="Its year")


def test_what_else_is_refused(
    old: Treaty, new: Treaty, cedant: Party, manager: User
) -> None:
    number = send(("C1", 2025, "100"))
    with pytest.raises(MoveError, match="Say why"):
        move(new, manager, reason=" ")
    with pytest.raises(MoveError, match="under this contract already"):
        move(old, manager)
    with pytest.raises(MoveError, match="this one is T2"):
        move(contract(cedant, 2026, "T2"), manager)
    other = Party.objects.create(code="OTHER", name="Other")
    theirs = contract(other, 2026)
    CedantLimit.objects.create(user=manager, cedant=cedant)
    limited = User.objects.get(pk=manager.pk)
    with pytest.raises(MoveError, match="no such contract"):
        move(theirs, limited)
    CedantLimit.objects.update(cedant=other)
    with pytest.raises(MoveError, match="no such claim"):
        move(theirs, User.objects.get(pk=manager.pk))
    undo(CLAIMS, ingestion=number)
    with pytest.raises(MoveError, match="no such claim"):
        move(new, User.objects.create_superuser("root"))


def test_it_moves_back_as_if_nothing_had_been(
    old: Treaty, new: Treaty, manager: User
) -> None:
    june = send(("C1", 2025, "100"))
    move(new, manager)
    move(old, manager)
    assert periods() == {(june, 2025, 1)}
    assert books_now() == {"C1": (2025, 100)}


def test_a_later_correction_of_the_old_contract_names_who_was_moved(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"), ("C2", 2025, "5"))
    move(new, manager)
    header = ("UMR", "Claim Ref", "Date of Loss", "Currency", "YOA", "Paid to date")
    table = Table(header, [["T1", "C2", "2025-05-01", "GBP", "2025", "6"]])
    correction = Conventions(is_correction=True)
    examined, _, _ = run(table, CLAIMS, period_end=JUNE, conventions=correction)
    [message] = examined.issues.filter(code="correction_lacks")["message"]
    assert message.startswith(
        "Claim C1: told for the period to 30 June 2026 and moved since, to contract T1 "
        "of 1 January 2026."
    )
    assert books_now() == {"C1": (2026, 100), "C2": (2025, 6)}


def test_a_claim_that_was_moved_and_stands_by_a_repeat_is_named(
    old: Treaty, new: Treaty, manager: User
) -> None:
    first = send(("C1", 2025, "100"))
    send(("C1", 2025, "100"), ("C2", 2025, "5"))
    undo(CLAIMS, ingestion=first)
    move(new, manager)
    header = ("UMR", "Claim Ref", "Date of Loss", "Currency", "YOA", "Paid to date")
    table = Table(header, [["T1", "C2", "2025-05-01", "GBP", "2025", "6"]])
    correction = Conventions(is_correction=True)
    examined, _, _ = run(table, CLAIMS, period_end=JUNE, conventions=correction)
    [message] = examined.issues.filter(code="correction_lacks")["message"]
    assert "Claim C1: told for the period to 30 June 2026 and moved since" in message
    assert books_now() == {"C1": (2026, 100), "C2": (2025, 6)}


@pytest.mark.parametrize(
    ("basis", "what"),
    [("LO", "The loss of 1 May 2025"), ("RA", "The policy of 1 Mar 2025"), ("", "")],
)
def test_a_move_out_of_the_period_of_the_claims_date_has_to_be_meant(
    old: Treaty, new: Treaty, manager: User, basis: str, what: str
) -> None:
    send(("C1", 2025, "100"))
    Claim.objects.update(policy_inception="2025-03-01")
    Treaty.objects.update(basis=basis)
    if what:
        with pytest.raises(DoubtfulMoveError) as refused:
            move(new, manager, is_meant=False)
        assert str(refused.value) == (
            f"{what} is outside that contract, 1 Jan 2026 to 31 Dec 2026: rows of the "
            "claim with this date will be held out. Move it only if the date is wrong, "
            "and have the date corrected, too."
        )
        assert books_now() == {"C1": (2025, 100)}
        assert not Edit.objects.exists()
    move(new, manager, is_meant=bool(what))
    assert books_now() == {"C1": (2026, 100)}


def test_a_move_into_the_period_of_the_claims_date_asks_nothing(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"))
    Claim.objects.update(date_of_loss="2026-12-31")
    move(new, manager, is_meant=False)
    assert books_now() == {"C1": (2026, 100)}


@pytest.mark.parametrize(
    ("limits", "layer", "said"),
    [
        (
            {"loss_notification_threshold": 50},
            {},
            "Claim “C1” of contract “T1 of 1 January 2026” stands at 100.00 GBP, at "
            "or above the contract's loss notification threshold of 50.00.",
        ),
        (
            {},
            {"risk_limit": 99},
            "Claim “C1” of contract “T1 of 1 January 2026” stands at 100.00 GBP, above "
            "the top of the contract's layers, 99.00 each risk.",
        ),
        (
            {},
            {"occurrence_limit": 120},
            "The claims of event STORM stand at 130.00 GBP, above the top of the "
            "contract's layers, 120.00 each occurrence.",
        ),
    ],
)
def test_a_move_above_the_limits_of_the_contract_has_to_be_meant(
    old: Treaty,
    new: Treaty,
    manager: User,
    limits: dict[str, int],
    layer: dict[str, int],
    said: str,
) -> None:
    send(("C1", 2025, "100"), ("C2", 2026, "30"))
    Claim.objects.update(
        date_of_loss="2026-05-01",
        loss_event=LossEvent.objects.create(code="STORM", name="Storm"),
    )
    Treaty.objects.filter(pk=new.pk).update(**limits)
    Layer.objects.create(treaty=new, number=1, **layer)
    with pytest.raises(DoubtfulMoveError) as refused:
        move(new, manager, is_meant=False)
    assert refused.value.warnings == [said]
    assert books_now() == {"C1": (2025, 100), "C2": (2026, 30)}
    move(new, manager, is_meant=True)
    assert books_now() == {"C1": (2026, 100), "C2": (2026, 30)}


def test_a_move_above_the_cash_loss_limit_has_to_be_meant(
    old: Treaty, new: Treaty, manager: User
) -> None:
    send(("C1", 2025, "100"), ("C2", 2026, "30"))
    Claim.objects.update(date_of_loss="2026-05-01")
    Treaty.objects.filter(pk=new.pk).update(cash_loss_limit=100)
    with pytest.raises(DoubtfulMoveError) as refused:
        move(new, manager, is_meant=False)
    assert refused.value.warnings == [
        "Claim “C1”: 100.00 GBP were paid in the period to 2026-06-30, at or above the "
        "contract's cash-loss limit of 100.00."
    ]
    assert books_now() == {"C1": (2025, 100), "C2": (2026, 30)}
    move(new, manager, is_meant=True)
    assert books_now() == {"C1": (2026, 100), "C2": (2026, 30)}
