"""Which contract a row means, and what is asked where it is not unique."""

import datetime
from typing import Any

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reinsurance.models import Claim, Load, Party, Treaty
from reinsurance.resources.cells import CellError
from reinsurance.resources.contracts import locate_contracts
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import ISSUES
from reinsurance.resources.lookups import ContractWidget

pytestmark = pytest.mark.django_db

Day = datetime.date
NOBODY = Conventions()


def party(code: str) -> Party:
    return Party.objects.create(code=code, name=f"Party {code}")


def treaty(reference: str, year: int | None = None, **options: Any) -> Treaty:
    if year is not None:
        options = {
            "inception": Day(year, 1, 1),
            "expiry": Day(year, 12, 31),
            "year_of_account": year,
            **options,
        }
    defaults = {"treaty_type": "QS", "basis": "LO", "currency_id": "GBP"}
    return Treaty.objects.create(reference=reference, **{**defaults, **options})


def rows(**columns: list) -> pl.DataFrame:
    dates = ("date_of_loss", "policy_inception", "effective_date", "risk_inception")
    types = {name: pl.Date() for name in (*dates, "treaty_inception")}
    types |= {"year_of_account": pl.Int64(), "treaty_cedant": pl.Int64()}
    count = len(next(iter(columns.values())))
    schema = {name: types.get(name, pl.String()) for name in columns}
    return pl.DataFrame({"row": list(range(2, count + 2)), **columns}).cast(schema)


def located(
    frame: pl.DataFrame, kind: Any = "claims", conventions: Conventions = NOBODY
) -> tuple[list[int | None], list[tuple]]:
    found, issues = locate_contracts(frame, conventions=conventions, kind=kind)
    assert found.columns == frame.columns
    assert found.drop("treaty_reference").equals(frame.drop("treaty_reference"))
    assert found.schema["treaty_reference"] == pl.Int64
    assert issues.schema == ISSUES
    assert set(issues["column"]) <= {"treaty_reference"}
    return found["treaty_reference"].to_list(), issues.select(
        "row", "value", "code", "severity"
    ).rows()


def test_reference_as_written_then_without_case_and_blanks() -> None:
    lower, upper = treaty("b1"), treaty("B1")
    spaced = treaty("B1234USA25RA")
    texts = ["B1", "b1", "B1234 usa25ra", "b1234\u200busa25RA", "B2", ""]
    keys, issues = located(rows(treaty_reference=texts))
    assert keys == [upper.pk, lower.pk, spaced.pk, spaced.pk, None, None]
    assert issues == [(6, "B2", "unknown_treaty", "error")]


def test_what_is_not_in_the_books_says_what_to_do() -> None:
    _, issues = locate_contracts(
        rows(treaty_reference=["X"]), conventions=NOBODY, kind="claims"
    )
    assert issues["message"].to_list() == [
        "No contract “X” is in the books. Correct the reference, load the treaty "
        "register, or pick the contract."
    ]


def test_renewals_by_year_of_account_then_by_date_of_loss() -> None:
    old, new = treaty("MY2", 2025), treaty("MY2", 2026)
    frame = rows(
        treaty_reference=["MY2"] * 6,
        year_of_account=[2025, 2026, None, None, 2027, None],
        date_of_loss=[
            Day(2026, 3, 1),
            None,
            Day(2025, 5, 5),
            Day(2026, 2, 5),
            Day(2025, 5, 5),
            Day(2031, 1, 1),
        ],
    )
    keys, issues = located(frame)
    assert keys == [old.pk, new.pk, old.pk, new.pk, None, None]
    assert issues == [
        (6, "MY2", "unknown_treaty", "error"),
        (7, "MY2", "unknown_treaty", "error"),
    ]
    _, full = locate_contracts(frame, conventions=NOBODY, kind="claims")
    assert [text.split(". ")[0] for text in full["message"]] == [
        "No contract “MY2” is in the books for year of account 2027",
        "No contract “MY2” is in the books for the row's dates",
    ]


def test_not_unique_is_asked_and_names_the_inceptions() -> None:
    treaty("MY2", 2026)
    treaty("MY2", 2025)
    _, issues = locate_contracts(
        rows(treaty_reference=["MY2"]), conventions=NOBODY, kind="claims"
    )
    assert issues["code"].to_list() == ["several_treaties"]
    assert issues["message"].to_list() == [
        "Several contracts “MY2” are in the books, of 2025-01-01, 2026-01-01, and the "
        "row does not say which. Pick the contract."
    ]


def test_the_basis_says_which_date_counts() -> None:
    old = treaty("RA", 2025, basis="RA", year_of_account=None)
    new = treaty("RA", 2026, basis="RA", year_of_account=None)
    claims = rows(
        treaty_reference=["RA", "RA", "RA"],
        date_of_loss=[Day(2026, 5, 5)] * 3,
        policy_inception=[Day(2025, 9, 1), Day(2026, 1, 1), None],
    )
    keys, issues = located(claims)
    assert keys == [old.pk, new.pk, None]
    assert issues == [(4, "RA", "several_treaties", "error")]
    premiums = rows(
        treaty_reference=["RA"],
        effective_date=[Day(2026, 5, 5)],
        risk_inception=[Day(2025, 9, 1)],
    )
    assert located(premiums, "premiums") == ([old.pk], [])


def test_premiums_of_losses_occurring_go_by_the_effective_date() -> None:
    treaty("LO", 2025)
    new = treaty("LO", 2026)
    frame = rows(
        treaty_reference=["LO"],
        effective_date=[Day(2026, 5, 5)],
        risk_inception=[Day(2025, 9, 1)],
    )
    assert located(frame, "premiums") == ([new.pk], [])


def test_an_unknown_basis_is_told_by_the_year_alone() -> None:
    old = treaty("U", 2025, basis="")
    treaty("U", 2026, basis="")
    frame = rows(
        treaty_reference=["U", "U"],
        year_of_account=[2025, None],
        date_of_loss=[Day(2025, 5, 5)] * 2,
    )
    keys, issues = located(frame)
    assert keys == [old.pk, None]
    assert issues == [(3, "U", "several_treaties", "error")]


def losses_occurring_and(basis: str, since: Day, until: Day) -> tuple[int, int]:
    """A contract of 2025 on losses occurring, and another one of its number."""
    first = treaty("RZ1", 2025, year_of_account=None)
    other = treaty("RZ1", basis=basis, inception=since, expiry=until)
    return first.pk, other.pk


@pytest.mark.parametrize("basis", ["", "RA"])
def test_a_contract_that_no_date_excludes_is_asked_beside_one_that_fits(
    basis: str,
) -> None:
    losses_occurring_and(basis, Day(2025, 7, 1), Day(2026, 6, 30))
    frame = rows(treaty_reference=["RZ1"], date_of_loss=[Day(2025, 8, 1)])
    assert located(frame) == ([None], [(2, "RZ1", "several_treaties", "error")])
    _, full = locate_contracts(frame, conventions=NOBODY, kind="claims")
    assert full["message"].to_list() == [
        "Several contracts “RZ1” are in the books, of 2025-01-01, 2025-07-01, and the "
        "row does not say which. Pick the contract."
    ]
    premium = rows(treaty_reference=["RZ1"], effective_date=[Day(2025, 8, 1)])
    assert located(premium, "premiums") == (
        [None],
        [(2, "RZ1", "several_treaties", "error")],
    )


@pytest.mark.parametrize("basis", ["", "RA"])
def test_a_loss_before_its_inception_is_not_of_a_contract(basis: str) -> None:
    first, _ = losses_occurring_and(basis, Day(2026, 1, 1), Day(2026, 12, 31))
    frame = rows(treaty_reference=["RZ1"], date_of_loss=[Day(2025, 8, 1)])
    assert located(frame) == ([first], [])


@pytest.mark.parametrize("basis", ["", "RA"])
def test_a_loss_after_its_expiry_may_be_of_a_policy_that_attached(basis: str) -> None:
    first, _ = losses_occurring_and(basis, Day(2024, 1, 1), Day(2024, 12, 31))
    frame = rows(
        treaty_reference=["RZ1"] * 3,
        date_of_loss=[Day(2025, 8, 1)] * 3,
        policy_inception=[None, Day(2024, 9, 1), Day(2025, 2, 1)],
    )
    keys, issues = located(frame)
    assert keys == [None, None, first]
    assert issues == [(row, "RZ1", "several_treaties", "error") for row in (2, 3)]


def test_a_contract_without_a_period_is_asked_beside_one_that_fits() -> None:
    treaty("RZ1", 2025, year_of_account=None)
    treaty("RZ1")
    frame = rows(treaty_reference=["RZ1"], date_of_loss=[Day(2025, 8, 1)])
    assert located(frame) == ([None], [(2, "RZ1", "several_treaties", "error")])


def test_the_year_of_account_tells_where_no_date_does() -> None:
    first = treaty("RZ1", 2025)
    other = treaty("RZ1", 2026, basis="", inception=Day(2025, 7, 1))
    frame = rows(
        treaty_reference=["RZ1"] * 2,
        year_of_account=[2025, 2026],
        date_of_loss=[Day(2025, 8, 1)] * 2,
    )
    assert located(frame) == ([first.pk, other.pk], [])


def test_a_claim_stays_where_a_clerk_put_it_as_long_as_no_date_objects() -> None:
    first, other = losses_occurring_and("", Day(2025, 7, 1), Day(2026, 6, 30))
    Claim.objects.create(treaty_id=other, reference="C1", status_id="OPEN")
    frame = rows(
        treaty_reference=["RZ1"] * 2,
        claim_reference=["C1"] * 2,
        date_of_loss=[Day(2025, 8, 1), Day(2025, 3, 1)],
    )
    keys, issues = located(frame)
    assert keys == [other, other]
    assert issues == [(3, "RZ1", "claim_moves_contract", "error")]


def test_of_one_contract_a_date_outside_is_a_matter_of_the_rules() -> None:
    only = treaty("ONE", 2025)
    frame = rows(
        treaty_reference=["ONE", "ONE"],
        year_of_account=[None, 2026],
        date_of_loss=[Day(2031, 1, 1), Day(2025, 1, 1)],
    )
    keys, issues = located(frame)
    assert keys == [only.pk, None]
    assert issues == [(3, "ONE", "unknown_treaty", "error")]


def test_a_claim_that_is_known_fixes_its_contract() -> None:
    old, new = treaty("MY2", 2025), treaty("MY2", 2026)
    Claim.objects.create(treaty=old, reference="C1", status_id="OPEN")
    frame = rows(
        treaty_reference=["MY2"] * 4,
        claim_reference=["C1", "C1", "C1", "C2"],
        date_of_loss=[None, Day(2025, 5, 5), Day(2026, 2, 5), Day(2026, 2, 5)],
    )
    keys, issues = located(frame)
    assert keys == [old.pk, old.pk, old.pk, new.pk]
    assert issues == [(4, "MY2", "claim_moves_contract", "error")]
    _, full = locate_contracts(frame, conventions=NOBODY, kind="claims")
    assert full["message"].to_list() == [
        "Claim “C1” stands under contract “MY2” of 2025-01-01, but this row speaks for "
        "the one of 2026-01-01. Correct the row, or have the claim moved."
    ]


def test_a_known_claim_of_the_only_contract_stays_whatever_the_year() -> None:
    only = treaty("ONE", 2025)
    Claim.objects.create(treaty=only, reference="C1", status_id="OPEN")
    frame = rows(
        treaty_reference=["ONE"], claim_reference=["C1"], year_of_account=[2026]
    )
    assert located(frame) == ([only.pk], [])


def test_a_claim_that_was_undone_decides_only_where_nothing_else_does() -> None:
    old, new = treaty("MY2", 2025), treaty("MY2", 2026)
    load = Load.objects.create(number=1, record_type="claims", undone_at=timezone.now())
    Claim.objects.create(treaty=old, reference="C1", status_id="OPEN", load=load)
    frame = rows(
        treaty_reference=["MY2", "MY2"],
        claim_reference=["C1", "C1"],
        date_of_loss=[Day(2026, 2, 5), None],
    )
    assert located(frame) == ([new.pk, old.pk], [])


def test_an_answer_wins() -> None:
    old = treaty("MY2", 2025)
    treaty("MY2", 2026)
    other = treaty("OTHER", 2026)
    frame = rows(
        treaty_reference=["MY2", "what"],
        year_of_account=[2026, 2024],
        date_of_loss=[Day(2026, 2, 5)] * 2,
    )
    told = Conventions(contracts={"MY2": old.pk, "what": other.pk})
    assert located(frame, conventions=told) == ([old.pk, other.pk], [])


def test_limits_of_cedants_hide_contracts() -> None:
    mine, theirs = party("A"), party("B")
    treaty("T1", 2025, cedant=mine)
    treaty("T2", 2025, cedant=theirs)
    told = Conventions(cedants=frozenset({mine.pk}))
    _, issues = located(rows(treaty_reference=["T1", "T2"]), conventions=told)
    assert issues == [(3, "T2", "unknown_treaty", "error")]


def test_the_senders_own_contract_of_a_number_is_meant() -> None:
    mine, theirs = party("A"), party("B")
    own = treaty("5", 2025, cedant=mine)
    treaty("5", 2025, cedant=theirs)
    told = Conventions(party=mine.pk, is_house=False)
    frame = rows(treaty_reference=["5"], date_of_loss=[Day(2025, 1, 1)])
    assert located(frame, conventions=told) == ([own.pk], [])
    _, issues = located(frame)
    assert issues == [(2, "5", "several_treaties", "error")]


def test_contracts_of_one_number_and_inception_are_told_by_their_cedants() -> None:
    for code in ("A", "B"):
        treaty("5", 2025, cedant=party(code))
    treaty("5", 2025)
    frame = rows(treaty_reference=["5"], date_of_loss=[Day(2025, 1, 1)])
    _, issues = locate_contracts(frame, conventions=NOBODY, kind="claims")
    assert issues["message"].to_list() == [
        "Several contracts “5” are in the books, of 2025-01-01 (A), 2025-01-01 (B), "
        "2025-01-01, and the row does not say which. Pick the contract."
    ]


@pytest.mark.parametrize(
    ("others", "severity"), [("breach", "breach"), ("hold out", "error")]
)
def test_a_contract_that_is_not_the_senders(others: str, severity: str) -> None:
    cedant, broker, other = party("A"), party("K"), party("B")
    contract = treaty("T1", 2025, cedant=cedant, broker=broker)
    for who, issues in (
        (cedant, []),
        (broker, []),
        (other, [(2, "T1", "not_the_senders_contract", severity)]),
    ):
        told = Conventions(party=who.pk, is_house=False, other_contracts=others)
        found = located(rows(treaty_reference=["T1"]), conventions=told)
        assert found == ([contract.pk], issues)
    house = Conventions(party=other.pk, is_house=True)
    assert located(rows(treaty_reference=["T1"]), conventions=house)[1] == []


def test_scopes_by_uniqueness_or_by_the_key_that_an_export_tells() -> None:
    cedant = party("A")
    old = treaty("MY2", 2025, cedant=cedant)
    treaty("MY2", 2026)
    frame = rows(
        treaty_reference=["MY2"] * 3,
        treaty_inception=[Day(2025, 1, 1), None, None],
        treaty_cedant=[None, cedant.pk, None],
    )
    keys, issues = located(frame, "scope")
    assert keys == [old.pk, old.pk, None]
    assert issues == [(4, "MY2", "several_treaties", "error")]


def test_few_queries_for_many_rows() -> None:
    for year in (2024, 2025):
        for number in range(3):
            treaty(f"T{number}", year)
    count = 50_000
    frame = pl.DataFrame({"row": range(count)}).select(
        "row",
        treaty_reference=pl.format("T{}", pl.col("row") % 3),
        claim_reference=pl.format("C{}", "row"),
        date_of_loss=pl.lit(Day(2025, 3, 1)),
    )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found, issues = locate_contracts(frame, conventions=NOBODY, kind="claims")
    assert len(queries) == 2
    assert found["treaty_reference"].null_count() == 0
    assert issues.height == 0


def test_row_by_row_the_widget_finds_the_same() -> None:
    old = treaty("MY2", 2025)
    treaty("MY2", 2026)
    widget = ContractWidget("claims")
    assert widget.clean(" MY2 ") == "MY2"
    row = {"Claim reference": "C1", "Date of loss": "2025-03-01"}
    assert widget.clean("MY2", row) == old.pk
    assert widget.clean("", row) is None
    for cells, code in (
        ({}, "several_treaties"),
        ({"Date of loss": "2030-01-01"}, "unknown_treaty"),
    ):
        with pytest.raises(CellError) as caught:
            widget.clean("MY2", cells)
        assert caught.value.code == code


def test_a_claim_that_stands_elsewhere_than_the_inception_says_moves() -> None:
    treaty("RZ1", 2025)
    new = treaty("RZ1", 2026)
    Claim.objects.create(treaty=new, reference="P15", status_id="OPEN")
    told = rows(
        treaty_reference=["RZ1", "RZ1", "RZ1"],
        claim_reference=["P15", "P15", "P16"],
        treaty_inception=[Day(2025, 1, 1), Day(2026, 1, 1), Day(2025, 1, 1)],
    )
    keys, issues = located(told)
    assert issues == [(2, "RZ1", "claim_moves_contract", "error")]
    assert keys[1:] == [new.pk, Treaty.objects.get(year_of_account=2025).pk]


def test_a_claim_whose_row_names_an_inception_that_is_not_in_the_books() -> None:
    only = treaty("RZ1", 2025)
    Claim.objects.create(treaty=only, reference="C1", status_id="OPEN")
    told = rows(
        treaty_reference=["RZ1"],
        claim_reference=["C1"],
        treaty_inception=[Day(2027, 1, 1)],
    )
    _, issues = locate_contracts(told, conventions=NOBODY, kind="claims")
    assert issues["code"].to_list() == ["claim_moves_contract"]
    said = issues["message"].item()
    assert "this row speaks for another that is not in the books." in said
