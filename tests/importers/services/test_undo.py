"""Undoing a load: the books as they were, unless something builds on it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from importers.exceptions import LoadConflict, NotAllowed, StateProblem
from importers.models import Ingestion
from importers.services import ingestions, undoing, work
from reinsurance.models import (
    Bordereau,
    Claim,
    ClaimMovement,
    Layer,
    Participation,
    Party,
    Treaty,
)

pytestmark = pytest.mark.django_db
CLAIMS = "UMR,Claim Ref,Date of Loss,Currency,Status,Insured,Paid to date,Reserve\n"


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


Load = Callable[..., Ingestion]


@pytest.fixture
def load() -> Load:
    def hand_in(content: str, slug: str = "claims", **more: Any) -> Ingestion:
        ingestion = ingestions.submit(
            blocks=[content.encode()],
            file_name="file.csv",
            record_type=slug,
            source=ingestions.source_of(None),
            door="test",
            enqueue=False,
            **more,
        )
        work.check(ingestion.pk)
        ingestions.approve(ingestion.pk, enqueue=False)
        work.load(ingestion.pk)
        ingestion.refresh_from_db()
        assert ingestion.status == "loaded", ingestion.message
        return ingestion

    return hand_in


def undo(ingestion: Ingestion, user: User | None = None) -> str:
    ingestions.undo(ingestion.pk, user=user, reason="wrong month", enqueue=False)
    undoing.undo(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion.status


def books() -> list[dict]:
    hidden = {"id", "updated_at", "bordereau_id"}
    return [
        {name: value for name, value in row.items() if name not in hidden}
        for row in Claim.objects.order_by("reference").values()
    ]


def test_an_update_is_taken_back_and_the_ledger_says_so(load: Load) -> None:
    load(CLAIMS + "T1,C1,2026-02-01,GBP,Open,Acme,100,50\n")
    before = books()
    second = load(
        CLAIMS
        + "T1,C1,2026-02-01,GBP,Closed,Acme Ltd,120,0\n"
        + "T1,C2,2026-02-01,GBP,Open,Bolt,1,2\n"
    )
    assert undo(second) == "undone"
    assert books() == before
    entries = list(ClaimMovement.objects.order_by("id"))
    assert [(m.paid_indemnity, m.reserve_indemnity, m.status_id) for m in entries] == [
        (Decimal(100), Decimal(50), "OPEN"),
        (Decimal(20), Decimal(-50), "CLOSED"),
        (Decimal(-20), Decimal(50), "OPEN"),
    ]
    assert second.rows_read == second.rows_created + second.rows_updated == 2
    assert [event.message for event in second.events.all()][-2:] == [
        "Undo asked for: wrong month",
        "Undone: the books are as they were before the load.",
    ]


def test_a_register_is_taken_back_whole(load: Load) -> None:
    Party.objects.create(code="A", name="Alpha")
    first = load(
        "UMR,Treaty type,Currency,Layer,Reinsurer,Signed line\n"
        "N1,QS,GBP,1,A,50%\nN1,QS,GBP,2,A,40%\n",
        slug="treaties",
    )
    assert (Layer.objects.count(), Participation.objects.count()) == (2, 2)
    assert undo(first) == "undone"
    assert not Layer.objects.exists()
    assert not Participation.objects.exists()
    assert list(Treaty.objects.values_list("reference", flat=True)) == ["T1"]


def test_a_bordereau_is_received_again_when_no_file_of_it_is_loaded(load: Load) -> None:
    june = {"period_end": date(2026, 6, 30)}
    first = load(f"{CLAIMS}T1,C1,2026-03-01,GBP,Open,Acme,10,5\n", **june)
    other = load(f"{CLAIMS}T1,C2,2026-03-01,GBP,Open,Acme,10,5\n", **june)
    bordereau = Bordereau.objects.get()
    assert first.bordereau == other.bordereau == bordereau
    undo(other)
    bordereau.refresh_from_db()
    assert bordereau.status == "loaded"
    undo(first)
    bordereau.refresh_from_db()
    assert bordereau.status == "received"


def test_the_file_can_be_loaded_again_after_an_undo(load: Load) -> None:
    content = CLAIMS + "T1,C1,2026-02-01,GBP,Open,Acme,100,50\n"
    first = load(content)
    undo(first)
    assert load(content).rows_created == 1


def test_a_later_file_stands_in_the_way_until_it_is_undone(load: Load) -> None:
    first = load(CLAIMS + "T1,C1,2026-02-01,GBP,Open,Acme,100,50\n")
    second = load(CLAIMS + "T1,C1,2026-02-01,GBP,Open,Acme,120,50\n")
    message = f"Number {second.pk} changed records of this file since"
    with pytest.raises(LoadConflict, match=message):
        undo(first)
    assert undo(second) == "undone"
    assert undo(first) == "undone"
    assert not Claim.objects.exists()


def test_a_change_by_hand_stands_in_the_way(load: Load) -> None:
    load(CLAIMS + "T1,C1,2026-02-01,GBP,Open,Acme,100,50\n")
    second = load(CLAIMS + "T1,C1,2026-02-01,GBP,Open,Acme Ltd,100,50\n")
    Claim.objects.update(insured_name="By hand")
    assert undo(second) == "loaded"
    assert Claim.objects.get().insured_name == "By hand"
    assert second.events.last().message == (
        "Not undone: “insured name” of records of this file was changed by hand "
        "since (1). Set it back first."
    )


def test_records_in_use_stay(load: Load) -> None:
    register = load("UMR,Treaty type,Currency\nN1,QS,GBP\n", slug="treaties")
    load(CLAIMS + "N1,C1,2026-02-01,GBP,Open,Acme,100,50\n")
    assert undo(register) == "loaded"
    assert Treaty.objects.filter(reference="N1").exists()
    assert "Other records refer to what this file created" in (
        register.events.last().message
    )


def test_who_may_undo(load: Load, clerk: User, manager: User) -> None:
    first = load(CLAIMS + "T1,C1,2026-02-01,GBP,Open,Acme,100,50\n")
    with pytest.raises(NotAllowed):
        undo(first, clerk)
    with pytest.raises(StateProblem, match="Say why"):
        ingestions.undo(first.pk, user=manager, reason=" ")
    assert undo(first, manager) == "undone"
    with pytest.raises(StateProblem, match="only a load is undone"):
        undo(first, manager)
