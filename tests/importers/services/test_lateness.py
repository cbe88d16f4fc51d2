"""An older bordereau after a newer one: loaded only by who has been told."""

from collections.abc import Callable
from datetime import date

import pytest

from importers.models import Ingestion
from importers.services import ingestions, work
from reinsurance.models import Treaty

pytestmark = pytest.mark.django_db
CLAIM = "UMR,Claim Ref,Date of Loss,Currency,Status,Paid to date\nT1,C1,2026-03-01,GBP,"
MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)

Checked = Callable[..., Ingestion]


@pytest.fixture
def checked(db: None) -> Checked:
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")

    def hand_in(paid: int, period_end: date | None, source: str = "") -> Ingestion:
        ingestion = ingestions.submit(
            blocks=[f"{CLAIM}Open,{paid}\n".encode()],
            file_name="claims.csv",
            record_type="claims",
            source=ingestions.source_of(source),
            door="test",
            period_end=period_end,
            enqueue=False,
        )
        work.check(ingestion.pk)
        ingestion.refresh_from_db()
        assert ingestion.status == "ready", ingestion.message
        return ingestion

    return hand_in


def load(ingestion: Ingestion) -> Ingestion:
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    return ingestion


def said(ingestion: Ingestion) -> list[tuple[int, str, str]]:
    issues = ingestion.issues.filter(code="later_period_loaded")
    return list(issues.values_list("row", "severity", "message"))


def test_an_older_period_after_a_newer_one_is_told(checked: Checked) -> None:
    june = load(checked(150, JUNE))
    may = checked(110, MAY)
    assert said(may) == [
        (
            0,
            "warning",
            f"This file ends on 31 May 2026, and number {june.pk} of the same sender, "
            "up to 30 June 2026, is in the books already. Where both hold a record, "
            "the older file would replace what is newer. Approve it only if that is "
            "meant.",
        )
    ]
    assert (
        may.issue_counts["warning"]
        == may.issue_counts["by_code"]["later_period_loaded"]
    )
    assert (may.rows_updated, may.rows_rejected) == (1, 0)


@pytest.mark.parametrize("period_end", [JUNE, date(2026, 7, 31), None])
def test_what_is_not_older_is_not(checked: Checked, period_end: date | None) -> None:
    load(checked(150, JUNE))
    assert said(checked(160, period_end)) == []


def test_a_period_that_was_only_checked_counts_for_nothing(checked: Checked) -> None:
    checked(150, JUNE)
    assert said(checked(110, MAY)) == []
