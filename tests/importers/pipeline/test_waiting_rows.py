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


def sent(kind: str, *rows: str, **told: Any) -> Any:
    """Rows such as ``A/10`` or ``A/10/S1``: record, amount and section."""
    cells = [(row + "/").split("/")[:3] for row in rows]
    lines = [["T1", name, "2026-01-05", "GBP", n, part] for name, n, part in cells]
    record_type = record_types.get(kind)
    header = HEADERS[kind].replace("Paid to date", "Paid indemnity to date")
    examined, _, _ = run(
        Table(tuple(header.split(",")), lines, chunk=2),
        record_type,
        period_end=JANUARY,
        conventions=Conventions(equal_rows_add=True, **told),
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
