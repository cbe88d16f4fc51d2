"""A register that fills in or changes a contract's period, over what stands on it."""

import datetime
from typing import Any

import pytest

from importers import record_types
from reinsurance.models import Party, Treaty
from reinsurance.resources.contract_breaches import breaches_of
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

JANUARY = datetime.date(2026, 1, 31)


@pytest.fixture(autouse=True)
def contract() -> Treaty:
    return Treaty.objects.create(reference="R1", treaty_type="QS", currency_id="GBP")


def load(kind: str, *rows: dict[str, str]) -> list[Any]:
    """Code, severity, column and message of what is said of the rows."""
    table = Table(tuple(rows[0]), [list(row.values()) for row in rows])
    end = None if kind == "treaties" else JANUARY
    examined = run(
        table, record_types.get(kind), period_end=end, conventions=Conventions()
    )[0]
    return examined.issues.select("code", "severity", "column", "message").rows()


def premium(*days: str) -> None:
    cells = {"UMR": "R1", "Transaction type": "Original", "Ccy": "GBP"}
    rows = [
        {**cells, "Policy No": f"P{n}", "Effective date": day, "Gross premium": "10"}
        for n, day in enumerate(days, start=1)
    ]
    assert load("premiums", *rows) == []


def claim(loss: str, policy: str) -> None:
    cells = {"UMR": "R1", "Claim reference": "K1", "Currency": "GBP"}
    row = {"Date of loss": loss, "Policy inception": policy, "Reserve indemnity": "5"}
    assert load("claims", {**cells, **row}) == []


def register(inception: str, expiry: str, **cells: str) -> list[Any]:
    row = {"UMR": "R1", "Treaty type": "QS", "Ccy": "GBP", "Inception": inception}
    found = load("treaties", {**row, "Expiry": expiry, **cells})
    return [issue for issue in found if issue[0] == "money_outside_period"]


def said(count: str, first: str, year: int = 2027) -> list[Any]:
    return [
        (
            "money_outside_period",
            "breach",
            "Inception",
            f"Contract “R1”: {count} outside the period from {year}-01-01 to "
            f"{year}-12-31, the first {first}. If the row is a renewal, tell the "
            "inception of the contract that is in the books first and hand it in "
            "again; else correct the period.",
        )
    ]


Y27 = ("2027-01-01", "2027-12-31")


@pytest.mark.parametrize("basis", [{}, {"Basis": "Losses occurring"}])
def test_a_period_that_is_filled_in_shuts_premium_out(basis: dict[str, str]) -> None:
    premium("2026-01-05", "2026-01-07", "2027-02-01")
    assert register(*Y27, **basis) == said(
        "2 of its claims and premiums are", "premium of policy P1 of 5 January 2026"
    )
    assert register(*Y27, **basis) == []


def test_a_period_that_is_filled_in_shuts_a_claim_out() -> None:
    claim("2026-03-01", "2026-01-02")
    assert register(*Y27) == said(
        "1 of its claims and premiums is", "claim K1 of 1 March 2026"
    )


def test_it_goes_by_the_basis_of_the_contract() -> None:
    y26 = ("2026-01-01", "2026-12-31")
    claim("2026-03-01", "2025-12-01")
    assert register(*y26) == []
    Treaty.objects.update(inception=None, expiry=None)
    assert register(*y26, Basis="Risks attaching") == said(
        "1 of its claims and premiums is", "claim K1 of 1 December 2025", 2026
    )


def test_a_cell_that_is_empty_beside_a_filled_one_is_told_as_such() -> None:
    row = {"UMR": "R2", "Treaty type": "XL", "Ccy": "GBP", "Layer number": "1"}
    lines = [
        {**row, "Reinsurer": code, "Occurrence limit": limit}
        for code, limit in (("RE1", "100"), ("RE2", ""), ("RE3", "100"))
    ]
    for code in ("RE1", "RE2", "RE3"):
        Party.objects.create(code=code, name=code)
    rows = "Rows 2, 3, 4 give different values for the same layer. "
    assert {said[3] for said in load("treaties", *lines)} == {
        f"{rows}An empty cell beside a filled one is a difference as well: write the "
        "same in each of them."
    }
    lines[1]["Occurrence limit"] = "200"
    assert {said[3] for said in load("treaties", *lines)} == {
        f"{rows}Keep the right one."
    }


def test_by_hand_it_is_the_same() -> None:
    premium("2026-01-05")
    contract = Treaty.objects.get()
    assert breaches_of(contract.pk) == []
    days = (datetime.date(2027, 1, 1), datetime.date(2027, 12, 31))
    Treaty.objects.update(inception=days[0], expiry=days[1])
    [breach] = breaches_of(contract.pk)
    assert breach.startswith("Contract “R1”: 1 of its claims and premiums is outside")


def test_a_period_that_fits_is_filled_in() -> None:
    premium("2027-01-05")
    assert register(*Y27) == []
    assert register("2027-01-01", "2028-01-31") == []
    [(_, severity, column, message)] = register("2027-01-01", "2027-01-02")
    assert (severity, column) == ("breach", "Inception")
    assert "from 2027-01-01 to 2027-01-02, the first premium of policy P1" in message
