"""Approval is of what was seen: content, mapping, and what loading does."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from importers.exceptions import StaleApproval, StateProblem
from importers.models import Ingestion
from importers.services import ingestions, undoing, work
from importers.services.withdrawals import withdrawn
from reinsurance.models import ClaimPosition, Edit, Party, Treaty
from tests.importers.admin.conftest import HEADER, claim

HEADED = (*HEADER, "Reporting period end")
Sent = Callable[..., Ingestion]


def month(paid: str, end: str, reference: str = "C-1") -> list[str]:
    return [*claim(reference, **{"Paid to date": paid}), end]


@pytest.fixture
def april(sent: Sent) -> Ingestion:
    return sent(HEADED, month("1000", "2026-04-30"))


@pytest.fixture
def may(sent: Sent, april: Ingestion) -> Ingestion:
    """Checked on the same empty books as April."""
    return sent(HEADED, month("1500", "2026-05-31"))


def load(ingestion: Ingestion) -> str:
    ingestions.approve(ingestion.pk, seen=ingestion.effect)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion.status


def test_the_fingerprint_is_of_what_loading_does(april: Ingestion) -> None:
    assert len(april.effect) == 64
    assert april.effect_parts["effect"]["rows"] == {"created": 1}
    moves = april.effect_parts["effect"]["moves"]
    assert {name: Decimal(amount) for name, amount in moves.items()} == {
        "paid USD": Decimal(1000), "incurred USD": Decimal(1500),
    }  # fmt: skip


def test_what_was_not_seen_is_not_approved(april: Ingestion, manager: User) -> None:
    for seen in ("", "0" * 64):
        with pytest.raises(StaleApproval):
            ingestions.approve(april.pk, user=manager, seen=seen)
    april.refresh_from_db()
    assert april.status == "ready"
    ingestions.approve(april.pk, user=manager, seen=april.effect)
    april.refresh_from_db()
    assert april.status == "approved"
    assert april.approved_effect == april.effect


def test_a_file_that_is_mapped_anew_is_not_what_was_seen(
    april: Ingestion, clerk: User, manager: User
) -> None:
    seen = april.effect
    known = april.matches["columns"]
    columns = {h: {"field": known[h]["field"] or ""} for h in april.table["header"]}
    columns["Insured"] = {"field": ""}
    ingestions.confirm_mapping(april.pk, columns=columns, constants={}, user=clerk)
    work.check(april.pk)
    with pytest.raises(StaleApproval):
        ingestions.approve(april.pk, user=manager, seen=seen)


def test_books_that_moved_withdraw_the_approval_and_say_why(
    april: Ingestion, may: Ingestion, manager: User
) -> None:
    seen = april.effect
    assert load(may) == "loaded"
    ingestions.approve(april.pk, user=manager, seen=april.effect)
    work.load(april.pk)
    april.refresh_from_db()
    assert april.status == "received"
    assert (april.approved_by, april.approved_at, april.approved_effect) == (
        None, None, "",
    )  # fmt: skip
    assert ClaimPosition.objects.get().paid_indemnity == 1500
    told = withdrawn(april)
    assert told == april.message
    assert told.startswith("The books changed since this file was checked")
    assert "rows created: 1 then, 0 now" in told

    work.check(april.pk)
    april.refresh_from_db()
    assert april.status == "ready"
    assert april.effect != seen
    assert withdrawn(april) == told
    with pytest.raises(StaleApproval):
        ingestions.approve(april.pk, user=manager, seen=seen)
    assert load(april) == "loaded"
    assert withdrawn(april) == ""
    assert ClaimPosition.objects.get().paid_indemnity == 1500


def test_a_new_approval_ends_the_withdrawal(april: Ingestion, may: Ingestion) -> None:
    load(may)
    assert load(april) == "received"
    work.check(april.pk)
    april.refresh_from_db()
    ingestions.approve(april.pk, seen=april.effect)
    april.refresh_from_db()
    assert withdrawn(april) == ""


def test_nobody_approves_twice(april: Ingestion, manager: User) -> None:
    ingestions.approve(april.pk, user=manager, seen=april.effect)
    with pytest.raises(StateProblem, match="is “approved” by now"):
        ingestions.approve(april.pk, user=manager, seen=april.effect)


def another_name() -> None:
    Treaty.objects.get().save()


def a_layer_less() -> None:
    treaty = Treaty.objects.get()
    Edit.objects.create(model="layer", object_id=1, treaty=treaty, action="deleted")


@pytest.mark.parametrize("change", [another_name, a_layer_less])
def test_terms_that_change_withdraw_the_approval(
    april: Ingestion, change: Callable[[], None]
) -> None:
    change()
    ingestions.approve(april.pk, seen=april.effect)
    work.load(april.pk, patience=1)
    april.refresh_from_db()
    assert (april.status, april.approved_effect) == ("received", "")
    assert april.message == (
        "The terms of contract B0001 were changed after the file was checked. Nothing "
        "was loaded; it is checked anew by what they are now, and has to be approved "
        "again."
    )
    assert not ClaimPosition.objects.exists()
    work.check(april.pk)
    april.refresh_from_db()
    assert load(april) == "loaded"


def a_renewal() -> None:
    treaty = Treaty.objects.get(reference="B0001")
    treaty.pk, treaty.inception, treaty.expiry = None, date(2027, 1, 1), None
    treaty.save()


def a_namesake_of_another_cedant() -> None:
    treaty = Treaty.objects.get(reference="B0001")
    treaty.pk, treaty.cedant = None, Party.objects.create(code="OTHER", name="Other")
    treaty.save()


@pytest.mark.parametrize("come", [a_renewal, a_namesake_of_another_cedant])
def test_another_contract_of_the_number_withdraws_the_approval(
    april: Ingestion, come: Callable[[], None]
) -> None:
    come()
    ingestions.approve(april.pk, seen=april.effect)
    work.load(april.pk, patience=1)
    april.refresh_from_db()
    assert (april.status, april.approved_effect) == ("received", "")
    assert april.message == (
        "A contract with the number B0001 was added or changed after the file was "
        "checked, so that rows may be on another one now. Nothing was loaded; it is "
        "checked anew, and has to be approved again."
    )
    assert not ClaimPosition.objects.exists()


def test_a_correction_that_leaves_out_another_claim_than_was_seen(sent: Sent) -> None:
    def file(declared: str, *claims: str) -> Ingestion:
        rows = [month("1000", "2026-04-30", reference) for reference in claims]
        found = sent(HEADED, *rows)
        if found.needs_declaration:
            ingestions.declare(found.pk, declared, user=None, enqueue=False)
            work.check(found.pk)
            found.refresh_from_db()
        return found

    first = file("additional", "C-1")
    assert load(first) == "loaded"
    second = file("additional", "C-2")
    assert load(second) == "loaded"
    third = file("additional", "C-3")
    correction = file("correction", "C-1")
    effect = correction.effect_parts["effect"]
    assert effect["lacking"] == 1
    assert {name: Decimal(moved) for name, moved in effect["moves"].items()} == {
        "paid USD": Decimal(-1000), "incurred USD": Decimal(-1500),
    }  # fmt: skip
    assert load(third) == "loaded"
    ingestions.undo(second.pk, user=None, reason="Wrong", enqueue=False)
    undoing.undo(second.pk)
    ingestions.approve(correction.pk, seen=correction.effect)
    work.load(correction.pk, patience=1)
    correction.refresh_from_db()
    assert correction.status == "received"
    assert "what the correction leaves out is something else now" in correction.message
    standing = ClaimPosition.objects.values_list("claim__reference", flat=True)
    assert set(standing) == {"C-1", "C-3"}
