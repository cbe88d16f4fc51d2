"""What is gone from the books reaches a reader that follows what changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from reinsurance.models import (
    CedantLimit,
    Claim,
    Deletion,
    Load,
    Party,
    PremiumEntry,
)
from tests.reinsurance.admin.conftest import browser_of

DELETIONS = "/api/v1/deletions/"
START = datetime(2026, 7, 1, 12, tzinfo=UTC)


def since(browser: Client, at: datetime = START, **query: str) -> list[dict[str, Any]]:
    """All pages of what is gone since then."""
    found: list[dict[str, Any]] = []
    answer = browser.get(DELETIONS, {"since": at.isoformat(), **query})
    while True:
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found += page["results"]
        if page["next"] is None:
            return found
        answer = browser.get(page["next"])


def load(number: int, **values: Any) -> Load:
    return Load.objects.create(number=number, record_type="claims", **values)


def test_what_was_deleted_by_hand_is_told(
    book: Claim, as_admin: Client, as_clerk: Client
) -> None:
    party = Party.objects.create(code="GONE", name="Gone Re")
    address = f"/admin/reinsurance/party/{party.pk}/delete/"
    assert as_admin.post(address, {"post": "yes"}).status_code == 302
    (told,) = since(as_clerk)
    at = Deletion.objects.get().deleted_at
    assert told == {
        "model": "party",
        "id": party.pk,
        "reference": "GONE Gone Re",
        "deleted_at": at.isoformat().replace("+00:00", "Z"),
        "is_back": False,
    }
    assert since(as_clerk, at + timedelta(seconds=1)) == []


def test_records_of_undone_files_are_told(book: Claim, as_clerk: Client) -> None:
    undone = load(910, undone_at=START)
    Claim.objects.filter(pk=book.pk).update(load=undone)
    PremiumEntry.objects.update(load=undone)
    told = [(d["model"], d["reference"], d["is_back"]) for d in since(as_clerk)]
    assert told == [("claim", "C-00123", False), ("premiumentry", "P-1", False)]
    assert since(as_clerk, START + timedelta(seconds=1)) == []


def test_what_a_correction_lacks_is_told_and_comes_back_with_its_undo(
    book: Claim, as_clerk: Client
) -> None:
    correction = load(911, loaded_at=START)
    Claim.objects.filter(pk=book.pk).update(lacked_by=correction)
    PremiumEntry.objects.update(replaced_by=correction)
    told = [(d["model"], d["id"], d["is_back"]) for d in since(as_clerk)]
    entry = PremiumEntry.all_objects.get()
    assert told == [("claim", book.pk, False), ("premiumentry", entry.pk, False)]
    correction.undone_at = START + timedelta(days=1)
    correction.save()
    told = [(d["model"], d["id"], d["is_back"]) for d in since(as_clerk)]
    assert told == [("claim", book.pk, True), ("premiumentry", entry.pk, True)]


def test_pages_go_on_where_the_last_one_ended(book: Claim, as_clerk: Client) -> None:
    Deletion.objects.bulk_create(
        Deletion(model="layer", object_id=n, deleted_at=START, reference=str(n))
        for n in range(1, 6)
    )
    Claim.objects.filter(pk=book.pk).update(load=load(912, undone_at=START))
    whole = since(as_clerk)
    assert [d["model"] for d in whole] == ["claim", *["layer"] * 5]
    assert since(as_clerk, limit="2") == whole
    assert since(as_clerk, limit="1") == whole


def test_since_is_needed_and_cursors_are_ours(db: None, as_clerk: Client) -> None:
    answer = as_clerk.get(DELETIONS)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "“since”: This field is required."
    answer = as_clerk.get(DELETIONS, {"since": "2026-07-01T00:00:00Z", "cursor": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_a_limited_user_is_told_of_their_own_and_of_everybodys(
    book: Claim, as_clerk: Client, clerk: User
) -> None:
    other = Party.objects.create(code="OTHER", name="Other Mutual")
    mine = book.treaty.cedant
    CedantLimit.objects.create(user=clerk, cedant=mine)
    for number, (model, cedant) in enumerate(
        (("treaty", mine), ("treaty", other), ("treaty", None), ("lossevent", None))
    ):
        Deletion.objects.create(
            model=model, object_id=number, cedant=cedant, deleted_at=START
        )
    assert [d["id"] for d in since(as_clerk)] == [3, 0]
    Claim.objects.filter(pk=book.pk).update(load=load(913, undone_at=START))
    assert [d["model"] for d in since(as_clerk)] == ["claim", "lossevent", "treaty"]
    CedantLimit.objects.update(cedant=other)
    know = browser_of(User.objects.get(pk=clerk.pk))
    assert [d["id"] for d in since(know)] == [3, 1]
