"""What a person does to a claim beside its form: move it, correct an amount of it."""

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from importers.exceptions import StateProblem
from importers.models import Ingestion, Source
from importers.services import follow_ups, ingestions, work
from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimPosition,
    ClaimStatement,
    Edit,
    Load,
    Party,
    Treaty,
)
from tests.reinsurance.admin.conftest import browser_of, statement_of


@pytest.fixture
def renewal(book: Claim) -> Treaty:
    return Treaty.objects.create(
        reference="B0001",
        cedant=book.treaty.cedant,
        treaty_type="QS",
        inception="2027-01-01",
        expiry="2027-12-31",
        currency_id="USD",
    )


def at(name: str, record: Any) -> str:
    return reverse(f"admin:reinsurance_claim_{name}", args=[record.pk])


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


WRONG = {"reason": "The letter was of another claim"}


def post(browser: Client, url: str, told: dict[str, Any]) -> Any:
    """The form of a page as it is opened now, filled in and sent."""
    page = browser.get(url)
    if page.status_code == 200:
        told = {"as_opened": page.context["as_opened"], **told}
    return browser.post(url, told)


def amount(claim: Claim, **changes: str) -> dict[str, str]:
    """The form of an amount as it is filled in."""
    return {
        "position": str(ClaimPosition.objects.get(claim=claim).pk),
        "period_end": "2026-06-30",
        "kind": "paid_indemnity",
        "basis": "to_date",
        "amount": "1400.50",
        "reason": "The adjuster's letter",
        **changes,
    }


# ------------------------------------------------------------------------ the amounts
def test_an_amount_is_corrected_and_withdrawn(
    as_manager: Client, manager: User, book: Claim
) -> None:
    page = as_manager.get(at("change", book)).content.decode()
    assert at("amount", book) in page
    assert "Withdraw<" not in page
    form = as_manager.get(at("amount", book)).content.decode()
    assert 'value="2026-06-30"' in form
    assert "Paid, TPA fees" in form
    answer = post(as_manager, at("amount", book), amount(book))
    assert (answer.status_code, answer["Location"]) == (302, at("change", book))
    assert said(answer) == ["Corrected for the period to 30 Jun 2026."]
    assert ClaimPosition.objects.get().paid_indemnity == Decimal("1400.5")
    statement = ClaimStatement.objects.get(load__user=manager)
    page = as_manager.get(at("change", book)).content.decode()
    assert f"By hand: {manager.username}" in page
    assert page.count("The adjuster&#x27;s letter") == 2  # statements and history
    assert "2000000000" not in page.partition("<strong>History</strong>")[0]
    assert at("withdraw", statement) in page
    asked = as_manager.get(f"{at('change', book)}?as_at=2026-06-30").content.decode()
    assert "2000000000" not in asked.partition("<strong>History</strong>")[0]
    answer = post(as_manager, at("withdraw", statement), WRONG)
    assert said(answer)[-1] == "Withdrawn."
    assert answer["Location"] == at("change", book)
    assert ClaimPosition.objects.get().paid_indemnity == 1500
    page = as_manager.get(at("change", book)).content.decode()
    assert "withdrawn " in page
    assert at("withdraw", statement) not in page
    answer = post(as_manager, at("withdraw", statement), WRONG)
    assert said(answer)[-1] == "This is withdrawn already."


def test_a_status_is_told_with_an_amount_and_not_otherwise(
    as_manager: Client, book: Claim
) -> None:
    closed = {"status": "CLOSED", "insured_name": "Bolt", "reason": "Letter"}
    closed["loss_event"] = str(book.loss_event_id or "")
    as_manager.post(at("change", book), closed)
    assert Claim.objects.get().status_id == "OPEN"
    nil = {**amount(book), "kind": "reserve_indemnity", "amount": "0"}
    answer = post(as_manager, at("amount", book), {**nil, "status": "CLOSED"})
    assert said(answer)[-1:] == ["Corrected for the period to 30 Jun 2026."]
    assert Claim.objects.get().status_id == "CLOSED"
    assert ClaimPosition.objects.get().status_id == "CLOSED"
    post(as_manager, at("withdraw", ClaimStatement.objects.latest("pk")), WRONG)
    assert Claim.objects.get().status_id == "OPEN"


def test_the_history_of_the_position_says_it_too(
    as_manager: Client, book: Claim
) -> None:
    post(as_manager, at("amount", book), amount(book))
    edit = Edit.objects.get(model="claimposition")
    url = reverse("admin:reinsurance_edit_change", args=[edit.pk])
    page = as_manager.get(url).content.decode()
    assert "<del>1,500.00</del> → <ins>1,400.50</ins>" in page


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reason": ""}, "This field is required."),
        ({"amount": "x"}, "Enter a number."),
        ({"amount": "1.005"}, "Amounts in USD have at most 2 decimals."),
        ({"period_end": "2026-06-10"}, "10 Jun 2026 is no end of a month"),
        ({"kind": "incurred"}, "Select a valid choice."),
        ({"position": "0"}, "Select a valid choice."),
    ],
)
def test_a_form_with_a_fault_comes_back(
    as_manager: Client, book: Claim, change: dict[str, str], told: str
) -> None:
    answer = post(as_manager, at("amount", book), amount(book, **change))
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Load.objects.filter(user__isnull=False).exists()


def test_what_a_file_told_is_not_withdrawn(as_manager: Client, book: Claim) -> None:
    statement = ClaimStatement.objects.earliest("pk")
    answer = as_manager.post(at("withdraw", statement), WRONG)
    assert said(answer) == ["A file told this: undo the file, or correct the amount."]
    assert as_manager.get(at("withdraw", statement)).status_code == 302


# --------------------------------------------------------------------------- the move
def test_a_claim_is_moved(as_manager: Client, book: Claim, renewal: Treaty) -> None:
    page = as_manager.get(at("change", book)).content.decode()
    assert at("move", book) in page
    form = as_manager.get(at("move", book)).content.decode()
    assert "B0001 · Andes Mutual · 1 Jan 2027 – 31 Dec 2027" in form
    answer = post(as_manager, at("move", book), {"treaty": str(renewal.pk)})
    assert "This field is required." in answer.content.decode()
    data = {"treaty": str(renewal.pk), "reason": "Its date of loss"}
    answer = post(as_manager, at("move", book), data)
    assert (answer.status_code, answer["Location"]) == (302, at("change", book))
    assert said(answer) == ["Moved to B0001 · Andes Mutual · 1 Jan 2027 – 31 Dec 2027."]
    book.refresh_from_db()
    assert book.treaty == renewal
    page = as_manager.get(at("change", book)).content.decode()
    assert "Its date of loss" in page


def test_a_move_that_is_in_the_way(
    as_manager: Client, book: Claim, renewal: Treaty
) -> None:
    Claim.objects.create(treaty=renewal, reference="C-00123", status_id="OPEN")
    data = {"treaty": str(renewal.pk), "reason": "Its date of loss"}
    answer = post(as_manager, at("move", book), data)
    assert answer.status_code == 200
    assert "The contract has a claim C-00123 already." in answer.content.decode()


def test_without_another_contract_of_the_number_it_is_not_offered(
    as_manager: Client, book: Claim
) -> None:
    assert at("move", book) not in as_manager.get(at("change", book)).content.decode()
    Treaty.objects.create(reference="B0002", treaty_type="QS", currency_id="USD")
    assert at("move", book) not in as_manager.get(at("change", book)).content.decode()


# ------------------------------------------------------------ rows that speak for it
def send(*rows: tuple[str, str, str]) -> Ingestion:
    """A file of contract, claim and year, checked."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("UMR", "Claim Ref", "YOA", "Date of Loss", "Ccy", "Paid to date"))
    for contract, claim, year in rows:
        writer.writerow((contract, claim, year, f"{year}-02-15", "USD", "1700"))
    ingestion = ingestions.submit(
        blocks=[text.getvalue().encode()],
        file_name="claims.csv",
        record_type="claims",
        source=Source.objects.get_or_create(code="house", name="House")[0],
        door="test",
        user=None,
        period_end=datetime.date(2027, 6, 30),
    )
    return check(ingestion)


def check(ingestion: Ingestion) -> Ingestion:
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion


@pytest.fixture
def waiting(book: Claim, renewal: Treaty) -> Ingestion:
    """A file whose second row speaks for the claim under the renewal."""
    for treaty, year in ((book.treaty, 2026), (renewal, 2027)):
        Treaty.objects.filter(pk=treaty.pk).update(year_of_account=year)
    return send(("B0001", "C-9", "2026"), ("B0001", "C-00123", "2027"))


def test_the_claim_is_moved_before_its_rows_go_on(
    as_manager: Client, manager: User, clerk: User, book: Claim, renewal: Treaty,
    waiting: Ingestion,
) -> None:  # fmt: skip
    assert waiting.issue_counts["by_code"]["claim_moves_contract"] == 1
    url = reverse("admin:importers_ingestion_change", args=[waiting.pk])
    page = as_manager.get(f"{url}?tab=contracts")
    (group,) = page.context["section"]["groups"]
    label = "B0001 · Andes Mutual · 1 Jan 2026 – 31 Dec 2026"
    assert group["claims"] == [(book.pk, "C-00123", label)]
    assert "Move the claim first" in page.content.decode()
    assert at("change", book) in page.content.decode()
    answers = {"B0001": renewal.pk}
    with pytest.raises(StateProblem) as refused:
        follow_ups.answer_contracts(waiting, answers, user=clerk)
    assert str(refused.value) == (
        "Claim C-00123 of “B0001” stands under another contract than the one that you "
        "picked, and the loss would stand twice. Move the claim first."
    )
    data = {"treaty": str(renewal.pk), "reason": "Its date of loss"}
    post(as_manager, at("move", book), data)
    follow_up = check(follow_ups.answer_contracts(waiting, answers, user=clerk))
    assert (follow_up.status, follow_up.rows_read) == ("ready", 1)
    ingestions.approve(follow_up.pk)
    work.load(follow_up.pk)
    claim = Claim.objects.get(reference="C-00123")
    assert (claim.pk, claim.treaty) == (book.pk, renewal)
    assert not Claim.objects.filter(treaty=book.treaty, reference="C-00123").exists()


def test_rows_may_go_on_under_the_contract_where_the_claim_stands(
    clerk: User, book: Claim, waiting: Ingestion
) -> None:
    follow_up = follow_ups.answer_contracts(
        waiting, {"B0001": book.treaty_id}, user=clerk
    )
    assert check(follow_up).rows_read == 1


def test_beyond_the_issues_that_are_listed_it_is_found_too(
    clerk: User, renewal: Treaty, waiting: Ingestion
) -> None:
    waiting.issues.filter(code="claim_moves_contract").update(row=10**6)
    waiting.issue_counts["by_code"]["claim_moves_contract"] = 2
    with pytest.raises(StateProblem, match="Claim C-00123"):
        follow_ups.answer_contracts(waiting, {"B0001": renewal.pk}, user=clerk)


# -------------------------------------------------------------------------------- who
def test_who_may_not_change_claims_is_offered_nothing(
    as_clerk: Client, as_manager: Client, book: Claim, renewal: Treaty
) -> None:
    post(as_manager, at("amount", book), amount(book))
    statement = ClaimStatement.objects.latest("pk")
    page = as_clerk.get(at("change", book)).content.decode()
    assert "The adjuster&#x27;s letter" in page
    for name, record in (
        ("move", book), ("amount", book), ("withdraw", statement),
    ):  # fmt: skip
        assert at(name, record) not in page
        assert as_clerk.post(at(name, record), amount(book)).status_code == 403


def test_claims_of_others_are_not_there(
    manager: User, book: Claim, renewal: Treaty
) -> None:
    statement = ClaimStatement.objects.latest("pk")
    other = Party.objects.create(code="OTHER", name="Other")
    CedantLimit.objects.create(user=manager, cedant=other)
    browser = browser_of(manager)
    for name, record in (
        ("move", book), ("amount", book), ("withdraw", statement),
    ):  # fmt: skip
        assert browser.post(at(name, record), amount(book)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"kind": "reserve_indemnity", "amount": "15000000"},
            "The claim stands at 15001500.00 USD, at or above the contract's loss "
            "notification threshold of 100000.00.",
        ),
        (
            {"kind": "paid_indemnity", "amount": "-5"},
            "The paid to date is below zero: -5.00 USD.",
        ),
        (
            {"kind": "reserve_indemnity", "amount": "7", "status": "CLOSED"},
            "The claim is closed but still has a reserve of 7.00 USD.",
        ),
        (
            {"kind": "paid_indemnity", "amount": "900"},
            "Paid to date goes down from 1000.00 to 900.00 USD.",
        ),
    ],
)
def test_an_amount_that_a_file_would_be_warned_of_is_taken_where_it_is_meant(
    as_manager: Client, book: Claim, changes: dict[str, str], warning: str
) -> None:
    Treaty.objects.update(loss_notification_threshold=100000)
    assert "It is meant" not in as_manager.get(at("amount", book)).content.decode()
    answer = post(as_manager, at("amount", book), amount(book, **changes))
    assert answer.status_code == 200
    errors = answer.context["form"].non_field_errors()
    assert warning in errors
    assert errors[-1] == "Nothing was saved. Correct it, or tick “It is meant”."
    assert "It is meant" in answer.content.decode()
    assert not ClaimStatement.objects.filter(load__user__isnull=False).exists()
    position = ClaimPosition.objects.get()
    assert (position.paid_indemnity, position.reserve_indemnity) == (1500, 250)
    assert position.status_id == "OPEN"
    meant = {**changes, "breach_is_meant": "on"}
    answer = post(as_manager, at("amount", book), amount(book, **meant))
    assert said(answer) == ["Corrected for the period to 30 Jun 2026."]
    told = ClaimPosition.objects.values_list(changes["kind"], flat=True).get()
    assert told == Decimal(changes["amount"])


def test_what_is_said_of_a_claim_already_is_not_said_again(
    as_manager: Client, book: Claim
) -> None:
    Treaty.objects.update(loss_notification_threshold=1000)
    recoverable = {"kind": "recoverable", "amount": "30"}
    answer = post(as_manager, at("amount", book), amount(book, **recoverable))
    assert said(answer) == ["Corrected for the period to 30 Jun 2026."]


def test_a_move_outside_the_contracts_period_is_done_where_it_is_meant(
    as_manager: Client, book: Claim, renewal: Treaty
) -> None:
    Treaty.objects.update(basis="LO")
    told = {"treaty": renewal.pk, "reason": "Its year"}
    answer = post(as_manager, at("move", book), told)
    assert answer.context["form"].non_field_errors() == [
        "The loss of 15 Feb 2026 is outside that contract, 1 Jan 2027 to 31 Dec 2027: "
        "rows of the claim with this date will be held out. Move it only if the date "
        "is wrong, and have the date corrected, too.",
        "Nothing was saved. Correct it, or tick “It is meant”.",
    ]
    assert 'name="breach_is_meant"' in answer.content.decode()
    assert Claim.objects.get().treaty_id == book.treaty_id
    answer = post(as_manager, at("move", book), {**told, "breach_is_meant": "on"})
    assert answer.status_code == 302
    assert Claim.objects.get().treaty_id == renewal.pk


def test_the_form_of_an_amount_has_the_period_of_the_sender(
    as_manager: Client, book: Claim
) -> None:
    ClaimStatement.objects.filter(period_end="2026-06-30").update(
        period_start="2026-04-01"
    )
    page = as_manager.get(at("amount", book)).content.decode()
    assert 'name="period_start" value="2026-04-01"' in page
    told = {"basis": "this_period", "period_end": "2026-07-31", "period_start": ""}
    answer = post(as_manager, at("amount", book), amount(book, **told))
    assert answer.context["form"].non_field_errors() == [
        "Say from when: what was paid in the period to 31 Jul 2026 may be of a month, "
        "a quarter or a year. Give the period's first day."
    ]
    told["period_start"] = "2026-07-01"
    post(as_manager, at("amount", book), amount(book, **told))
    assert ClaimPosition.objects.get().paid_indemnity == Decimal("2900.5")


# ------------------------------------------------------------------ changed meanwhile
CHANGED = (
    "Claim “C-00123” was changed meanwhile, by a file or by somebody else: nothing was "
    "saved. This page shows what stands now; the claim's History says who changed "
    "what. Look again, and send the form anew if it is still right."
)
UNKNOWN = (
    "The form does not say how claim “C-00123” stood when it was opened: nothing was "
    "saved. This page shows what stands now. Look again, and send the form anew if it "
    "is still right."
)


def opened(browser: Client, url: str) -> dict[str, str]:
    """The hidden mark of a form that was opened now."""
    return {"as_opened": browser.get(url).context["as_opened"]}


def test_an_amount_of_a_form_that_was_opened_before_another_is_not_saved(
    as_manager: Client, as_admin: Client, book: Claim
) -> None:
    url = at("amount", book)
    late = opened(as_manager, url)
    post(as_admin, url, amount(book, amount="60", breach_is_meant="on"))
    told = amount(book, amount="45", breach_is_meant="on")
    answer = as_manager.post(url, {**told, **late})
    assert answer.context["form"].non_field_errors() == [
        CHANGED,
        "Paid, indemnity at 30 Jun 2026 stands at: USD 60.00.",
    ]
    assert "What stands now" in answer.content.decode()
    assert ClaimPosition.objects.get().paid_indemnity == 60
    assert Load.objects.filter(user__isnull=False).count() == 1
    anew = {"as_opened": answer.context["as_opened"]}
    assert as_manager.post(url, {**told, **anew}).status_code == 302
    assert ClaimPosition.objects.get().paid_indemnity == 45


def test_neither_is_one_of_a_form_that_was_opened_before_a_file(
    as_manager: Client, book: Claim
) -> None:
    url = at("amount", book)
    late = opened(as_manager, url)
    statement_of(book, 903, "2026-06-30", "1600")
    answer = as_manager.post(url, {**amount(book), **late})
    assert answer.context["form"].non_field_errors() == [
        CHANGED,
        "Paid, indemnity at 30 Jun 2026 stands at: USD 1,600.00.",
    ]
    assert not Load.objects.filter(user__isnull=False).exists()


@pytest.mark.parametrize(
    ("mark", "said_of_it"), [("", UNKNOWN), ("0" * 64, CHANGED), ("ü", CHANGED)]
)
def test_a_form_without_the_mark_is_not_taken(
    as_manager: Client, book: Claim, renewal: Treaty, mark: str, said_of_it: str
) -> None:
    post(as_manager, at("amount", book), amount(book))
    statement = ClaimStatement.objects.latest("pk")
    moved = {"treaty": str(renewal.pk), "reason": "Its date of loss"}
    for name, record, told in (
        ("amount", book, amount(book, amount="1450")),
        ("move", book, moved),
        ("withdraw", statement, WRONG),
    ):
        answer = as_manager.post(at(name, record), {**told, "as_opened": mark})
        assert answer.context["form"].non_field_errors()[0] == said_of_it
    assert Claim.objects.get().treaty_id != renewal.pk
    assert ClaimPosition.objects.get().paid_indemnity == Decimal("1400.5")


def test_a_move_and_a_withdrawal_are_held_against_what_stood_as_well(
    as_manager: Client, book: Claim, renewal: Treaty
) -> None:
    post(as_manager, at("amount", book), amount(book))
    statement = ClaimStatement.objects.latest("pk")
    withdraw = opened(as_manager, at("withdraw", statement))
    move = opened(as_manager, at("move", book))
    statement_of(book, 903, "2026-05-31", "1100")
    answer = as_manager.post(at("withdraw", statement), {**WRONG, **withdraw})
    assert answer.context["form"].non_field_errors() == [CHANGED]
    told = {"treaty": str(renewal.pk), "reason": "Its date of loss"}
    answer = as_manager.post(at("move", book), {**told, **move})
    assert answer.context["form"].non_field_errors() == [CHANGED]
    assert Claim.objects.get().treaty_id == book.treaty_id
    assert not Load.objects.filter(undone_at__isnull=False).exists()


# ----------------------------------------------------------------------- withdrawals
def test_the_history_says_who_withdrew_an_amount_and_why(
    as_manager: Client, as_admin: Client, manager: User, book: Claim
) -> None:
    post(as_manager, at("amount", book), amount(book))
    statement = ClaimStatement.objects.latest("pk")
    asked = as_admin.get(at("withdraw", statement)).content.decode()
    assert f"What {manager.username} told on " in asked
    answer = post(as_admin, at("withdraw", statement), {"reason": " "})
    assert "This field is required." in answer.content.decode()
    post(as_admin, at("withdraw", statement), WRONG)
    told = as_admin.get(f"/api/v1/claims/{book.pk}/lineage/").json()["results"]
    (entry,) = [e for e in told if e["action"] == "withdrawn"]
    assert (entry["user"], entry["reason"]) == ("root", WRONG["reason"])
    assert entry["position"] == "1 XL USD at 30 Jun 2026"
    assert entry["before"] == {"paid_indemnity": "1400.5000"}
    assert entry["after"] == {"paid_indemnity": "1500.0000"}
    page = as_admin.get(at("change", book)).content.decode()
    history = page.partition("<strong>History</strong>")[2]
    assert "withdrawn by hand" in history
    assert "undone " not in history
    assert WRONG["reason"] in history
