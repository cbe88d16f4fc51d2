"""Limits of a contract hold what a correction leaves of claims, told of or not."""

import datetime
from decimal import Decimal

import pytest

from importers.pipeline.examine import Examined
from reinsurance.models import ClaimPosition, Layer, LossEvent, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run
from tests.reinsurance.ledger.test_claims import CLAIMS

pytestmark = pytest.mark.django_db
HEADER = (
    "UMR",
    "Claim Ref",
    "Ccy",
    "Date of Loss",
    "Paid this month - Indemnity",
    "Loss event",
    "Reporting Period (End Date)",
)
ENDS = {
    "Jan": datetime.date(2026, 1, 31),
    "Feb": datetime.date(2026, 2, 28),
    "Mar": datetime.date(2026, 3, 31),
}


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    LossEvent.objects.create(code="STORM", name="Storm")
    return Treaty.objects.create(reference="T1", treaty_type="CXL", currency_id="GBP")


def send(*rows: str, is_correction: bool = False, chunk: int = 50) -> Examined:
    """A file of rows such as ``Jan C1 300 STORM``: period, claim, paid in it, event."""
    cells = []
    for row in rows:
        month, claim, paid, *event = row.split()
        end = ENDS[month].isoformat()
        cells.append(["T1", claim, "GBP", "2026-01-01", paid, *(event or [""]), end])
    return run(
        Table(HEADER, cells, chunk=chunk),
        CLAIMS,
        conventions=Conventions(is_correction=is_correction),
    )[0]


def breaches(examined: Examined) -> list[str]:
    found = examined.issues.filter(examined.issues["severity"] == "breach")
    return found["message"].to_list()


def stands(claim: str) -> Decimal:
    rows = ClaimPosition.objects.filter(claim__reference=claim)
    return sum(rows.values_list("incurred", flat=True), Decimal(0))


@pytest.mark.parametrize("chunk", [1, 50])
def test_a_claim_that_is_told_for_another_period(chunk: int) -> None:
    Treaty.objects.update(loss_notification_threshold=1000)
    send("Jan A 600")
    send("Feb A -200")
    send("Mar A 500")
    examined = send("Mar A 501", "Feb B 1", is_correction=True, chunk=chunk)
    assert stands("A") == 1101
    assert breaches(examined) == [
        "The claim stands at 1101.00 GBP, at or above the contract's loss notification "
        "threshold of 1000.00."
    ]


def test_a_claim_that_is_told_word_for_word_for_another_period() -> None:
    Treaty.objects.update(loss_notification_threshold=1000)
    send("Jan A 600")
    send("Feb A -200")
    send("Mar A 500")
    examined = send("Mar A 500", "Feb B 1", is_correction=True)
    assert stands("A") == 1100
    assert len(breaches(examined)) == 1


@pytest.mark.parametrize("limit", ["threshold", "risk"])
def test_a_claim_that_no_row_tells_of(treaty: Treaty, limit: str) -> None:
    text = "the contract's loss notification threshold of 1000.00."
    if limit == "risk":
        Layer.objects.create(treaty=treaty, risk_attachment=0, risk_limit=1000)
        text = "the top of the contract's layers, 1000.00 each risk."
    else:
        Treaty.objects.update(loss_notification_threshold=1000)
    send("Jan A 600", "Jan B 1")
    send("Feb A -200", "Feb B 1")
    send("Mar A 500.50", "Mar B 1")
    examined = send("Feb B 2", is_correction=True)
    assert stands("A") == Decimal("1100.50")
    (said,) = breaches(examined)
    assert said.startswith(
        "Claim “A”, of which this correction leaves something out, stands at "
        "1100.50 GBP, "
    )
    assert said.endswith(text)


def test_a_claim_that_is_left_out_altogether_breaks_nothing() -> None:
    Treaty.objects.update(loss_notification_threshold=1000)
    send("Jan A 2000", "Jan B 1")
    assert breaches(send("Jan B 2", is_correction=True)) == []
    assert stands("A") == 0


@pytest.mark.parametrize("event", ["STORM", ""])
def test_the_event_of_a_claim_that_no_row_tells_of(treaty: Treaty, event: str) -> None:
    """Whether or not another claim of the event is in the correction."""
    Layer.objects.create(treaty=treaty, occurrence_attachment=0, occurrence_limit=1000)
    send("Jan A 600 STORM", f"Jan B 300 {event}")
    send("Feb A -200", "Feb B 0")
    send("Mar A 550", "Mar B 1")
    examined = send("Feb B 2", is_correction=True)
    assert stands("A") == 1150
    total = 1150 + (303 if event else 0)
    assert breaches(examined) == [
        f"The claims of event STORM stand at {total}.00 GBP, above the top of the "
        "contract's layers, 1000.00 each occurrence."
    ]
