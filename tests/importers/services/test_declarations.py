"""A second file of one sender, contract and period: additional, or a correction."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from backoffice.roles import AUDITOR
from importers.exceptions import NotAllowed, StateProblem
from importers.models import Ingestion
from importers.services import ingestions, work
from importers.services.doable import doable
from reinsurance.models import ClaimPosition
from tests.importers.admin.conftest import HEADER, claim

HEADED = (*HEADER, "Reporting period end")
Sent = Callable[..., Ingestion]


def told(reference: str, paid: str = "1000", month: str = "2026-04-30") -> list[str]:
    return [*claim(reference, **{"Paid to date": paid}), month]


def books() -> dict[str, Decimal]:
    rows = ClaimPosition.objects.select_related("claim")
    return {row.claim.reference: row.paid_indemnity for row in rows}


@pytest.fixture
def first(sent: Sent) -> Ingestion:
    return sent(HEADED, told("C-1"), told("C-2"), to="loaded")


@pytest.fixture
def second(sent: Sent, first: Ingestion) -> Ingestion:
    return sent(HEADED, told("C-1", "700"), told("C-3"))


def checked(ingestion: Ingestion, declared: str, user: User | None = None) -> None:
    ingestions.declare(ingestion.pk, declared, user=user)
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "ready", ingestion.message


def load(ingestion: Ingestion) -> None:
    ingestions.approve(ingestion.pk)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message


def test_a_second_file_waits_until_somebody_says(
    first: Ingestion, second: Ingestion, manager: User
) -> None:
    assert (second.status, second.needs_declaration) == ("ready", True)
    assert second.message == (
        f"In the books already: B0001 to 30 April 2026 (number {first.pk}). Is this "
        "file additional to it, or a correction that takes its place? Nothing is "
        "loaded before somebody says so."
    )
    may = doable(second, manager)
    assert (may.declare, may.approve) == (True, False)
    assert may.why_not_approve == ingestions.DECLARE
    with pytest.raises(StateProblem, match="Say first"):
        ingestions.approve(second.pk, user=manager)


def test_an_additional_file_adds(second: Ingestion, clerk: User) -> None:
    checked(second, "additional", clerk)
    assert not second.needs_declaration
    assert second.message == ""
    load(second)
    assert books() == {"C-1": Decimal(700), "C-2": Decimal(1000), "C-3": Decimal(1000)}
    events = list(second.events.order_by("pk").values_list("message", "user__username"))
    assert events[3] == (
        "Declared: it adds to the file of the period that is in the books.", "clerk",
    )  # fmt: skip


def test_a_correction_lists_what_it_lacks_and_leaves_it_out(second: Ingestion) -> None:
    checked(second, "correction")
    (issue,) = second.issues.filter(code="correction_lacks")
    assert (issue.row, issue.severity) == (0, "warning")
    assert issue.message.startswith(
        "Claim C-2 USD: told for the period to 30 April 2026 and missing in this "
        "correction."
    )
    assert second.effect_parts["effect"]["lacking"] == 1
    load(second)
    assert books() == {"C-1": Decimal(700), "C-3": Decimal(1000)}


def test_what_was_declared_may_be_said_otherwise(
    second: Ingestion, manager: User
) -> None:
    checked(second, "additional")
    before = second.effect
    assert doable(second, manager).declare
    checked(second, "correction")
    assert second.effect != before
    load(second)
    assert "C-2" not in books()


def test_another_period_needs_no_declaration(first: Ingestion, sent: Sent) -> None:
    other = sent(HEADED, told("C-1", "1200", "2026-05-31"))
    assert (other.status, other.needs_declaration) == ("ready", False)


def test_said_on_upload_nobody_is_asked(first: Ingestion, sent: Sent) -> None:
    other = sent(HEADED, told("C-1", "700"), declared="correction")
    assert (other.status, other.needs_declaration) == ("ready", False)
    assert other.issue_counts["by_code"]["correction_lacks"] == 1


@pytest.mark.parametrize("declared", ["additional", "correction"])
def test_on_the_first_file_of_a_period_it_does_no_harm(
    sent: Sent, declared: str
) -> None:
    only = sent(HEADED, told("C-1"), declared=declared)
    assert "correction_lacks" not in only.issue_counts["by_code"]
    load(only)
    assert books() == {"C-1": Decimal(1000)}


def test_who_may_declare_and_what(
    second: Ingestion, user_with: Callable[..., User]
) -> None:
    with pytest.raises(NotAllowed):
        ingestions.declare(second.pk, "additional", user=user_with(AUDITOR))
    with pytest.raises(StateProblem, match="“additional” or a “correction”"):
        ingestions.declare(second.pk, "", user=None)
    ingestions.cancel(second.pk, user=None)
    with pytest.raises(StateProblem, match="is “cancelled” by now"):
        ingestions.declare(second.pk, "additional", user=None)
