"""Undoing a load: nothing of it is in the books, unless something stands in the way."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from importers.exceptions import LoadConflict, NotAllowed, NotItsTurn, StateProblem
from importers.models import Ingestion
from importers.services import (
    ingestions,
    leases,
    offers,
    reaper,
    undo_preview,
    undoing,
)
from importers.services.undo_preview import Affected, Referring
from importers.tasks import undo as undo_task
from reinsurance.models import (
    Bordereau,
    Claim,
    ClaimPosition,
    Edit,
    Layer,
    Load,
    LoadPeriod,
    LossEvent,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
)
from tests.importers.services.loads import loaded

pytestmark = pytest.mark.django_db
CLAIMS = (
    "UMR,Claim Ref,Date of Loss,Currency,Status,Insured,Paid to date,Reserve,"
    "Reporting period end\n"
)
PREMIUMS = (
    "UMR,Policy Ref,Transaction type,Effective date,Currency,Gross premium,"
    "Reporting period end\n"
)
Loaded = Callable[..., Ingestion]


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def claim(
    number: str = "C1",
    *,
    paid: int = 100,
    month: str = "2026-04-30",
    treaty: str = "T1",
) -> str:
    return f"{treaty},{number},2026-02-01,GBP,Open,Acme,{paid},50,{month}\n"


def premium(policy: str = "P1", *, gross: int = 900) -> str:
    return f"T1,{policy},Original,2026-02-01,GBP,{gross},2026-04-30\n"


@pytest.fixture
def load() -> Loaded:
    return loaded


def undo(ingestion: Ingestion, user: User | None = None) -> str:
    ingestions.undo(ingestion.pk, user=user, reason="wrong month", enqueue=False)
    return done(ingestion)


def done(ingestion: Ingestion) -> str:
    undoing.undo(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion.status


def last(ingestion: Ingestion) -> str:
    return ingestion.events.order_by("-pk").first().message


def books() -> dict[str, tuple[Decimal, str]]:
    return {
        p.claim.reference: (p.paid_indemnity, p.claim.insured_name)
        for p in ClaimPosition.objects.select_related("claim")
    }


# ------------------------------------------------------------------------- what it does
def test_what_a_load_told_is_out_of_the_books(load: Loaded) -> None:
    load(CLAIMS + claim())
    second = load(CLAIMS + claim(paid=120, month="2026-05-31") + claim("C2", paid=1))
    assert books() == {"C1": (Decimal(120), "Acme"), "C2": (Decimal(1), "Acme")}
    assert undo(second) == "undone"
    assert books() == {"C1": (Decimal(100), "Acme")}
    assert second.rows_read == second.rows_created + second.rows_updated == 2
    assert [event.message for event in second.events.order_by("pk")][-2:] == [
        "Undo asked for: wrong month",
        "Undone: nothing of this file is in the books any more.",
    ]


def test_an_earlier_file_is_undone_below_a_later_one(load: Loaded) -> None:
    first = load(CLAIMS + claim())
    load(CLAIMS + claim(paid=120, month="2026-05-31"))
    assert undo(first) == "undone"
    assert books() == {"C1": (Decimal(120), "Acme")}


def test_a_register_is_taken_back_whole(load: Loaded) -> None:
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


def test_a_bordereau_is_received_again_when_no_file_of_it_is_loaded(
    load: Loaded,
) -> None:
    first = load(CLAIMS + claim("C1"))
    other = load(CLAIMS + claim("C2"))
    bordereau = Bordereau.objects.get()
    assert (bordereau.period_end, bordereau.status) == (date(2026, 4, 30), "loaded")
    undo(other)
    bordereau.refresh_from_db()
    assert bordereau.status == "loaded"
    undo(first)
    bordereau.refresh_from_db()
    assert bordereau.status == "received"


def test_the_file_can_be_loaded_again_after_an_undo(load: Loaded) -> None:
    content = CLAIMS + claim()
    undo(load(content))
    assert not Claim.objects.exists()
    again = load(content)
    assert again.rows_created == 1
    assert books() == {"C1": (Decimal(100), "Acme")}


def test_who_may_undo(load: Loaded, clerk: User, manager: User) -> None:
    first = load(CLAIMS + claim())
    with pytest.raises(NotAllowed):
        undo(first, clerk)
    with pytest.raises(NotAllowed):
        undo_preview.preview(first, user=clerk)
    with pytest.raises(StateProblem, match="Say why"):
        ingestions.undo(first.pk, user=manager, reason=" ")
    assert undo(first, manager) == "undone"
    with pytest.raises(StateProblem, match="only a load is undone"):
        undo(first, manager)
    with pytest.raises(StateProblem, match="only a load is undone"):
        undo_preview.preview(first, user=manager)


# --------------------------------------------------------------- what stands in the way
def test_a_change_by_hand_stands_in_the_way(load: Loaded, manager: User) -> None:
    first = load(CLAIMS + claim())
    ingestions.undo(first.pk, user=None, reason="wrong month", enqueue=False)
    record = Claim.objects.get()
    edit = Edit.objects.create(
        model="claim",
        object_id=record.pk,
        action="changed",
        before={"insured_name": "Acme"},
        after={"insured_name": "By hand"},
        user=manager,
        at=timezone.now() + timedelta(seconds=1),
    )
    assert done(first) == "loaded"
    told = "manager changed insured name of claim “C1” of contract “T1” since. "
    assert last(first) == f"Not undone: {told}Set that back first."
    assert undo_preview.preview(first, user=manager).edits == (edit,)
    with pytest.raises(LoadConflict, match=told):
        undo(first)
    assert Claim.objects.exists()


def changed(record: Any, user: User, before: Any, after: Any, *, minutes: int) -> None:
    Edit.objects.create(
        model=record._meta.model_name,
        object_id=record.pk,
        reference=str(record),
        action="changed",
        before=before,
        after=after,
        user=user,
        at=timezone.now() + timedelta(minutes=minutes),
    )


def test_what_stands_in_the_way_is_told_by_name(load: Loaded, manager: User) -> None:
    register = load(
        "UMR,Treaty type,Currency,Layer,Commission\nN1,QS,GBP,1,20%\n", slug="treaties"
    )
    treaty = Treaty.objects.get(reference="N1")
    changed(treaty, manager, {"currency_id": "GBP"}, {"currency_id": "USD"}, minutes=1)
    told = "manager changed currency of contract “N1” since. Set that back first."
    with pytest.raises(LoadConflict, match=f"^{told}$"):
        undo(register)
    claims = load(CLAIMS + claim("C1"))
    record = Claim.objects.get()
    changed(record, manager, {"treaty_id": "1"}, {"treaty_id": "2"}, minutes=2)
    changed(record, manager, {"insured_name": ""}, {"insured_name": "X"}, minutes=3)
    with pytest.raises(LoadConflict) as caught:
        undo(claims)
    assert str(caught.value) == (
        "manager changed treaty of claim “C1” of contract “T1” and made 1 more change "
        "since. Set that back first."
    )


def test_what_was_set_back_stands_in_no_way(load: Loaded, manager: User) -> None:
    first = load(CLAIMS + claim())
    record = Claim.objects.get()
    changed(record, manager, {"insured_name": "Acme"}, {"insured_name": "X"}, minutes=1)
    assert len(undo_preview.preview(first, user=manager).edits) == 1
    changed(record, manager, {"insured_name": "X"}, {"insured_name": "Acme"}, minutes=2)
    assert undo_preview.preview(first, user=manager).edits == ()
    assert undo(first) == "undone"


def test_claims_of_another_file_stand_in_the_way(load: Loaded, manager: User) -> None:
    register = load("UMR,Treaty type,Currency\nN1,QS,GBP\n", slug="treaties")
    load(CLAIMS + claim(treaty="N1"))
    found = undo_preview.preview(register, user=manager)
    assert not found.is_possible
    assert found.affected == (
        Affected("treaty", "removed", 1, ("N1",)),
        Affected("layer", "removed", 1, ("N1 · N1 layer 1",)),
    )
    assert Referring("claim", 1, ("N1 · C1",)) in found.referring
    assert undo(register) == "loaded"
    assert last(register) == (
        "Not undone: Other records refer to what this file created. "
        "Remove or undo those first."
    )
    assert Treaty.objects.filter(reference="N1").exists()
    assert Load.objects.get(number=register.pk).undone_at is None


REGISTER = "UMR,Treaty type,Currency,Inception,Expiry\nN1,QS,GBP,{0}-01-01,{0}-12-31\n"
REFUSED = (
    "Not undone: Other records refer to what this file created. "
    "Remove or undo those first."
)


def hidden() -> tuple[int, int, int, int]:
    """Records of contract N1 in the tables, standing or undone."""
    return (
        Treaty.objects.filter(reference="N1").count(),
        Claim.all_objects.filter(treaty__reference="N1").count(),
        PremiumEntry.all_objects.filter(treaty__reference="N1").count(),
        LoadPeriod.objects.filter(treaty__reference="N1").count(),
    )


@pytest.mark.parametrize(
    ("slug", "content", "there"),
    [
        ("premiums", PREMIUMS + premium().replace("T1", "N1"), (1, 0, 1, 1)),
        ("claims", CLAIMS + claim(treaty="N1"), (1, 1, 0, 1)),
    ],
)
def test_what_was_undone_itself_stands_in_the_way(
    load: Loaded, manager: User, slug: str, content: str, there: tuple[int, ...]
) -> None:
    register = load(REGISTER.format(2026), slug="treaties")
    told = load(content, slug=slug)
    assert undo(told) == "undone"
    assert not undo_preview.preview(register, user=manager).is_possible
    assert undo(register) == "loaded"
    assert last(register) == REFUSED
    assert hidden() == there
    assert Bordereau.objects.filter(treaty__reference="N1").count() == 1
    assert Load.objects.get(number=register.pk).undone_at is None


def test_an_event_of_claims_that_were_undone_stays(load: Loaded, manager: User) -> None:
    event = load("Event code,Event name\nE1,Storm\n", slug="loss-events")
    told = load(CLAIMS.replace("Insured", "Event code") + claim().replace("Acme", "E1"))
    assert undo(told) == "undone"
    assert not undo_preview.preview(event, user=manager).is_possible
    assert undo(event) == "loaded"
    assert last(event) == REFUSED
    assert LossEvent.objects.count() == 1


def test_a_party_of_a_bordereau_that_was_undone_stays(
    load: Loaded, manager: User
) -> None:
    party = load("Party code,Party name\nA,Alpha\n", slug="parties")
    told = load(CLAIMS + claim())
    Bordereau.objects.update(party=Party.objects.get(code="A"))
    assert undo(told) == "undone"
    assert not undo_preview.preview(party, user=manager).is_possible
    assert undo(party) == "loaded"
    assert last(party) == REFUSED
    assert Party.objects.count() == 1


# ----------------------------------------------------------------------- the preview
def test_a_preview_counts_and_names_and_writes_nothing(
    load: Loaded, manager: User
) -> None:
    load(CLAIMS + claim())
    second = load(
        CLAIMS + claim(paid=120, month="2026-05-31") + claim("D1") + claim("D2")
    )
    found = undo_preview.preview(second, user=manager)
    assert found.affected == (
        Affected("claims", "removed", 2, ("T1 · D1", "T1 · D2")),
        Affected("claim positions", "removed", 2, ("T1 · D1 GBP", "T1 · D2 GBP")),
        Affected("claim position", "changed", 1, ("T1 · C1 GBP",)),
    )
    assert found.is_possible
    assert Load.objects.get(number=second.pk).undone_at is None
    assert len(books()) == 3
    assert undo(second) == "undone"
    assert list(books()) == ["C1"]


def test_a_preview_names_twenty(load: Loaded, manager: User) -> None:
    first = load(CLAIMS + "".join(claim(f"D{n:02}") for n in range(30)))
    claims, positions = undo_preview.preview(first, user=manager).affected
    assert (claims.count, len(claims.examples)) == (30, 20)
    assert (positions.count, len(positions.examples)) == (30, 20)


def test_a_preview_of_a_repeat_changes_nothing(load: Loaded, manager: User) -> None:
    first = load(CLAIMS + claim())
    again = load(CLAIMS + claim() + "\n")
    assert again.rows_unchanged == 1
    assert undo_preview.preview(again, user=manager).affected == ()
    assert undo_preview.preview(first, user=manager).affected == ()


def test_a_preview_of_a_correction_brings_back(load: Loaded, manager: User) -> None:
    load(CLAIMS + claim("C1") + claim("C2"))
    correction = load(CLAIMS + claim("C1", paid=70), declared="correction")
    assert books() == {"C1": (Decimal(70), "Acme")}
    assert undo_preview.preview(correction, user=manager).affected == (
        Affected("claim", "brought back", 1, ("T1 · C2",)),
        Affected("claim position", "changed", 1, ("T1 · C1 GBP",)),
        Affected("claim position", "brought back", 1, ("T1 · C2 GBP",)),
    )
    assert undo(correction) == "undone"
    assert books() == {"C1": (Decimal(100), "Acme"), "C2": (Decimal(100), "Acme")}


def test_a_preview_of_premium(load: Loaded, manager: User) -> None:
    load(PREMIUMS + premium("P1") + premium("P2"), slug="premiums")
    second = load(PREMIUMS + premium("P1", gross=950) + premium("P3"), slug="premiums")
    assert undo_preview.preview(second, user=manager).affected == (
        Affected(
            "premium entries",
            "removed",
            2,
            ("T1 · P1 Original", "T1 · P3 Original"),
        ),
        Affected("premium entry", "brought back", 1, ("T1 · P1 Original",)),
    )
    assert undo(second) == "undone"
    entries = PremiumEntry.objects.order_by("policy_reference")
    assert [(e.policy_reference, e.gross_premium) for e in entries] == [
        ("P1", Decimal(900)), ("P2", Decimal(900)),
    ]  # fmt: skip


def test_a_preview_of_other_records(load: Loaded, manager: User) -> None:
    load("Party code,Party name\nA,Alpha\n", slug="parties")
    second = load("Party code,Party name\nA,Alpha Re\nB,Beta\n", slug="parties")
    assert undo_preview.preview(second, user=manager).affected == (
        Affected("party", "removed", 1, ("B Beta",)),
        Affected("party", "changed", 1, ("A Alpha Re",)),
    )
    assert undo(second) == "undone"
    assert list(Party.objects.values_list("name", flat=True)) == ["Alpha"]


# ---------------------------------------------------------------- workers, the reaper
def asked(load: Loaded) -> Ingestion:
    ingestion = load(CLAIMS + claim())
    ingestions.undo(ingestion.pk, user=None, reason="wrong month")
    ingestion.refresh_from_db()
    assert (ingestion.status, OrmQ.objects.count()) == ("undoing", 1)
    return ingestion


def taken(ingestion: Ingestion, *, attempts: int = 1, is_dead: bool = True) -> None:
    """A worker of another machine has it."""
    ago = timedelta(hours=1) if is_dead else timedelta()
    Ingestion.objects.filter(pk=ingestion.pk).update(
        lease="elsewhere:1:x", heartbeat_at=timezone.now() - ago, attempts=attempts
    )


def test_the_task_may_come_twice(load: Loaded) -> None:
    ingestion = asked(load)
    for _ in range(2):
        undo_task(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "undone"
    assert [e.status for e in ingestion.events.order_by("pk")][-2:] == [
        "undoing", "undone",
    ]  # fmt: skip


def test_nobody_undoes_what_nobody_asked_for(load: Loaded) -> None:
    ingestion = load(CLAIMS + claim())
    assert done(ingestion) == "loaded"
    assert Claim.objects.exists()


def test_a_living_worker_is_left_alone(load: Loaded) -> None:
    ingestion = asked(load)
    taken(ingestion, is_dead=False)
    assert done(ingestion) == "undoing"
    assert reaper.reap() == 0


def test_the_reaper_hands_on_what_a_dead_worker_left(load: Loaded) -> None:
    ingestion = asked(load)
    OrmQ.objects.all().delete()
    taken(ingestion)
    assert reaper.reap() == 1
    assert last(ingestion) == reaper.HANDED_ON
    assert OrmQ.objects.get().task["func"] == offers.UNDO
    assert reaper.reap() == 0  # queued once
    assert done(ingestion) == "undone"
    assert not Claim.objects.exists()


def test_an_undo_that_is_in_no_queue_is_offered_again(load: Loaded) -> None:
    ingestion = asked(load)
    long_ago = timezone.now() - timedelta(minutes=5)
    Ingestion.objects.filter(pk=ingestion.pk).update(offered_at=long_ago)
    assert reaper.reap() == 0  # it is in one
    OrmQ.objects.all().delete()
    assert reaper.reap() == 1
    assert OrmQ.objects.get().task["func"] == offers.UNDO


def test_after_three_dead_workers_the_load_stands(load: Loaded) -> None:
    ingestion = asked(load)
    taken(ingestion, attempts=leases.MOST_ATTEMPTS)
    assert done(ingestion) == "undoing"
    assert reaper.reap() == 1
    ingestion.refresh_from_db()
    assert (ingestion.status, last(ingestion)) == ("loaded", undoing.INTERRUPTED)
    assert Claim.objects.exists()
    assert undo(ingestion) == "undone"


def test_a_fault_of_ours_leaves_the_books_and_is_tried_again(
    load: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion = asked(load)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(undoing.cursors, "take_back", fail)
    with pytest.raises(RuntimeError):
        undoing.undo(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "undoing"
    assert Claim.objects.exists()
    monkeypatch.undo()
    Ingestion.objects.filter(pk=ingestion.pk).update(heartbeat_at=None)
    assert done(ingestion) == "undone"


def test_an_undo_that_waits_for_its_turn_is_no_attempt(
    load: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion = asked(load)

    def wait(*args: Any, **kwargs: Any) -> None:
        raise NotItsTurn("Another file of this kind is being loaded.")

    monkeypatch.setattr(undoing, "undo_load", wait)
    undo_task(ingestion.pk)
    ingestion.refresh_from_db()
    assert (ingestion.status, ingestion.attempts) == ("undoing", 0)
    assert OrmQ.objects.last().task["func"] == offers.UNDO_IN_TURN
    monkeypatch.undo()
    assert done(ingestion) == "undone"


SECTIONS = PREMIUMS.replace("Gross premium", "Section,Gross premium")


def in_section(section: str, gross: int) -> str:
    return f"T1,P1,Original,2026-02-01,GBP,{section},{gross},2026-04-30\n"


def test_a_preview_of_premium_says_what_is_refused(load: Loaded, manager: User) -> None:
    load(SECTIONS + in_section("1", 1000) + in_section("2", 500), slug="premiums")
    correction = load(
        SECTIONS + in_section("1", 1000), slug="premiums", declared="correction"
    )
    third = load(PREMIUMS + premium("P1", gross=1100), slug="premiums")
    found = undo_preview.preview(correction, user=manager)
    assert not found.is_possible
    assert found.refusal.endswith(f"Undo number {third.pk} first.")
    undo(third)
    found = undo_preview.preview(correction, user=manager)
    assert found.is_possible
    # The entry of section 1 was told alike before: it stays as it is.
    assert [(part.effect, part.count) for part in found.affected] == [
        ("brought back", 1)
    ]


def test_a_preview_of_premium_told_apart_since(load: Loaded, manager: User) -> None:
    load(PREMIUMS + premium("P1", gross=700), slug="premiums")
    load(SECTIONS + in_section("1", 710), slug="premiums")
    second = load(SECTIONS + in_section("2", 50), slug="premiums")
    found = undo_preview.preview(second, user=manager)
    assert [(part.effect, part.count) for part in found.affected] == [("removed", 1)]
    assert undo(second) == "undone"
    [entry] = PremiumEntry.objects.all()
    assert entry.gross_premium == 710


def test_a_preview_of_claims_says_what_is_refused(load: Loaded, manager: User) -> None:
    paid = CLAIMS.replace("Paid to date", "Paid this month")
    load(paid + claim("C1", paid=1) + claim("C2", paid=9))
    correction = load(paid + claim("C1", paid=1), declared="correction")
    quarterly = CLAIMS.replace("Paid to date", "Paid this month").replace(
        "Reporting period end", "Reporting period start,Reporting period end"
    )
    quarter = load(
        quarterly + "T1,C2,2026-02-01,GBP,Open,Acme,30,50,2026-04-01,2026-06-30\n"
    )
    found = undo_preview.preview(correction, user=manager)
    assert not found.is_possible
    assert f"number {quarter.pk} told what was paid from 2026-04-01" in found.refusal
