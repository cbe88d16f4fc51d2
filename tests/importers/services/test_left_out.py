"""A correction without which payments would count twice, through the services."""

from datetime import date
from typing import Any

import pytest

from importers.exceptions import LoadConflict
from importers.models import Ingestion, Source
from importers.services import ingestions, work
from reinsurance.models import ClaimPosition, Treaty

pytestmark = pytest.mark.django_db
HEADER = "UMR,Claim Ref,Date of Loss,Currency,Status"
JANUARY, MARCH = date(2026, 1, 31), date(2026, 3, 31)


@pytest.fixture(autouse=True)
def sources(db: None) -> None:
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")
    for code, frequency in (
        ("cedant", "month"),
        ("quarterly", "quarter"),
        ("broker", "quarter"),
    ):
        Source.objects.create(
            code=code, name=code.title(), is_house=True, frequency=frequency
        )


def checked(source: str, end: date, basis: str, **more: Any) -> Ingestion:
    """A checked file; ``told``: amounts by claim."""
    told = more.pop("told")
    rows = [f"T1,{c},2026-01-01,GBP,Open,{paid}\n" for c, paid in told.items()]
    ingestion = ingestions.submit(
        blocks=[f"{HEADER},{basis}\n{''.join(rows)}".encode()],
        file_name="claims.csv",
        record_type="claims",
        source=ingestions.source_of(source),
        door="test",
        period_end=end,
        enqueue=False,
        **more,
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion


def load(ingestion: Ingestion) -> Ingestion:
    assert ingestion.status == "ready", ingestion.message
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message
    return ingestion


def stand() -> dict[str, int]:
    rows = ClaimPosition.objects.values_list("claim__reference", "paid_indemnity")
    return {reference: int(paid) for reference, paid in rows}


def correction() -> Ingestion:
    return checked(
        "quarterly", MARCH, "Paid to date", told={"B": 2}, declared="correction"
    )


def test_it_is_rejected_and_says_what_to_do() -> None:
    january = load(checked("cedant", JANUARY, "Paid to date", told={"A": 100}))
    load(checked("quarterly", MARCH, "Paid to date", told={"A": 300, "B": 1}))
    theirs = load(checked("broker", MARCH, "Paid this period", told={"A": 300}))
    assert stand() == {"A": 300, "B": 1}
    refused = correction()
    assert refused.status == "rejected"
    assert refused.issue_counts["by_code"] == {"periods_overlap": 1}
    assert refused.message == (
        "Without what this correction leaves out of Claim A GBP, payments would count "
        f"twice: number {theirs.pk} told what was paid from 2026-01-01 to 2026-03-31 "
        f"and number {january.pk} what was paid to date at 2026-01-31. Tell what was "
        "paid to date in the correction, too, or have one of these two words taken "
        "back first; then hand the correction in anew."
    )
    assert stand() == {"A": 300, "B": 1}


def test_it_fails_where_the_books_have_moved_since_it_was_checked() -> None:
    load(checked("cedant", JANUARY, "Paid to date", told={"A": 100}))
    load(checked("quarterly", MARCH, "Paid to date", told={"A": 300, "B": 1}))
    waiting = correction()
    assert waiting.status == "ready", waiting.message
    ingestions.approve(waiting.pk, enqueue=False)
    load(checked("broker", MARCH, "Paid this period", told={"A": 300}))
    with pytest.raises(LoadConflict, match="payments would count twice"):
        work.load(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.approved_at) == ("failed", None)
    assert "of Claim A GBP, payments would count twice" in waiting.message
    assert stand() == {"A": 300, "B": 1}


def test_rows_that_are_not_held_out_any_more_keep_nothing() -> None:
    """Once its contract is in the books, the row may be of the first no more."""
    load(checked("quarterly", MARCH, "Paid to date", told={"A": 10, "B": 1}))
    rows = "T1,B,2026-01-01,GBP,Open,2\nT9,A,2026-01-01,GBP,Open,11\n"
    correction = ingestions.submit(
        blocks=[f"{HEADER},Paid to date\n{rows}".encode()],
        file_name="claims.csv",
        record_type="claims",
        source=ingestions.source_of("quarterly"),
        door="test",
        period_end=MARCH,
        declared="correction",
        enqueue=False,
    )
    work.check(correction.pk)
    ingestions.approve(correction.pk, enqueue=False)
    Treaty.objects.create(reference="T9", treaty_type="QS", currency_id="GBP")
    Treaty.objects.get(reference="T1").save()
    work.load(correction.pk)
    correction.refresh_from_db()
    assert correction.status == "received", correction.message
    work.check(correction.pk)
    correction.refresh_from_db()
    load(correction)
    of = "claim__treaty__reference", "claim__reference", "paid_indemnity"
    assert sorted(ClaimPosition.objects.values_list(*of)) == [
        ("T1", "B", 2),
        ("T9", "A", 11),
    ]
