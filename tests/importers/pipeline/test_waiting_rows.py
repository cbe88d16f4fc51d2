"""Rows that add up wait for one of them that is rejected."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from importers import record_types
from reinsurance.models import ClaimPosition, PremiumEntry, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, ingestion_of, run

pytestmark = pytest.mark.django_db
JANUARY = datetime.date(2026, 1, 31)
HEADERS = {
    "claims": "UMR,Claim reference,Date of loss,Currency,Paid to date,Section",
    "premiums": "UMR,Policy No,Effective date,Currency,Gross premium,Section",
}


@pytest.fixture(autouse=True)
def contract() -> None:
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def sent(kind: str, *rows: str, adds: bool = True, **told: Any) -> Any:
    """Rows such as ``A/10`` or ``A/10/S1/T2``: record, amount, section, contract."""
    cells = [(row + "///").split("/")[:4] for row in rows]
    lines = [
        ["" if umr == "-" else umr or "T1", name, "2026-01-05", "GBP", amount, part]
        for name, amount, part, umr in cells
    ]
    record_type = record_types.get(kind)
    header = HEADERS[kind].replace("Paid to date", "Paid indemnity to date")
    examined, _, _ = run(
        Table(tuple(header.split(",")), lines, chunk=2),
        record_type,
        period_end=JANUARY,
        conventions=Conventions(equal_rows_add=adds, **told),
        ingestion=ingestion_of(record_type),
    )
    return examined


def stands(kind: str) -> Decimal:
    if kind == "claims":
        return sum(ClaimPosition.objects.values_list("paid_indemnity", flat=True))
    return sum(PremiumEntry.objects.values_list("gross_premium", flat=True))


@pytest.mark.parametrize("is_correction", [False, True])
@pytest.mark.parametrize("kind", ["claims", "premiums"])
def test_what_stood_stays_until_the_row_is_mended(
    kind: str, is_correction: bool
) -> None:
    sent(kind, "A/10", "A/5", "B/1")
    examined = sent(kind, "A/10", "B/2", "A/abc", is_correction=is_correction)
    assert stands(kind) == 10 + 5 + 2
    rows = examined.issues.select("row", "code", "message").rows()
    noun = "claim" if kind == "claims" else "premium"
    assert [each for each in rows if each[1] == "waits_for_row"] == [
        (
            2,
            "waits_for_row",
            f"Row 4 tells of the same {noun} and is rejected. The rows of this sender "
            "add up, so this row waits for it: mend that row, and hand them in "
            "together.",
        )
    ]
    assert examined.staged.rows["rejected"] == 2
    sent(kind, "A/10", "A/7")
    assert stands(kind) == 10 + 7 + 2


@pytest.mark.parametrize("umr", ["TX", "-"])
@pytest.mark.parametrize("kind", ["claims", "premiums"])
def test_rows_say_that_one_without_a_contract_may_be_theirs(
    kind: str, umr: str
) -> None:
    rows = ("A/10/S1", "A/10/S2", "B/1", f"A/5//{umr}", f"A/7/S3/{umr}")
    examined = sent(kind, *rows)
    noun = "claim" if kind == "claims" else "premium"
    rows = examined.issues.filter(code="stands_without_row").drop("code").rows()
    header = "Claim reference" if kind == "claims" else "Policy No"
    assert [(row, column, severity) for row, column, _, severity, _ in rows] == [
        (2, header, "warning"),
        (3, header, "warning"),
    ]
    assert rows[0][-1] == (
        f"Row 5 tells of a {noun} of this number as well, and its contract is not "
        "found. The rows of this sender add up: if it is this one, what counts is "
        "short of that row until it is mended and both are handed in together."
    )
    assert stands(kind) == 10 + 10 + 1


def test_rows_that_do_not_add_up_say_nothing_of_it() -> None:
    assert (
        not sent("premiums", "A/10", "A/5//TX", adds=False)
        .issues["code"]
        .is_in(["stands_without_row"])
        .any()
    )


@pytest.mark.parametrize("kind", ["claims", "premiums"])
def test_another_part_of_it_does_not_wait(kind: str) -> None:
    sent(kind, "A/10/S1", "A/abc/S2")
    assert stands(kind) == 10


def test_a_row_that_a_rule_holds_out_keeps_the_others_back() -> None:
    header = "UMR,Policy No,Effective date,Currency,Gross premium,Commission,Rate"
    header = header.replace("Rate", "Commission %")
    record_type = record_types.get("premiums")

    def told(*rows: str) -> Any:
        lines = [["T1", "A", "2026-01-05", "GBP", *row.split("/")] for row in rows]
        return run(
            Table(tuple(header.split(",")), lines, chunk=2),
            record_type,
            period_end=JANUARY,
            conventions=Conventions(equal_rows_add=True),
            ingestion=ingestion_of(record_type),
        )[0]

    told("20/2/10%", "50//")
    examined = told("20/2/10%", "50//")
    assert +examined.staged.rows == {"unchanged": 2}
    assert stands("premiums") == 70
    examined = told("20/3/10%", "50//")
    assert examined.staged.rows["rejected"] == 2
    assert stands("premiums") == 70
