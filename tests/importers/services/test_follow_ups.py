"""Rows that need a contract go on, for the contract that a clerk picked."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from backoffice.roles import AUDITOR
from importers.exceptions import Cleared, NotAllowed, StateProblem
from importers.models import Ingestion, Source
from importers.services import follow_ups, ingestions, permissions, undoing, work
from importers.services.doable import doable
from importers.services.follow_up_parents import as_written
from importers.services.follow_ups import Group
from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimPosition,
    Party,
    PremiumEntry,
    Treaty,
)
from tests.importers.admin.conftest import HEADER, claim

Sent = Callable[..., Ingestion]


@pytest.fixture
def renewal(andes: Source) -> Treaty:
    """Another contract under the same reference; neither says what its basis is."""
    return Treaty.objects.create(
        reference="B0001",
        cedant=andes.party,
        treaty_type="QS",
        inception="2026-01-02",
        expiry="2026-12-31",
        currency_id="USD",
    )


@pytest.fixture
def first(sent: Sent) -> Ingestion:
    """Two rows that are good, two of one unknown contract, one of another."""
    return sent(
        HEADER,
        claim("C-1"),
        claim("C-2", UMR="B9999", Insured="=SUM(A1)"),
        claim("C-3", UMR="B9999 ", **{"Paid to date": "-5.5"}),
        claim("C-4", UMR="B8888"),
        claim("C-5"),
    )


@pytest.fixture
def contract(andes: Source) -> Treaty:
    return Treaty.objects.get(reference="B0001")


def checked(ingestion: Ingestion) -> Ingestion:
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion


def load(ingestion: Ingestion) -> None:
    ingestions.approve(ingestion.pk)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message


def books() -> dict[str, Decimal]:
    rows = ClaimPosition.objects.select_related("claim")
    return {row.claim.reference: row.paid_indemnity for row in rows}


def test_rows_are_grouped_by_the_reference(first: Ingestion) -> None:
    assert first.status == "ready"
    assert follow_ups.groups_of(first) == [
        Group("B8888", 1, ("unknown_treaty",)),
        Group("B9999", 2, ("unknown_treaty",)),
    ]


def test_one_answer_holds_for_all_like_rows(
    first: Ingestion, contract: Treaty, clerk: User
) -> None:
    load(first)
    counts = (first.rows_read, first.rows_created, first.rows_rejected)
    follow_up = follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    assert (follow_up.parent, follow_up.source, follow_up.submitted_by) == (
        first, first.source, clerk,
    )  # fmt: skip
    assert (follow_up.door, follow_up.declared) == ("follow-up", "")
    assert follow_up.contracts == {"B9999": contract.pk}
    assert follow_up.file_name == f"claims - rows of number {first.pk}.csv"
    checked(follow_up)
    assert follow_up.status == "ready", follow_up.message
    assert (follow_up.rows_read, follow_up.rows_created) == (2, 2)
    assert not follow_up.needs_declaration
    load(follow_up)
    assert books() == {
        "C-1": Decimal(1000),
        "C-5": Decimal(1000),
        "C-2": Decimal(1000),
        "C-3": Decimal("-5.5"),
    }
    record = Claim.objects.get(reference="C-2")
    assert (record.treaty, record.insured_name) == (contract, "=SUM(A1)")
    first.refresh_from_db()
    assert (first.rows_read, first.rows_created, first.rows_rejected) == counts


def test_the_follow_up_is_undone_by_itself(
    first: Ingestion, contract: Treaty, clerk: User
) -> None:
    load(first)
    follow_up = checked(
        follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    )
    load(follow_up)
    ingestions.undo(follow_up.pk, user=None, reason="Wrong contract")
    undoing.undo(follow_up.pk)
    assert sorted(books()) == ["C-1", "C-5"]
    first.refresh_from_db()
    assert first.status == "loaded"
    again = follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    assert again.pk != follow_up.pk


def test_the_same_rows_do_not_go_on_twice(
    first: Ingestion, contract: Treaty, clerk: User
) -> None:
    follow_up = follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    by_reference = {g.reference: g.follow_up for g in follow_ups.groups_of(first)}
    assert by_reference == {"B8888": None, "B9999": follow_up}
    with pytest.raises(StateProblem) as refused:
        follow_ups.answer_contracts(
            first, {"B9999": contract.pk, "B8888": contract.pk}, user=clerk
        )
    assert str(refused.value) == (
        f"The rows of “B9999” go on as number {follow_up.pk} already (received). Go on "
        "there; to answer anew, cancel or undo it."
    )
    assert first.follow_ups.count() == 1
    other = follow_ups.answer_contracts(first, {"B8888": contract.pk}, user=clerk)
    assert checked(other).rows_read == 1
    ingestions.cancel(follow_up.pk, user=clerk)
    third = follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    assert checked(third).rows_read == 2


def test_renewals_under_one_reference_are_picked_from(
    sent: Sent, renewal: Treaty, clerk: User
) -> None:
    first = sent(HEADER, claim("C-1"), claim("C-2"))
    assert first.status == "rejected"
    assert follow_ups.groups_of(first) == [Group("B0001", 2, ("several_treaties",))]
    follow_up = checked(
        follow_ups.answer_contracts(first, {"B0001": renewal.pk}, user=clerk)
    )
    assert follow_up.status == "ready", follow_up.message
    load(follow_up)
    assert set(Claim.objects.values_list("treaty", flat=True)) == {renewal.pk}


def test_other_faults_of_a_row_stay(sent: Sent, contract: Treaty, clerk: User) -> None:
    first = sent(HEADER, claim("C-1", UMR="B9999", **{"Date of Loss": "31/02/2026"}))
    follow_up = checked(
        follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    )
    assert follow_up.status == "rejected"
    assert follow_up.issue_counts["by_code"] == {"bad_date": 1}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "Pick a contract for at least one reference."),
        ({"B0001": 1}, "No row of “B0001” needs a contract."),
        ({"B9999": 2**40}, f"There is no contract number {2**40}."),
    ],
)
def test_answers_that_are_none(
    first: Ingestion, clerk: User, answers: dict[str, int], said: str
) -> None:
    with pytest.raises(StateProblem) as refused:
        follow_ups.answer_contracts(first, answers, user=clerk)
    assert str(refused.value) == said
    assert not first.follow_ups.exists()


def test_who_may_answer(
    first: Ingestion,
    contract: Treaty,
    clerk: User,
    user_with: Callable[..., User],
) -> None:
    answers = {"B9999": contract.pk}
    with pytest.raises(NotAllowed):
        follow_ups.answer_contracts(first, answers, user=user_with(AUDITOR))
    other = Party.objects.create(code="OTHER", name="Other")
    hidden = Treaty.objects.create(
        reference="X1", cedant=other, treaty_type="QS", currency_id="USD"
    )
    CedantLimit.objects.create(user=clerk, cedant=contract.cedant)
    limited = User.objects.get(pk=clerk.pk)
    with pytest.raises(StateProblem, match=f"no contract number {hidden.pk}"):
        follow_ups.answer_contracts(first, {"B9999": hidden.pk}, user=limited)
    follow_ups.answer_contracts(first, answers, user=limited)


def test_only_a_checked_file_is_answered(
    sent: Sent, first: Ingestion, contract: Treaty, clerk: User
) -> None:
    ingestions.cancel(first.pk, user=clerk)
    first.refresh_from_db()
    assert follow_ups.groups_of(first) == []
    with pytest.raises(StateProblem, match="This file is “cancelled”"):
        follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)


def test_rows_that_were_cleared_cannot_go_on(
    first: Ingestion, contract: Treaty, clerk: User
) -> None:
    first.cleared_at = first.received_at
    with pytest.raises(Cleared):
        follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)


def test_beyond_the_issues_that_are_listed_like_rows_go_on_too(
    first: Ingestion, contract: Treaty, clerk: User
) -> None:
    first.issues.filter(row=4).delete()
    follow_up = follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    assert checked(follow_up).rows_read == 2


@pytest.mark.parametrize(
    ("cell", "bare"),
    [
        ("'=1+1", "=1+1"), ("'-x", "-x"), ("-5", "-5"), ("'quoted'", "'quoted'"),
        ("'", "'"), ("", ""), ("'5", "'5"),
    ],
)  # fmt: skip
def test_guard_apostrophes_are_taken_off_again(cell: str, bare: str) -> None:
    assert as_written(cell) == bare


# ------------------------------------------------------------------ declared as it is
OF_PREMIUM = (
    "UMR", "Policy No", "Transaction type", "Effective date", "Ccy", "Gross premium",
)  # fmt: skip
PERIOD = {"period_end": "2026-03-31"}


def premium(policy: str, gross: str, umr: str = "M3") -> list[str]:
    return [umr, policy, "Original", "2026-02-01", "USD", gross]


def premiums() -> dict[str, Decimal]:
    return dict(PremiumEntry.objects.values_list("policy_reference", "gross_premium"))


def answered(first: Ingestion, contract: Treaty, clerk: User, *texts: str) -> Ingestion:
    """What went on of the file, loaded."""
    answers = {text: contract.pk for text in texts}
    follow_up = checked(follow_ups.answer_contracts(first, answers, user=clerk))
    load(follow_up)
    return follow_up


def test_what_goes_on_of_a_correction_is_a_correction(
    sent: Sent, contract: Treaty, clerk: User
) -> None:
    of_premium = {"record_type": "premiums", **PERIOD}
    first = sent(OF_PREMIUM, premium("A", "100"), premium("B", "70"), **of_premium)
    answered(first, contract, clerk, "M3")
    second = sent(OF_PREMIUM, premium("A", "120"), **of_premium, declared="correction")
    follow_up = answered(second, contract, clerk, "M3")
    assert follow_up.declared == "correction"
    assert list(
        follow_up.issues.filter(code="correction_lacks").values_list(
            "message", flat=True
        )
    ) == [
        "Premium of policy B, Original of 1 February 2026, 70.00 USD: told for the "
        "period to 31 March 2026 and missing in this correction. After the load that "
        "does not count any more."
    ]
    assert premiums() == {"A": Decimal(120)}


def test_claims_that_go_on_of_a_correction_are_one(
    sent: Sent, contract: Treaty, clerk: User
) -> None:
    first = sent(HEADER, claim("A", UMR="M3"), claim("B", UMR="M3"), **PERIOD)
    answered(first, contract, clerk, "M3")
    second = sent(HEADER, claim("A", UMR="M3"), **PERIOD, declared="correction")
    answered(second, contract, clerk, "M3")
    assert books() == {"A": Decimal(1000)}


def test_parts_of_one_correction_do_not_leave_each_other_out(
    sent: Sent, contract: Treaty, clerk: User
) -> None:
    of_premium = {"record_type": "premiums", **PERIOD}
    before = [premium(policy, "10", "B0001") for policy in "ABCD"]
    load(sent(OF_PREMIUM, *before, **of_premium))
    second = sent(
        OF_PREMIUM,
        premium("A", "11", "B0001"),
        premium("B", "12", "M3"),
        premium("C", "13", "M4"),
        **of_premium,
        declared="correction",
    )
    (lacks,) = second.issues.filter(code="correction_lacks")
    assert lacks.message.startswith("Premium of policy D, Original of ")
    answered(second, contract, clerk, "M3")
    assert premiums() == dict(zip("ABC", map(Decimal, (10, 12, 10)), strict=True))
    ingestions.approve(second.pk)
    work.load(second.pk)  # D is left out already, so it is asked about anew
    load(checked(second))
    assert premiums() == dict(zip("ABC", map(Decimal, (11, 12, 10)), strict=True))
    answered(second, contract, clerk, "M4")
    assert premiums() == dict(zip("ABC", map(Decimal, (11, 12, 13)), strict=True))


def test_what_goes_on_is_asked_about_where_its_file_was_not(
    sent: Sent, contract: Treaty, clerk: User
) -> None:
    of_premium = {"record_type": "premiums", **PERIOD}
    first = sent(OF_PREMIUM, premium("A", "100"), **of_premium)
    answered(first, contract, clerk, "M3")
    second = sent(OF_PREMIUM, premium("A", "120"), **of_premium)
    follow_up = checked(
        follow_ups.answer_contracts(second, {"M3": contract.pk}, user=clerk)
    )
    assert (follow_up.status, follow_up.needs_declaration) == ("ready", True)
    assert doable(follow_up, clerk).declare


def test_what_goes_on_is_no_second_file_of_its_own(
    sent: Sent, contract: Treaty, clerk: User
) -> None:
    of_premium = {"record_type": "premiums", **PERIOD}
    first = sent(
        OF_PREMIUM, premium("A", "100", "B0001"), premium("B", "70"), **of_premium
    )
    load(first)
    follow_up = answered(first, contract, clerk, "M3")
    assert not follow_up.needs_declaration
    assert premiums() == {"A": Decimal(100), "B": Decimal(70)}


def test_nobody_approves_rows_of_their_own_file_that_go_on(
    sent: Sent, contract: Treaty, clerk: User, manager: User
) -> None:
    first = sent(HEADER, claim("C-1"), claim("C-2", UMR="B9999"), user=manager)
    load(first)
    follow_up = checked(
        follow_ups.answer_contracts(first, {"B9999": contract.pk}, user=clerk)
    )
    assert permissions.why_not_approve(manager, follow_up).startswith(
        "You submitted this file yourself."
    )
