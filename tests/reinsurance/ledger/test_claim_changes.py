"""Whoever follows changes of claims sees each, of the claim or of its money."""

import datetime

import pytest

from reinsurance.models import Claim, ClaimChange, Treaty
from tests.reinsurance.ledger.test_claims import FEBRUARY, paid, send

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def changed() -> list[str]:
    """References of claims that were changed since :func:`forget`."""
    rows = ClaimChange.objects.filter(changed_at__gt=LONG_AGO).order_by("claim")
    return list(rows.values_list("claim__reference", flat=True))


def forget() -> None:
    ClaimChange.objects.update(changed_at=LONG_AGO)
    Claim.all_objects.update(updated_at=LONG_AGO)
    ClaimChange.objects.update(changed_at=LONG_AGO)


def test_claims_of_a_file_and_money_that_changes_alone() -> None:
    send(paid(100), paid(5, **{"Claim Ref": "C2"}))
    assert len(changed()) == 2
    forget()
    send(paid(7, **{"Claim Ref": "C2"}), period=FEBRUARY)
    assert changed() == ["C2"]
    claim = Claim.objects.get(reference="C2")
    assert claim.updated_at == LONG_AGO  # the claim itself is not written anew


def test_a_claim_that_a_person_adds_changes_and_deletes(treaty: Treaty) -> None:
    claim = Claim.objects.create(treaty=treaty, reference="C9", status_id="open")
    assert changed() == ["C9"]
    forget()
    claim.cause = "Fire"
    claim.save()
    assert changed() == ["C9"]
    claim.delete()
    assert not ClaimChange.objects.exists()
