"""A claim in the books is no answer where its own file tells one of another cedant."""

from typing import Any

import pytest

from importers.models import Ingestion
from importers.services import follow_ups, ingestions, work
from importers.services.follow_ups import Group
from reinsurance.models import ClaimPosition, Party, Treaty

pytestmark = pytest.mark.django_db

HEADER = (
    "UMR,Treaty cedant,YOA,Claim Ref,Insured,Date of Loss,Status,Ccy,"
    "Reporting period end,Paid this month,Reserve\n"
)


def row(cedant: str, end: str, paid: int, *, year: str = "", insured: str = "") -> str:
    insured = insured or {"AAA": "Alpha"}.get(cedant, "Beta")
    return f"T,{cedant},{year},C1,{insured},2026-01-05,Open,GBP,{end},{paid},1\n"


def checked(content: str, **more: Any) -> Ingestion:
    ingestion = ingestions.submit(
        blocks=[(HEADER + content).encode()],
        file_name="file.csv",
        record_type="claims",
        source=ingestions.source_of(None),
        door="test",
        enqueue=False,
        **{"declared": "additional", **more},
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion


def loaded(ingestion: Ingestion) -> None:
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message


def books() -> list[tuple[str, int]]:
    found = ClaimPosition.objects.all()
    return sorted((p.claim.treaty.cedant.code, int(p.paid_indemnity)) for p in found)


@pytest.fixture(autouse=True)
def contracts() -> None:
    for code, year in (("AAA", 2026), ("BBB", 2026)):
        party = Party.objects.create(code=code, name=code)
        Treaty.objects.create(
            reference="T", cedant=party, treaty_type="QS", basis="LO",
            currency_id="GBP", year_of_account=year,
            inception="2026-01-01", expiry="2026-12-31",
        )  # fmt: skip
    loaded(checked(row("AAA", "2026-01-31", 10)))


def codes(ingestion: Ingestion) -> list[tuple[int, str, str]]:
    found = ingestion.issues.filter(code="several_treaties").order_by("row")
    return [(issue.row, issue.column, issue.value) for issue in found]


def test_a_row_beside_one_of_another_cedant_is_asked() -> None:
    second = checked(row("BBB", "2026-01-31", 7) + row("", "2026-02-28", 8))
    assert codes(second) == [(3, "UMR", "T")]
    assert second.rows_rejected == 1
    issue = second.issues.get(code="several_treaties")
    assert issue.message == (
        "Claim “C1” stands under contract “T” of 2026-01-01 (AAA), and this file tells "
        "a claim of that reference under the number of another cedant as well. The row "
        "does not say which. Name the cedant, or pick the contract."
    )
    loaded(second)
    assert books() == [("AAA", 10), ("BBB", 7)]
    assert follow_ups.groups_of(second) == [Group("T", 1, ("several_treaties",))]


def test_also_before_the_row_of_the_other_and_where_that_is_rejected() -> None:
    wrong = row("BBB", "2026-01-31", 7).replace("Open", "Sideways")
    second = checked(row("", "2026-02-28", 8) + wrong)
    assert codes(second) == [(2, "UMR", "T")]


def test_a_cedant_without_a_contract_of_the_number_is_another_as_well() -> None:
    Party.objects.create(code="CCC", name="CCC")
    second = checked(row("CCC", "2026-01-31", 7) + row("", "2026-02-28", 8))
    assert [line for line, _, _ in codes(second)][-1] == 3


def test_the_rows_of_the_same_cedant_say_nothing_against_it() -> None:
    second = checked(row("AAA", "2026-02-28", 7) + row("", "2026-03-31", 8))
    assert codes(second) == []
    loaded(second)
    assert books() == [("AAA", 25)]


def test_a_year_of_account_says_which() -> None:
    Treaty.objects.filter(cedant__code="BBB").update(
        year_of_account=2025, expiry="2026-06-30", inception="2025-07-01"
    )
    said = row("", "2026-02-28", 8, year="2026", insured="Alpha")
    second = checked(row("BBB", "2026-01-31", 7) + said)
    assert codes(second) == []
    asked = row("", "2026-02-28", 8)
    third = checked(row("BBB", "2026-01-31", 9) + asked)
    assert codes(third) == [(3, "UMR", "T")]
