"""What contracts are called where others have their number, or inception, too."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from importers import record_types
from importers.exceptions import LoadConflict
from importers.pipeline.undo import require_no_edits
from reinsurance.ledger.contract_names import contract_names
from reinsurance.models import Edit, Layer, Load, Party, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

CLAIMS = record_types.get("claims")
HEADER = (
    "UMR,Treaty cedant,Treaty inception,Claim reference,Date of loss,Policy inception,"
    "Currency,Paid indemnity to date"
)
JANUARY = datetime.date(2026, 1, 31)
ALPHA, BETA = (f"T1 of 1 January 2026 ({code})" for code in ("ALPHA", "BETA"))


def treaty(cedant: Party | None, year: int | None, reference: str = "T1") -> Treaty:
    return Treaty.objects.create(
        reference=reference,
        cedant=cedant,
        treaty_type="QS",
        basis="RA",
        currency_id="GBP",
        inception=year and datetime.date(year, 1, 1),
        expiry=year and datetime.date(year, 12, 31),
    )


@pytest.fixture
def both() -> tuple[Treaty, Treaty]:
    """Contracts of two cedants that have number and inception alike."""
    cedants = [Party.objects.create(code=c, name=c.title()) for c in ("ALPHA", "BETA")]
    one, other = (treaty(cedant, 2026) for cedant in cedants)
    return one, other


def claims(*rows: str, end: datetime.date = JANUARY, **told: Any) -> Any:
    """Rows such as ``ALPHA/2026/K1/10``: issues of the file, and its number."""
    cells = [row.split("/") for row in rows]
    table = Table(
        tuple(HEADER.split(",")),
        [
            ["T1", code, f"{year}-01-01", name, "2026-01-05", "2026-01-02", "GBP", paid]
            for code, year, name, paid in cells
        ],
    )
    examined, _, ingestion = run(
        table, CLAIMS, period_end=end, conventions=Conventions(**told)
    )
    issues = examined.issues.select("code", "message").rows()
    return issues, ingestion.pk


def test_the_number_alone_where_no_other_contract_has_it() -> None:
    cedant = Party.objects.create(code="ALPHA", name="Alpha")
    one, other = treaty(cedant, 2026), treaty(cedant, None, "T2")
    names = contract_names([one.pk, other.pk])
    assert names == {one.pk: "T1", other.pk: "T2"}


def test_the_inception_of_renewals_and_the_cedant_of_what_is_alike(
    both: tuple[Treaty, Treaty],
) -> None:
    one, other = both
    renewal = treaty(one.cedant, 2027)
    assert contract_names([one.pk, other.pk, renewal.pk]) == {
        one.pk: ALPHA,
        other.pk: BETA,
        renewal.pk: "T1 of 1 January 2027",
    }


def test_contracts_of_which_the_cedant_or_the_inception_is_not_known() -> None:
    alpha, beta = (Party.objects.create(code=c, name=c) for c in ("ALPHA", "BETA"))
    keys = [
        treaty(cedant, year).pk
        for cedant, year in ((alpha, 2026), (None, 2026), (alpha, None), (beta, None))
    ]
    assert [*contract_names(keys).values()] == [
        ALPHA,
        "T1 of 1 January 2026 (no known cedant)",
        "T1 (ALPHA)",
        "T1 (BETA)",
    ]


def test_a_correction_that_does_not_name_the_contract_of_the_other_cedant(
    both: tuple[Treaty, Treaty],
) -> None:
    first = claims("ALPHA/2026/K1/10", "BETA/2026/K2/5")[1]
    issues, _ = claims("BETA/2026/K1/10", "BETA/2026/K2/5", is_correction=True)
    assert dict(issues) == {
        "contract_not_corrected": f"Contract {ALPHA}: number {first} told 1 claim of "
        "it for the period to 31 January 2026, and this correction does not name the "
        "contract: they stay. If its rows were moved to another renewal or number, "
        f"correct that contract as well, or undo number {first}.",
        "counts_under_both": f"“K1” stands under contract {ALPHA} as well, where "
        f"number {first} told it for the period to 31 January 2026, and this file does "
        "not name that contract: it would count under both. If it was moved, correct "
        f"that contract as well, or undo number {first}.",
    }


def test_a_new_row_that_stands_under_the_contract_of_the_other_cedant(
    both: tuple[Treaty, Treaty],
) -> None:
    first = claims("ALPHA/2026/K1/10")[1]
    issues, _ = claims("BETA/2026/K1/10", is_additional=True)
    assert dict(issues) == {
        "counts_under_both": f"“K1” is new under contract {BETA}, and number {first} "
        f"told it for the period to 31 January 2026 under contract {ALPHA}, where it "
        "still stands: it would count under both. Where it belongs to one of them "
        f"only, undo number {first}, or reject this file and hand it in without the "
        "row.",
    }


def test_a_period_before_the_contract_of_one_of_two_cedants(
    both: tuple[Treaty, Treaty],
) -> None:
    issues, _ = claims("BETA/2026/K1/10", end=datetime.date(2025, 12, 31))
    assert dict(issues)["period_before_contract"] == (
        f"The period to 2025-12-31 ends before contract “{BETA}” begins, on "
        "2026-01-01. Is the year of the period right, and is this the renewal that is "
        "meant? Correct the one that is wrong."
    )


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("treaty", f"manager changed name of contract “{BETA}” since."),
        ("layer", f"manager changed name of layer “T1 layer 1” of contract “{BETA}”"),
    ],
)
def test_an_undo_that_is_refused_names_the_cedant(
    both: tuple[Treaty, Treaty], of: str, said: str
) -> None:
    register = record_types.get("treaties")
    cells = {
        "UMR": "T1",
        "Cedant": "BETA",
        "Inception": "2026-01-01",
        "Treaty type": "QS",
        "Ccy": "GBP",
        "YOA": "2026",
        "Layer": "1",
        "Ceded %": "50%",
    }
    table = Table(tuple(cells), [[*cells.values()]])
    number = run(table, register)[2].pk
    key = both[1].pk if of == "treaty" else Layer.objects.get().pk
    Edit.objects.create(
        model=of,
        object_id=key,
        reference="T1" if of == "treaty" else "T1 layer 1",
        action="changed",
        status="applied",
        user=User.objects.create(username="manager"),
        before={"name": ""},
        after={"name": "New"},
        reason="why",
    )
    with pytest.raises(LoadConflict) as refused:
        require_no_edits(register, Load.objects.get(number=number))
    assert str(refused.value).startswith(said)
