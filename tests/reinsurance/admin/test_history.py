"""One history a record, on the page and in the API: what files and people did."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from reinsurance.models import (
    Bordereau,
    Claim,
    ClaimStatement,
    Edit,
    LineageRange,
    Load,
    LoadPeriod,
    Party,
    PremiumEntry,
)


def at(month: int) -> datetime:
    return datetime(2026, month, 5, 9, 30, tzinfo=UTC)


def file_of(number: int, month: int, party: Party | None = None) -> Any:
    """An ingestion that was loaded in that month, and its load."""
    importers = apps.get_app_config("importers")
    source, _ = importers.get_model("source").objects.get_or_create(
        code="andes", defaults={"name": "Andes", "party": party}
    )
    Load.objects.get_or_create(
        number=number, defaults={"record_type": "claims", "sender": source.pk}
    )
    Load.objects.filter(number=number).update(loaded_at=at(month))
    return importers.get_model("ingestion").objects.create(
        pk=number,
        status="loaded",
        record_type="claims",
        source=source,
        door="test",
        file_name=f"file-{number}.csv",
        file_size=1,
        sha256=f"{number:064d}",
        original="x",
        loaded_at=at(month),
    )


@pytest.fixture
def story(book: Claim, manager: User) -> Claim:
    """The claim of the book with two files, a repeat, and a change by hand."""
    first, second = file_of(901, 6), file_of(902, 7)
    file_of(903, 8)
    Claim.objects.filter(pk=book.pk).update(load=Load.objects.get(number=901))
    may, _ = ClaimStatement.objects.order_by("pk")
    for load, model, action, row, key in (
        (901, "claim", "created", 3, book.pk),
        (903, "claimstatement", "repeated", 10, may.pk),
    ):
        start = max(key - 1, key - key % LineageRange.BLOCK)
        LineageRange.objects.create(
            load=Load.objects.get(number=load),
            model=model,
            action=action,
            first_row=row - (key - start),
            first_id=start,
            last_id=key,
        )
    apps.get_model("importers", "RowChange").objects.create(
        ingestion=second,
        row=3,
        model="claim",
        object_id=book.pk,
        action="updated",
        before={"cause": ""},
        after={"cause": "Storm"},
    )
    Edit.objects.filter(model="claim").update(
        at=at(9),
        user=manager,
        reason="Loss adjuster's letter",
        before={"cause": "Storm"},
    )
    assert first.pk == 901
    return book


def test_what_files_and_people_did_is_one_list(
    story: Claim, as_clerk: Client, manager: User
) -> None:
    answer = as_clerk.get(f"/api/v1/claims/{story.pk}/lineage/")
    assert answer.status_code == 200
    told = answer.json()["results"]
    shown = [
        (e["action"], e["ingestion"], e["row"], e["file_name"], e["user"]) for e in told
    ]
    assert shown == [
        ("changed", None, None, None, manager.username),
        ("repeated", 903, 10, "file-903.csv", None),
        ("updated", 902, 3, "file-902.csv", None),
        ("told", 902, 3, "file-902.csv", None),
        ("created", 901, 3, "file-901.csv", None),
        ("told", 901, 3, "file-901.csv", None),
    ]
    by_hand, repeated, updated, june, _, may = told
    assert (by_hand["before"], by_hand["after"]) == (
        {"cause": "Storm"},
        {"cause": "Fire"},
    )
    assert by_hand["reason"] == "Loss adjuster's letter"
    assert by_hand["at"] == "2026-09-05T09:30:00Z"
    assert repeated["position"] == "1 XL USD"
    assert (updated["before"], updated["after"]) == ({"cause": ""}, {"cause": "Storm"})
    assert june["after"] == {
        "period_end": "2026-06-30",
        "status_id": "OPEN",
        "paid_indemnity_to_date": "1500.0000",
        "reserve_indemnity": "250.0000",
    }
    assert (may["source"], may["status"], may["undone_at"]) == ("andes", "loaded", None)


def test_the_page_shows_the_same_list(story: Claim, as_clerk: Client) -> None:
    Load.objects.filter(number=902).update(undone_at=at(10))
    page = as_clerk.get(reverse("admin:reinsurance_claim_change", args=[story.pk]))
    text = page.content.decode()
    assert "<strong>History</strong>" in text
    assert "<del>Storm</del> → <ins>Fire</ins>" in text
    assert "Loss adjuster&#x27;s letter" in text
    assert "told again, no change" in text
    assert "undone 5 Oct 2026, 09:30" in text
    assert 'href="/admin/importers/ingestion/901/change/"' in text
    by_hand, first_file = text.index("changed by hand"), text.index("file-901.csv")
    assert by_hand < first_file


def test_versions_of_a_premium_are_in_its_history(
    book: Claim, as_clerk: Client
) -> None:
    file_of(904, 6)
    file_of(905, 7)
    old = PremiumEntry.objects.get()
    PremiumEntry.objects.filter(pk=old.pk).update(
        load=Load.objects.get(number=904),
        row=2,
        replaced_by=Load.objects.get(number=905),
    )
    new = PremiumEntry.objects.create(
        treaty=old.treaty,
        policy_reference="P-1",
        effective_date="2026-01-01",
        currency_id="USD",
        gross_premium=Decimal("1000"),
        load=Load.objects.get(number=905),
        row=4,
    )
    told = as_clerk.get(f"/api/v1/premiums/{new.pk}/lineage/").json()["results"]
    assert [(e["action"], e["ingestion"], e["row"]) for e in told] == [
        ("created", 905, 4), ("earlier", 904, 2),
    ]  # fmt: skip
    assert told[1]["before"] == {"gross_premium": "1234567.8000"}
    assert told[1]["after"] == {"gross_premium": "1000.0000"}
    assert as_clerk.get(f"/api/v1/premiums/{old.pk}/").status_code == 404
    url = reverse("admin:reinsurance_premiumentry_change", args=[new.pk])
    text = as_clerk.get(url).content.decode()
    assert "<del>1,234,567.80</del> → <ins>1,000.00</ins>" in text


def test_proposed_and_refused_changes_are_in_the_history(
    book: Claim, as_clerk: Client, manager: User
) -> None:
    other = User.objects.create_user("other")
    for status, second in (("proposed", None), ("refused", other)):
        Edit.objects.create(
            model="treaty",
            object_id=book.treaty_id,
            action="changed",
            status=status,
            before={"name": "Andes quota share"},
            after={"name": status},
            user=manager,
            confirmed_by=second,
        )
    told = as_clerk.get(f"/api/v1/treaties/{book.treaty_id}/lineage/").json()["results"]
    assert [(e["action"], e["confirmed_by"], e["after"]) for e in told] == [
        ("refused", "other", {"name": "refused"}),
        ("proposed", None, {"name": "proposed"}),
    ]


def test_files_of_others_are_numbers_alone(
    story: Claim, as_clerk: Client, clerk: User
) -> None:
    other = Party.objects.create(code="OTHER", name="Other Mutual")
    apps.get_model("importers", "Source").objects.update(party=other)
    apps.get_model("reinsurance", "CedantLimit").objects.create(
        user=clerk, cedant=story.treaty.cedant
    )
    told = as_clerk.get(f"/api/v1/claims/{story.pk}/lineage/").json()["results"]
    by_files = [e for e in told if e["action"] == "told"]
    assert [(e["ingestion"], e["file_name"]) for e in by_files] == [
        (902, None), (901, None),
    ]  # fmt: skip
    assert "updated" not in [e["action"] for e in told]
    page = as_clerk.get(reverse("admin:reinsurance_claim_change", args=[story.pk]))
    assert b"file-901.csv" not in page.content


def test_a_bordereau_shows_the_files_of_its_period(
    book: Claim, as_clerk: Client
) -> None:
    bordereau = Bordereau.objects.get()
    Bordereau.objects.update(treaty=book.treaty)
    assert bordereau.party is not None
    file_of(906, 7, bordereau.party)
    LoadPeriod.objects.create(
        load=Load.objects.get(number=906), treaty=book.treaty, period_end="2026-06-30"
    )
    url = reverse("admin:reinsurance_bordereau_change", args=[bordereau.pk])
    assert b"file-906.csv" in as_clerk.get(url).content
    LoadPeriod.objects.update(period_end="2026-07-31")
    assert b"file-906.csv" not in as_clerk.get(url).content
