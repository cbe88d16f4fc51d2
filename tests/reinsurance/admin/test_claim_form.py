"""The form of a claim: what is added by hand, and what stands in its way."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reinsurance.models import Claim, Edit, Load

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
