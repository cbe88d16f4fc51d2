"""A register, or a person, lowers a limit below what the books hold already."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from importers import record_types
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ExchangeRate,
    Layer,
    LossEvent,
    PremiumEntry,
    Treaty,
)
from reinsurance.resources.contract_breaches import breaches_of
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
BREACHES = (
    "above_premium_income_limit",
    "above_notification_threshold",
    "above_risk_limit",
    "above_event_limit",
)


@pytest.fixture
def treaty() -> Treaty:
    """A contract with premium of 1,000 and two claims of an event, 300 and 250."""
    made = Treaty.objects.create(
        reference="X1", treaty_type="CXL", currency_id="GBP", inception="2026-01-01"
    )
    event = LossEvent.objects.create(
        code="EV1", name="Storm", date_from="2026-02-01", date_to="2026-02-02"
    )
    for reference, amount in (("C1", 300), ("C2", 250)):
        claim = Claim.objects.create(
            treaty=made, reference=reference, loss_event=event, status_id="OPEN"
        )
        ClaimPosition.objects.create(
            claim=claim,
            currency_id="GBP",
            period_end="2026-03-31",
            status_id="OPEN",
            paid_indemnity=amount,
        )
    PremiumEntry.objects.create(
        treaty=made,
        currency_id="GBP",
        effective_date="2026-01-01",
        period_end="2026-03-31",
        gross_premium=Decimal(1000),
    )
    return made


def issues(*codes: str, **cells: str) -> list[tuple[str, str, str]]:
    row = {"UMR": "X1", "Inception": "2026-01-01", "Treaty type": "CXL", "Ccy": "GBP"}
    row |= {name.replace("_", " "): text for name, text in cells.items()}
    table = Table(tuple(row), [list(row.values())])
    examined, *_ = run(table, record_types.get("treaties"))
    rows = examined.issues.filter(examined.issues["code"].is_in(codes))
    return sorted(rows.select("severity", "code", "message").iter_rows())


def found(**cells: str) -> list[tuple[str, str]]:
    rows = issues(*BREACHES, **cells)
    assert {severity for severity, *_ in rows} <= {"breach"}
    return [(code, message) for _, code, message in rows]


def unknown(**cells: str) -> list[tuple[str, str]]:
    rows = issues("missing_rate", **cells)
    assert {severity for severity, *_ in rows} <= {"warning"}
    return [(code, message) for _, code, message in rows]


@pytest.mark.parametrize(
    ("column", "limit", "said"),
    [
        (
            "Premium_income_limit",
            "999.99",
            (
                "above_premium_income_limit",
                "The premium of contract “X1” stands at 1000.00 GBP already, above the "
                "new premium income limit of 999.99.",
            ),
        ),
        ("Premium_income_limit", "1000", None),
        (
            "Loss_notification_threshold",
            "250",
            (
                "above_notification_threshold",
                "Claim “C1” of contract “X1” stands at 300.00 GBP already, at or above "
                "the new loss notification threshold of 250.00 (1 more claims of it as "
                "well).",
            ),
        ),
        ("Loss_notification_threshold", "300.01", None),
        (
            "Risk_limit",
            "299",
            (
                "above_risk_limit",
                "Claim “C1” of contract “X1” stands at 300.00 GBP already, above the "
                "new top of its layers, 299.00 each risk.",
            ),
        ),
        ("Risk_limit", "300", None),
        (
            "Occurrence_limit",
            "549",
            (
                "above_event_limit",
                "The claims of event EV1 on contract “X1” stand at 550.00 GBP already, "
                "above the new top of its layers, 549.00 each occurrence.",
            ),
        ),
        ("Occurrence_limit", "550", None),
    ],
)
def test_a_limit_told_below_what_stands(
    treaty: Treaty, column: str, limit: str, said: tuple[str, str] | None
) -> None:
    assert found(**{column: limit}) == ([said] if said else [])


def test_a_limit_is_held_against_the_books_where_it_is_lowered_only(
    treaty: Treaty,
) -> None:
    Treaty.objects.update(premium_income_limit=900, loss_notification_threshold=200)
    Layer.objects.create(treaty=treaty, number=1, occurrence_limit=500)
    same: dict[str, Any] = {
        "Premium_income_limit": "900",
        "Loss_notification_threshold": "220",
        "Occurrence_limit": "500",
    }
    assert found(**same) == []
    assert [code for code, _ in found(**{**same, "Premium_income_limit": "800"})] == [
        "above_premium_income_limit"
    ]
    assert [code for code, _ in found(**{**same, "Occurrence_limit": "400"})] == [
        "above_event_limit"
    ]


def test_another_layer_may_cover_what_stands(treaty: Treaty) -> None:
    Layer.objects.create(
        treaty=treaty, number=2, occurrence_attachment=100, occurrence_limit=900
    )
    assert found(Layer_number="1", Occurrence_limit="100") == []


def test_by_hand_it_is_a_breach_of_the_contract(treaty: Treaty) -> None:
    before = breaches_of(treaty.pk)
    Treaty.objects.update(premium_income_limit=999)
    assert [b for b in breaches_of(treaty.pk) if b not in before] == [
        "The premium of contract “X1” stands at 1000.00 GBP already, above the new "
        "premium income limit of 999.00."
    ]


def test_other_currencies_count_by_the_rate_of_their_period(treaty: Treaty) -> None:
    ExchangeRate.objects.create(
        base_id="EUR", quote_id="GBP", date=date(2026, 1, 31), rate=Decimal("0.5")
    )
    PremiumEntry.objects.create(
        treaty=treaty,
        currency_id="EUR",
        effective_date="2026-01-01",
        period_end="2026-03-31",
        gross_premium=Decimal(100),
    )
    assert found(Premium_income_limit="1050") == []
    assert [code for code, _ in found(Premium_income_limit="1049")] == [
        "above_premium_income_limit"
    ]


def test_what_has_no_rate_is_not_passed_over(treaty: Treaty) -> None:
    PremiumEntry.objects.create(
        treaty=treaty,
        currency_id="USD",
        effective_date="2026-01-01",
        period_end="2026-03-31",
        gross_premium=Decimal(1_000_000),
    )
    ClaimPosition.objects.create(
        claim=Claim.objects.get(reference="C1"),
        currency_id="USD",
        period_end="2026-03-31",
        status_id="OPEN",
        paid_indemnity=1_000_000,
    )
    limits = {"Premium_income_limit": "5000", "Occurrence_limit": "5000"}
    said = (
        "Contract “X1” has {} in USD, of which no rate in GBP is in the books for "
        "2026-03-31, so the {} cannot be looked at whole. Load the rate first: limits "
        "are not looked at again before something changes."
    )
    assert unknown(**limits) == [
        ("missing_rate", said.format("claims", "new limits of its claims")),
        ("missing_rate", said.format("premium", "premium income limit")),
    ]
    assert unknown() == []


def test_of_equally_large_claims_the_first_by_reference_is_named() -> None:
    """An approval is of what the breach says: it says the same at every check."""
    contracts = [f"X{n}" for n in range(10)]
    for contract in contracts:
        made = Treaty.objects.create(
            reference=contract,
            treaty_type="CXL",
            currency_id="GBP",
            inception="2026-01-01",
        )
        for reference in ("C3", "C1", "C0", "C2"):
            claim = Claim.objects.create(
                treaty=made, reference=reference, status_id="OPEN"
            )
            ClaimPosition.objects.create(
                claim=claim,
                currency_id="GBP",
                period_end="2026-03-31",
                status_id="OPEN",
                paid_indemnity=300,
            )
    header = ("UMR", "Inception", "Treaty type", "Ccy", "Loss notification threshold")
    cells = [[name, "2026-01-01", "CXL", "GBP", "150"] for name in contracts]
    examined, *_ = run(Table(header, cells, chunk=50), record_types.get("treaties"))
    rows = examined.issues.filter(examined.issues["code"].is_in(BREACHES))
    assert rows["message"].to_list() == [
        f"Claim “C0” of contract “{name}” stands at 300.00 GBP already, at or above "
        "the new loss notification threshold of 150.00 (3 more claims of it as well)."
        for name in contracts
    ]
