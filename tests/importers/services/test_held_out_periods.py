"""What rejected rows and other parts of a file tell is of their period alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion, Source
from reinsurance.ledger.statements import timelines_of
from reinsurance.models import ClaimPosition, PremiumEntry, Treaty
from tests.importers.admin.conftest import HEADER, claim
from tests.importers.services.test_follow_ups import OF_PREMIUM, contract, load
from tests.importers.services.test_follow_ups_and_undo import codes, row
from tests.importers.services.test_follow_ups_of_the_same import go_on

Sent = Callable[..., Ingestion]
__all__ = ["contract"]
KINDS = pytest.mark.parametrize("kind", ["claims", "premiums"])
FEBRUARY, MARCH = "2026-02-28", "2026-03-31"
LEFT = "correction_lacks"


def hand_in(sent: Sent, kind: str, *rows: tuple[Any, ...], **told: Any) -> Ingestion:
    """Rows: reference, amount, end of the period, and the contract's reference."""
    header = OF_PREMIUM if kind == "premiums" else HEADER
    cells = [[*row(kind, name, paid, *umr), end] for name, paid, end, *umr in rows]
    columns = [*header, "Reporting Period (End Date)"]
    return sent(columns, *cells, record_type=kind, **told)


def books(kind: str) -> dict[tuple[str, str], int]:
    """Paid to date, or gross premium, by reference and end of the period."""
    if kind == "premiums":
        rows = PremiumEntry.objects.values_list(
            "policy_reference", "period_end", "gross_premium"
        )
        return {(name, str(end)): int(amount) for name, end, amount in rows}
    names = dict(ClaimPosition.objects.values_list("pk", "claim__reference"))
    line = timelines_of(list(names)).select("position", "period_end", "paid_indemnity")
    return {(names[key], str(end)): int(paid) for key, end, paid in line.iter_rows()}


@KINDS
def test_what_goes_on_leaves_out_what_its_parent_tells_for_another_period(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    told = [("P1", 10, FEBRUARY), ("P2", 5, FEBRUARY), ("P1", 20, MARCH)]
    load(hand_in(sent, kind, *told))
    rows = [("P1", 21, MARCH), ("P2", 6, FEBRUARY, "M3")]
    parent = hand_in(sent, kind, *rows, declared="correction")
    load(parent)
    assert LEFT not in codes(parent)
    follow_up = go_on(parent, contract, clerk, "M3")
    assert codes(follow_up).count(LEFT) == 1
    load(follow_up)
    assert books(kind) == {("P1", MARCH): 21, ("P2", FEBRUARY): 6}


@KINDS
def test_what_goes_on_keeps_what_its_parent_tells_for_the_period(
    sent: Sent, contract: Treaty, clerk: User, kind: str
) -> None:
    """Also what the parent's other rows held out name; P1 stays as it was."""
    told = [("P1", 10, FEBRUARY), ("P2", 5, FEBRUARY), ("P1", 20, MARCH)]
    load(hand_in(sent, kind, *told))
    rows = [("P2", 6, FEBRUARY, "M3"), ("P1", 11, FEBRUARY, "M4"), ("P1", 21, MARCH)]
    parent = hand_in(sent, kind, *rows, declared="correction")
    load(parent)
    follow_up = go_on(parent, contract, clerk, "M3")
    assert LEFT not in codes(follow_up)
    load(follow_up)
    stands = {("P1", FEBRUARY): 10, ("P1", MARCH): 21, ("P2", FEBRUARY): 6}
    assert books(kind) == stands


def test_a_list_of_the_year_with_rejected_rows_loads_as_it_was_checked(
    sent: Sent, andes: Source
) -> None:
    """Though the books moved: the contract of the rejected row is still not asked."""
    Treaty.objects.create(
        reference="B0002",
        cedant=andes.party,
        treaty_type="QS",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency_id="USD",
    )
    Source.objects.update(premium_lists="year")
    told = [("P1", 10, FEBRUARY), ("P9", 5, FEBRUARY, "B0002")]
    load(hand_in(sent, "premiums", *told))
    rows = [("P1", 11, MARCH), ("P9", 5, MARCH), ("P9", "x", MARCH, "B0002")]
    waiting = hand_in(sent, "premiums", *rows)
    assert "counts_under_both" not in codes(waiting)
    load(sent(HEADER, claim("C-1")))
    load(waiting)
