"""What went on of a file as its parent is undone, or the same rows come again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion, Source
from importers.services import ingestions, undoing, work
from reinsurance.models import ClaimPosition, LoadPeriod, PremiumEntry, Treaty
from tests.importers.admin.conftest import HEADER, claim
from tests.importers.services.test_follow_ups import (
    OF_PREMIUM,
    PERIOD,
    answered,
    checked,
    contract,
    load,
    premium,
)

Sent = Callable[..., Ingestion]
OF_PREMIUMS = {"record_type": "premiums", **PERIOD}
__all__ = ["contract"]


def books() -> list[tuple[str, str, int]]:
    """Contract, policy or claim, and amount of all that stands."""
    premiums = PremiumEntry.objects.values_list(
        "treaty__reference", "policy_reference", "gross_premium"
    )
    claims = ClaimPosition.objects.values_list(
        "claim__treaty__reference", "claim__reference", "paid_indemnity"
    )
    return sorted((t, name, int(amount)) for t, name, amount in [*premiums, *claims])


def row(kind: str, name: str, paid: int, umr: str = "B0001") -> list[str]:
    if kind == "premiums":
        return premium(name, str(paid), umr)
    return claim(name, UMR=umr, **{"Paid to date": str(paid)})


def hand_in(sent: Sent, kind: str, *rows: list[str], **told: Any) -> Ingestion:
    header = OF_PREMIUM if kind == "premiums" else HEADER
    return sent(header, *rows, record_type=kind, **PERIOD, **told)


def undo(ingestion: Ingestion) -> None:
    ingestions.undo(ingestion.pk, user=None, reason="Wrong file")
    undoing.undo(ingestion.pk)


def codes(ingestion: Ingestion) -> list[str]:
    return sorted(ingestion.issues.values_list("code", flat=True))


@pytest.mark.parametrize("kind", ["premiums", "claims"])
def test_the_undo_of_a_correction_brings_back_what_it_left_out(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    load(hand_in(sent, kind, row(kind, "P8", 8)))
    told = [row(kind, "P1", 10), row(kind, "P2", 1, "M3")]
    parent = hand_in(sent, kind, *told, declared="correction")
    assert codes(parent) == ["correction_lacks", "unknown_treaty"]
    load(parent)
    follow_up = answered(parent, contract, clerk, "M3")
    assert follow_up.declared == "correction"
    assert codes(follow_up) == []
    periods = LoadPeriod.objects.filter(load__number=follow_up.pk)
    assert list(periods.values_list("leaves_out", flat=True)) == [False]
    assert books() == [("B0001", "P1", 10), ("B0001", "P2", 1)]
    undo(parent)
    assert books() == [("B0001", "P2", 1), ("B0001", "P8", 8)]
    undo(follow_up)
    assert books() == [("B0001", "P8", 8)]


@pytest.mark.parametrize("kind", ["premiums", "claims"])
def test_what_goes_on_of_a_correction_that_was_undone_says_what_it_leaves_out(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    load(hand_in(sent, kind, row(kind, "P8", 8)))
    told = [row(kind, "P1", 10), row(kind, "P2", 1, "M3")]
    parent = hand_in(sent, kind, *told, declared="correction")
    follow_up = answered(parent, contract, clerk, "M3")
    assert codes(follow_up) == ["correction_lacks"]
    assert books() == [("B0001", "P2", 1)]
    undo(follow_up)
    assert books() == [("B0001", "P8", 8)]


@pytest.mark.parametrize("kind", ["premiums", "claims"])
def test_the_same_file_once_its_contract_is_known(
    sent: Sent, andes: Source, contract: Treaty, clerk: User, kind: str
) -> None:
    told = [row(kind, "P1", 10), row(kind, "P2", 1, "M3")]
    first = hand_in(sent, kind, *told)
    load(first)
    follow_up = answered(first, contract, clerk, "M3")
    assert codes(follow_up) == []
    Treaty.objects.create(
        reference="M3",
        cedant=andes.party,
        treaty_type="QS",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency_id="USD",
    )
    again = hand_in(sent, kind, *told, declared="additional")
    (breach,) = again.issues.filter(code="counts_under_both")
    assert (breach.row, breach.severity) == (3, "breach")
    assert breach.message == (
        f"“P2” is new under contract {Treaty.objects.get(reference='M3')}, and number "
        f"{follow_up.pk} told it for the period to 31 March 2026 under contract "
        f"{contract}, where it still stands: it would count under both. Where it "
        f"belongs to one of them only, undo number {follow_up.pk}, or reject this file "
        "and hand it in without the row."
    )
    undo(follow_up)
    ingestions.approve(again.pk)
    work.load(again.pk)  # the books have moved, so it is asked anew
    assert codes(checked(again)) == []


@pytest.mark.parametrize("kind", ["premiums", "claims"])
def test_one_file_with_a_name_under_two_contracts_that_goes_on(
    sent: Sent, andes: Source, contract: Treaty, clerk: User, kind: str
) -> None:
    other = Treaty.objects.create(
        reference="B0002",
        cedant=andes.party,
        treaty_type="QS",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency_id="USD",
    )
    told = [row(kind, "P2", 10), row(kind, "P2", 1, "M3")]
    first = hand_in(sent, kind, *told)
    load(first)
    assert codes(answered(first, other, clerk, "M3")) == []
    assert books() == [("B0001", "P2", 10), ("B0002", "P2", 1)]
