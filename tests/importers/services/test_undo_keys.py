"""What the page before an undo says of contracts whose key nobody tells any more."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from importers.models import Ingestion
from importers.services import ingestions, undo_preview, undoing, work
from reinsurance.models import Edit, Party, PremiumEntry, Treaty
from tests.importers.services.loads import loaded

pytestmark = pytest.mark.django_db

REGISTER = "UMR,Cedant,Treaty type,Ccy,Inception,Expiry,Basis\n"
BLANK = "T1,CED1,QS,GBP,,,\n"
Y25 = "T1,CED1,QS,GBP,2025-01-01,2025-12-31,RA\n"
Y26 = "T1,CED1,QS,GBP,2026-01-01,2026-12-31,RA\n"
PREMIUM = (
    "UMR,Policy No,Transaction type,Ccy,Effective date,Risk inception,Gross premium,"
    "Reporting period end\n"
)


@pytest.fixture(autouse=True)
def party() -> Party:
    return Party.objects.create(code="CED1", name="One")


def register(*rows: str) -> Ingestion:
    return loaded(REGISTER + "".join(rows), "treaties")


def premium(year: int) -> None:
    days = f"{year}-02-01,{year}-02-01"
    loaded(
        f"{PREMIUM}T1,P{year},Original,GBP,{days},100,{year}-02-28\n",
        "premiums",
    )


def undo(ingestion: Ingestion, manager: User) -> str:
    ingestions.undo(ingestion.pk, user=manager, reason="Wrong", enqueue=False)
    undoing.undo(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion.status


def change(treaty: Treaty, user: User) -> None:
    """As a person who fills in the inception."""
    Edit.objects.create(
        model="treaty",
        object_id=treaty.pk,
        action="changed",
        before={"inception": None},
        after={"inception": str(treaty.inception)},
        user=user,
        at=timezone.now(),
    )
    treaty.save()


def said(ingestion: Ingestion, manager: User) -> tuple[str, ...]:
    found = undo_preview.preview(ingestion, user=manager)
    assert found.is_possible
    return found.contracts


def test_money_that_stays_with_a_contract_without_inception_is_said(
    manager: User,
) -> None:
    register(BLANK)
    wrong = register(Y25)
    premium(2025)
    loaded("UMR,Cedant,Treaty type,Ccy,Commission\nT1,CED1,QS,GBP,20%\n", "treaties")
    assert said(wrong, manager) == (
        "Contract “T1”: nobody else tells its inception, 1 January 2025. After the "
        "undo it has none, and 1 claim or premium stays with it. Tell it in a "
        "register, and move what is of another contract.",
    )
    assert undo(wrong, manager) == "undone"
    treaty = Treaty.objects.get()
    assert (treaty.inception, treaty.expiry, treaty.basis) == (None, None, "")
    assert PremiumEntry.objects.get().treaty == treaty
    register(Y26)
    assert Treaty.objects.get().inception == date(2026, 1, 1)


def test_the_page_says_it(manager: User, client: Client) -> None:
    client.force_login(manager)
    register(BLANK)
    wrong = register(Y25)
    premium(2025)
    register(BLANK)
    page = reverse("admin:importers_ingestion_undo", args=[wrong.pk])
    assert "nobody else tells its inception" in client.get(page).content.decode()


def test_a_file_on_its_way_brings_no_inception_back(manager: User) -> None:
    register(BLANK)
    wrong = register(Y25)
    waiting = ingestions.submit(
        blocks=[f"{REGISTER}{BLANK}".encode()],
        file_name="waiting.csv",
        record_type="treaties",
        source=ingestions.source_of(None),
        door="test",
        enqueue=False,
        declared="additional",
    )
    work.check(waiting.pk)
    assert undo(wrong, manager) == "undone"
    ingestions.approve(waiting.pk, enqueue=False)
    work.load(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.status == "loaded", waiting.message
    assert Treaty.objects.get().inception is None


def test_what_a_person_told_stays(manager: User) -> None:
    register(BLANK)
    treaty = Treaty.objects.get()
    treaty.inception = date(2025, 1, 1)
    change(treaty, manager)
    again = register(Y25)
    register(BLANK)
    assert undo(again, manager) == "undone"
    assert Treaty.objects.get().inception == date(2025, 1, 1)


def test_another_contract_of_the_number_is_said(manager: User) -> None:
    register(BLANK)
    wrong = register(Y25)
    register(BLANK)
    register(Y26)
    premium(2026)
    assert said(wrong, manager) == (
        "Contract “T1 of 1 January 2025”: nobody else tells its inception, 1 January "
        "2025. After the undo it has none, and a row may mean it or 1 other contract "
        "of its number. Tell it in a register, and move what is of another contract.",
    )


def test_what_a_period_that_comes_back_leaves_outside_is_said(manager: User) -> None:
    register(Y25)
    longer = register(Y25.replace("2025-12-31", "2026-12-31"))
    premium(2026)
    assert said(longer, manager) == (
        "Contract “T1”: 1 of its claims and premiums is outside the period from "
        "2025-01-01 to 2025-12-31, the first premium of policy P2026 of 1 February "
        "2026. Tell the period in a register, or move what is of another contract.",
    )


def test_nothing_is_said_where_others_tell_it(manager: User) -> None:
    register(BLANK)
    first = register(Y25)
    premium(2025)
    register(Y25)
    assert said(first, manager) == ()


def test_two_that_could_not_be_told_apart_are_refused_on_the_page(
    manager: User,
) -> None:
    header = "UMR,Cedant,Treaty type,Ccy,YOA,Inception\n"
    first = loaded(f"{header}T1,CED1,QS,GBP,2025,2025-01-01\n", "treaties")
    second = loaded(f"{header}T1,CED1,QS,GBP,2026,2026-01-01\n", "treaties")
    for year in (2025, 2026):
        loaded(f"{header}T1,CED1,QS,GBP,{year},\n", "treaties")
    assert undo(first, manager) == "undone"
    found = undo_preview.preview(second, user=manager)
    assert not found.is_possible
    assert "nobody could tell the two apart" in found.refusal
    assert undo(second, manager) == "loaded"
