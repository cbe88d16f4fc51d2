"""What a program that follows changes is told where a contract changes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from backoffice.roles import AUDITOR
from importers import record_types
from importers.pipeline.undo import undo
from reinsurance.admin import edits
from reinsurance.ledger import following
from reinsurance.ledger.moving import move_claim
from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimPosition,
    Deletion,
    Layer,
    Load,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
    TreatyScope,
)
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run
from tests.reinsurance.admin.conftest import browser_of

OLD = datetime(2026, 1, 1, tzinfo=UTC)
EVERYTHING = (Treaty, Layer, Participation, TreatyScope, Claim, PremiumEntry)
NAMES = [
    "claim",
    "claimposition",
    "layer",
    "participation",
    "premiumentry",
    "treaty",
    "treatyscope",
]


@pytest.fixture
def other(book: Claim) -> Party:
    """Another cedant; the book is of long ago."""
    for model in EVERYTHING:
        model.objects.update(updated_at=OLD)
    return Party.objects.create(code="OTHER", name="Other Mutual")


def follower(cedant: Party | None) -> Client:
    """Who follows what becomes of a cedant's records, or of all."""
    user = User.objects.create_user(f"of {cedant}", is_staff=True)
    user.groups.add(Group.objects.get(name=AUDITOR.name))
    if cedant is not None:
        CedantLimit.objects.create(user=user, cedant=cedant)
    return browser_of(user)


def gone(browser: Client) -> list[str]:
    answer = browser.get("/api/v1/deletions/", {"since": "2026-02-01T00:00:00Z"})
    rows = answer.json()["results"]
    assert not any(row["is_back"] for row in rows)
    return sorted(row["model"] for row in rows)


def changed(browser: Client, path: str) -> int:
    since = {"updated_since": "2026-02-01T00:00:00Z"}
    return len(browser.get(f"/api/v1/{path}/", since).json()["results"])


def touched() -> list[Any]:
    return [m for m in EVERYTHING if m.objects.exclude(updated_at=OLD).exists()]


def test_a_claim_that_moves_to_another_cedant_is_gone_for_the_first(
    book: Claim, other: Party, manager: User
) -> None:
    target = Treaty.objects.create(
        reference="B0001", cedant=other, treaty_type="QS", currency_id="USD"
    )
    move_claim(book, target, user=manager, reason="Theirs")
    assert gone(follower(book.treaty.cedant)) == ["claim", "claimposition"]
    theirs = follower(other)
    assert (gone(theirs), changed(theirs, "claims")) == ([], 1)
    assert gone(follower(None)) == []


def test_a_claim_that_moves_within_its_cedant_is_not_gone(
    book: Claim, other: Party, manager: User
) -> None:
    target = Treaty.objects.create(
        reference="B0001",
        cedant=book.treaty.cedant,
        inception="2027-01-01",
        treaty_type="QS",
        currency_id="USD",
    )
    move_claim(book, target, user=manager, reason="Its year")
    assert not Deletion.objects.exists()


def test_a_contract_that_gets_another_cedant_takes_all_with_it(
    book: Claim, other: Party, manager: User
) -> None:
    treaty, first = book.treaty, book.treaty.cedant
    treaty.cedant = other
    edit = edits.save(record=treaty, user=manager, reason="Portfolio transfer")
    assert edit is not None
    assert not Deletion.objects.exists()
    edits.apply(edit=edit, user=User.objects.create_user("second"))
    assert gone(follower(first)) == NAMES
    assert touched() == list(EVERYTHING)
    theirs = follower(other)
    assert gone(theirs) == []
    paths = ("treaties", "layers", "participations", "claims", "premiums")
    assert [changed(theirs, path) for path in paths] == [1, 1, 1, 1, 1]
    assert gone(follower(None)) == []


def test_what_is_hidden_does_not_leave(
    book: Claim, other: Party, manager: User
) -> None:
    load = Load.objects.create(number=7, record_type="claims", undone_at=OLD)
    for model in (Claim, ClaimPosition, PremiumEntry):
        model.objects.update(load=load)
    treaty = book.treaty
    treaty.cedant = other
    following.save(treaty)
    names = Deletion.objects.values_list("model", flat=True)
    assert sorted(names) == ["layer", "participation", "treaty", "treatyscope"]


def register(year: str) -> int:
    row = {
        "UMR": "B0001",
        "Cedant": "ANDES",
        "Treaty type": "QS",
        "Inception date": "2026-01-01",
        "Expiry date": "2026-12-31",
        "Ccy": "USD",
        "YOA": year,
        "Layer": "1",
    }
    table = Table(tuple(row), [list(row.values())])
    kind = record_types.get("treaties")
    examined, _, ingestion = run(table, kind, conventions=Conventions())
    assert not examined.issues.filter(severity="error").height, examined.issues
    return ingestion.pk


def test_a_register_that_tells_another_year_changes_what_lies_under_the_contract(
    book: Claim, other: Party
) -> None:
    number = register("2026")
    assert touched() == list(EVERYTHING)
    assert not Deletion.objects.filter(model="treaty").exists()
    for model in EVERYTHING:
        model.objects.update(updated_at=OLD)
    register("2026")
    assert Claim.objects.get().updated_at == OLD
    undo(record_types.get("treaties"), ingestion=number)
    assert Treaty.objects.get().year_of_account == 2026
