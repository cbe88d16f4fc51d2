"""Limits look at the whole claim and the whole event, in the contract's currency."""

import datetime
from decimal import Decimal

import pytest

from importers.pipeline.examine import Examined
from reinsurance.models import ExchangeRate, Layer, LossEvent, Treaty
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger.test_claims import FEBRUARY, JANUARY, send

pytestmark = pytest.mark.django_db
SEVERAL = Conventions(several_currencies=True)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    ExchangeRate.objects.create(
        base_id="EUR", quote_id="GBP", date=datetime.date(2025, 1, 1), rate="0.8"
    )
    return Treaty.objects.create(
        reference="T1", treaty_type="QS", currency_id="GBP", cash_loss_limit=50_000
    )


def paid(amount: int, **more: str) -> dict[str, str]:
    return {"Paid this month": str(amount), **more}


def breaches(examined: Examined) -> list[tuple[int, str]]:
    found = examined.issues.filter(severity="breach").sort("row")
    return found.select("row", "message").rows()


def said(row: int, amount: str) -> list[tuple[int, str]]:
    text = (
        f"{amount} GBP were paid in the period, at or above the contract's cash-loss "
        "limit of 50000.00."
    )
    return [(row, text)]


def test_sections_are_paid_together() -> None:
    both = (paid(30_000, Section="1"), paid(30_000, Section="2"))
    examined, _ = send(*both)
    assert breaches(examined) == said(2, "60000.00")


def test_files_of_one_period_are_paid_together() -> None:
    first, _ = send(paid(30_000, Section="1"))
    assert breaches(first) == []
    second, _ = send(paid(25_000, Section="2"))
    assert breaches(second) == said(2, "55000.00")
    later, _ = send(paid(25_000, Section="2"), period=FEBRUARY)
    assert breaches(later) == []


def test_currencies_are_paid_together_by_the_rate() -> None:
    send(paid(30_000), conventions=SEVERAL)
    second, _ = send(paid(25_000, Ccy="EUR"), conventions=SEVERAL)
    assert breaches(second) == said(2, "50000.00")


def test_to_date_is_paid_by_what_it_adds() -> None:
    send({"Paid to date": "49000"})
    examined, _ = send({"Paid to date": "98000"}, period=FEBRUARY)
    assert breaches(examined) == []
    examined, _ = send({"Paid to date": "99000"}, period=FEBRUARY)
    assert breaches(examined) == said(2, "50000.00")


def test_claims_of_an_event_in_other_currencies_count(treaty: Treaty) -> None:
    treaty.cash_loss_limit = None
    treaty.save()
    Layer.objects.create(
        treaty=treaty,
        number=1,
        occurrence_attachment=Decimal(0),
        occurrence_limit=Decimal(100_000),
    )
    LossEvent.objects.create(code="STORM", name="Storm")
    send(paid(75_000, Ccy="EUR", **{"Claim Ref": "C2", "Loss event": "STORM"}))
    second, _ = send(paid(39_000, **{"Loss event": "STORM"}))
    assert breaches(second) == []
    third, _ = send(paid(41_000, **{"Loss event": "STORM"}), period=JANUARY)
    assert [message for _, message in breaches(third)] == [
        "The claims of event STORM stand at 101000.00 GBP, above the top of the "
        "contract's layers, 100000.00 each occurrence."
    ]


ABOVE_EVENT = (
    "The claims of event STORM stand at 99999.00 GBP, above the top of the contract's "
    "layers, {} each occurrence."
)
ABOVE_RISK = (
    "The claim stands at 99999.00 GBP, above the top of the contract's layers, {} each "
    "risk."
)


@pytest.mark.parametrize(
    ("layers", "top"),
    [
        ([(0, 100)], "100.00"),
        ([(0, 100), (100, 200)], "300.00"),
        ([(0, 100), (100, None)], None),
        ([(0, 100), (50, None)], None),
        ([(0, None)], None),
        ([(100, None)], None),
        ([(0, None), (0, 100)], None),
        # A gap above 100 that nothing covers, below an unlimited layer.
        ([(0, 100), (500, None)], "100.00"),
        # Nothing is told of the other kind of terms.
        ([(0, 100), (None, None)], "100.00"),
        ([(None, 100)], "100.00"),
    ],
)
@pytest.mark.parametrize("kind", ["risk", "occurrence"])
def test_under_an_unlimited_layer_there_is_no_top(
    treaty: Treaty,
    kind: str,
    layers: list[tuple[int | None, int | None]],
    top: str | None,
) -> None:
    Treaty.objects.update(cash_loss_limit=None)
    for number, (attachment, limit) in enumerate(layers, 1):
        terms = {f"{kind}_attachment": attachment, f"{kind}_limit": limit}
        Layer.objects.create(treaty=treaty, number=number, **terms)
    LossEvent.objects.create(code="STORM", name="Storm")
    examined, _ = send(paid(99_999, **{"Loss event": "STORM"}))
    text = ABOVE_EVENT if kind == "occurrence" else ABOVE_RISK
    assert [message for _, message in breaches(examined)] == (
        [text.format(top)] if top else []
    )
