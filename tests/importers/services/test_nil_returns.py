"""Nil returns beside rows of their sender and period: asked, and said to be no word."""

from datetime import date
from typing import Any

import pytest

from importers.exceptions import StateProblem
from importers.models import Ingestion, Source
from importers.services import ingestions, work
from importers.services.ingestions import DECLARE
from reinsurance.models import Bordereau, ClaimPosition, Party, Treaty

pytestmark = pytest.mark.django_db
HEADER = "UMR,Claim Ref,Insured,Date of Loss,Status,Ccy,Paid to date,Reserve\n"
ROW = "Q1,{},x,2025-05-01,Open,GBP,1000,20\n"
NIL = HEADER + "nil return,,,,,,,\n"
MAY = date(2025, 5, 31)


@pytest.fixture(autouse=True)
def books(db: None) -> None:
    party = Party.objects.create(code="BRK", name="Broker")
    Treaty.objects.create(
        reference="Q1", treaty_type="QS", currency_id="GBP", broker=party
    )
    for code in ("bx", "by"):
        Source.objects.create(code=code, name=code, party=party)


def checked(content: str, **more: Any) -> Ingestion:
    options = {"period_end": MAY, "source": "bx", **more}
    ingestion = ingestions.submit(
        blocks=[content.encode()],
        file_name="claims.csv",
        record_type="claims",
        door="test",
        enqueue=False,
        **{**options, "source": ingestions.source_of(options["source"])},
    )
    return again(ingestion)


def again(ingestion: Ingestion) -> Ingestion:
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "ready", ingestion.message
    return ingestion


def load(ingestion: Ingestion, status: str = "loaded") -> Ingestion:
    ingestions.approve(ingestion.pk, seen=ingestion.effect, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == status, ingestion.message
    return ingestion


def said(ingestion: Ingestion) -> list[tuple[str, str, str]]:
    return list(ingestion.issues.values_list("code", "severity", "message"))


def stays(number: int) -> list[tuple[str, str, str]]:
    return [
        (
            "nil_beside_rows",
            "warning",
            "The file says that there is nothing to report, and rows of its sender for "
            f"the period are in the books: Q1 to 31 May 2025 (number {number}). A nil "
            "return names no contract, so it corrects nothing: they stay. If they do "
            "not hold, have their files undone, or hand in a correction that names the "
            "contract.",
        )
    ]


def test_it_is_asked_about_as_any_second_file() -> None:
    first = load(checked(HEADER + ROW.format("N1")))
    nil = checked(NIL)
    assert nil.needs_declaration
    assert nil.message == (
        f"In the books already: Q1 to 31 May 2025 (number {first.pk}). Is this file "
        "additional to it, or a correction that takes its place? Nothing is loaded "
        "before somebody says so."
    )
    with pytest.raises(StateProblem, match=DECLARE):
        ingestions.approve(nil.pk, seen=nil.effect, enqueue=False)


@pytest.mark.parametrize("declared", ["additional", "correction"])
def test_declared_it_says_that_the_rows_stay(declared: str) -> None:
    first = load(checked(HEADER + ROW.format("N1")))
    nil = checked(NIL)
    ingestions.declare(nil.pk, declared, user=None, enqueue=False)
    nil = again(nil)
    assert not nil.needs_declaration
    assert said(nil) == stays(first.pk)
    assert nil.issue_counts == {
        "error": 0, "warning": 1, "breach": 0, "by_code": {"nil_beside_rows": 1},
    }  # fmt: skip
    load(nil)
    assert ClaimPosition.objects.get().paid_indemnity == 1000


def test_declared_on_upload_it_says_so_too() -> None:
    first = load(checked(HEADER + ROW.format("N1")))
    assert said(checked(NIL, declared="correction")) == stays(first.pk)


def test_a_day_near_the_end_means_the_same_period() -> None:
    load(checked(HEADER + ROW.format("N1")))
    assert checked(NIL, period_end=date(2025, 5, 30)).needs_declaration


def test_other_periods_and_senders_are_not_asked_about() -> None:
    load(checked(HEADER + ROW.format("N1")))
    june = checked(NIL, period_end=date(2025, 6, 30))
    assert (june.needs_declaration, said(june)) == (False, [])
    other = checked(NIL, source="by")
    assert (other.needs_declaration, said(other)) == (False, [])


def test_rows_loaded_since_withdraw_its_approval() -> None:
    nil = checked(NIL)
    first = load(checked(HEADER + ROW.format("N1")))
    load(nil, status="received")
    assert (
        "What is different: of the period in the books: Q1 to 31 May 2025 "
        f"(number {first.pk})." in nil.message
    )
    assert again(nil).needs_declaration


def test_rows_after_a_nil_return_take_its_place() -> None:
    Bordereau.objects.create(
        kind="claims",
        party=Party.objects.get(),
        treaty=Treaty.objects.get(),
        period_end=MAY,
        status="expected",
    )
    load(checked(NIL))
    assert Bordereau.objects.get().is_nil
    load(checked(HEADER + ROW.format("N1")))
    assert not Bordereau.objects.get().is_nil
