"""The form of a claim: what is added by hand, and what stands in its way."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reinsurance.models import Claim, ClaimPosition, Edit, Load, Treaty

ADD = reverse("admin:reinsurance_claim_add")
KEPT = (
    "The contract had a claim C-00123 that was undone or left out by a correction. Its "
    "reference is kept for it, so no other can take its place: hand in a file with it."
)


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize("hides", ["load", "lacked_by"])
def test_the_reference_of_a_claim_that_is_hidden_is_not_given_again(
    as_manager: Client, book: Claim, hides: str
) -> None:
    undone_at = timezone.now() if hides == "load" else None
    load = Load.objects.create(number=7, record_type="claims", undone_at=undone_at)
    Claim.all_objects.filter(pk=book.pk).update(**{hides: load})
    assert not Claim.objects.exists()
    told = {"treaty": book.treaty_id, "reference": "C-00123", "status": "OPEN"}
    answer = as_manager.post(ADD, told)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"reference": [KEPT]}
    assert Claim.all_objects.count() == 1
    answer = as_manager.post(ADD, {**told, "reference": "C-2"})
    assert answer.status_code == 302
    assert Claim.objects.get().reference == "C-2"
    assert Edit.objects.filter(action="added").count() == 1


def test_the_reference_of_a_claim_that_stands_is_not_given_again(
    as_manager: Client, book: Claim
) -> None:
    told = {"treaty": book.treaty_id, "reference": "C-00123", "status": "OPEN"}
    answer = as_manager.post(ADD, told)
    assert answer.context["adminform"].form.errors == {
        "__all__": ["Claim with this Treaty and Claim reference already exists."]
    }


OUTSIDE = (
    "The policy begins on 2027-03-01, outside the treaty's period, 2026-01-01 to "
    "2026-12-31 (risks attaching). Correct the date or the treaty reference."
)
NOTHING = "Nothing was saved. Correct it, or tick “It is meant”."


def test_dates_by_hand_are_held_against_the_contract(
    as_manager: Client, book: Claim
) -> None:
    Treaty.objects.update(basis="RA")
    page = reverse("admin:reinsurance_claim_change", args=[book.pk])
    assert "It is meant" not in as_manager.get(page).content.decode()
    told = {
        "date_of_loss": "2026-02-15",
        "loss_event": str(book.loss_event_id),
        "policy_inception": "2027-03-01",
    }
    answer = as_manager.post(page, told)
    form = answer.context["adminform"].form
    assert form.non_field_errors()[0] == OUTSIDE
    assert form.non_field_errors()[-1] == NOTHING
    assert "It is meant" in answer.content.decode()
    assert Claim.objects.get().policy_inception is None
    answer = as_manager.post(page, {**told, "breach_is_meant": "on"})
    assert answer.status_code == 302
    assert str(Claim.objects.get().policy_inception) == "2027-03-01"
    # What stands already is not asked again.
    answer = as_manager.post(page, {**told, "insured_name": "Quay"})
    assert answer.status_code == 302
    assert Claim.objects.get().insured_name == "Quay"


def test_a_loss_by_hand_is_held_against_the_contract(
    as_manager: Client, book: Claim
) -> None:
    Treaty.objects.update(basis="LO")
    told = {"treaty": book.treaty_id, "reference": "C-2", "status": "OPEN"}
    answer = as_manager.post(ADD, {**told, "date_of_loss": "2025-12-31"})
    assert answer.context["adminform"].form.non_field_errors() == [
        "The loss of 2025-12-31 is outside the treaty's period, 2026-01-01 to "
        "2026-12-31 (losses occurring). Correct the date or the treaty reference.",
        NOTHING,
    ]
    assert Claim.objects.count() == 1
    assert (
        as_manager.post(ADD, {**told, "date_of_loss": "2026-01-01"}).status_code == 302
    )


def test_an_event_by_hand_is_held_against_its_limit(
    as_manager: Client, book: Claim
) -> None:
    """Together with the other claims of the event, in the contract's currency."""
    other = Claim.objects.create(
        treaty=book.treaty, reference="C-2", status_id="OPEN", date_of_loss="2026-02-15"
    )
    for claim, paid in ((book, 3_000_000), (other, 2_500_000)):
        claim.positions.all().delete()
        ClaimPosition.objects.create(
            claim=claim,
            currency_id="USD",
            paid_indemnity=paid,
            period_end="2026-06-30",
        )
    page = reverse("admin:reinsurance_claim_change", args=[other.pk])
    told = {"date_of_loss": "2026-02-15", "loss_event": str(book.loss_event_id)}
    answer = as_manager.post(page, told)
    assert answer.context["adminform"].form.non_field_errors() == [
        "The claims of event STORM1 stand at 5500000.00 USD, above the top of the "
        "contract's layers, 5000000.00 each occurrence.",
        NOTHING,
    ]
    other.refresh_from_db()
    assert other.loss_event_id is None
    answer = as_manager.post(page, {**told, "breach_is_meant": "on"})
    assert answer.status_code == 302
    other.refresh_from_db()
    assert other.loss_event_id == book.loss_event_id
