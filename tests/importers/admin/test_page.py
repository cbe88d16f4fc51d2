"""The page of one ingestion: what it tells and what it offers to whom."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from importers.models import Event, Ingestion, Issue
from importers.services import ingestions, work
from reinsurance.models import Claim
from tests.importers.admin.conftest import HEADER, claim


def at(ingestion: Ingestion, tab: str = "summary") -> str:
    page = reverse("admin:importers_ingestion_change", args=[ingestion.pk])
    return f"{page}?tab={tab}"


def do(move: str, ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_move", args=[ingestion.pk, move])


def last_told(answer: HttpResponse) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1])


def status_of(ingestion: Ingestion) -> str:
    return Ingestion.objects.get(pk=ingestion.pk).status


# ---------------------------------------------------------------------- what it tells
def test_summary_accounts_for_every_row(as_manager: Client, ready: Ingestion) -> None:
    page = as_manager.get(at(ready))
    counts = [tile["count"] for tile in page.context["section"]["tiles"]]
    assert counts == [3, 2, 0, 0, 1]
    assert page.context["next"] == (
        "Checked: 2 rows can be loaded, 1 row held out. Nothing is in the books yet; "
        "approval loads the file."
    )


def test_control_totals_have_labels_and_separators(
    as_manager: Client, ready: Ingestion
) -> None:
    totals = as_manager.get(at(ready)).context["section"]["totals"]
    assert totals["currencies"] == ["USD"]
    assert totals["rows"] == [
        {"label": "Rows", "sums": ["2"]},
        {"label": "Paid to date, indemnity", "sums": ["3,000.00"]},
        {"label": "Reserve, indemnity", "sums": ["1,000.00"]},
    ]


def test_preview_names_records_not_keys(as_manager: Client, ready: Ingestion) -> None:
    first = as_manager.get(at(ready)).context["section"]["preview"][0]
    assert (first.row, first.action, first.kind) == (2, "created", "Claim")
    assert first.name == "C-1 · USD"
    told = {d.label: d.after for d in first.differences}
    assert told["Claim status"] == "Open"
    assert told["Paid, indemnity"] == "1000.00"
    assert told["Date of loss"] == "15 Feb 2026"


def test_preview_of_a_change_has_before_and_after(
    as_manager: Client, loaded: Ingestion, sent: Callable[..., Ingestion]
) -> None:
    again = sent(HEADER, claim("C-1", **{"Paid to date": "1250"}))
    (change,) = as_manager.get(at(again, "changes")).context["section"]["preview"]
    assert change.action == "updated"
    assert [(d.label, d.before, d.after) for d in change.differences] == [
        ("Paid, indemnity", "1000.00", "1250.00")
    ]


def test_changes_after_the_load_lead_to_the_records(
    as_manager: Client, loaded: Ingestion
) -> None:
    page = as_manager.get(at(loaded, "changes"))
    (change,) = page.context["section"]["changes"]
    record = Claim.objects.get()
    assert (change.name, change.action, change.row) == ("C-1", "created", 2)
    assert change.url == f"/admin/reinsurance/claim/{record.pk}/change/"
    assert change.url.encode() in page.content


def test_the_file_tab_tells_how_it_was_read(
    as_manager: Client, ready: Ingestion
) -> None:
    section = as_manager.get(at(ready, "file")).context["section"]
    told = dict(section["read"])
    assert told["Separated by"] == "comma"
    assert told["Rows of data"] == "3"
    assert section["matched"][0] == {
        "header": "UMR",
        "field": "Treaty reference",
        "decision": "auto",
        "percent": False,
    }


def test_ignored_columns_are_named(
    as_manager: Client, sent: Callable[..., Ingestion]
) -> None:
    ingestion = sent([*HEADER, "Colour"], [*claim(), "red"])
    section = as_manager.get(at(ingestion)).context["section"]
    assert section["ignored"] == ["Colour"]


def test_details_of_a_fault_are_for_superusers(
    as_manager: Client, as_admin: Client, ready: Ingestion
) -> None:
    Event.objects.create(
        ingestion=ready, status="failed", message="Failed.", details="Traceback: secret"
    )
    assert b"Traceback: secret" in as_admin.get(at(ready, "history")).content
    assert b"Traceback: secret" not in as_manager.get(at(ready, "history")).content


@pytest.mark.parametrize(
    "tab", ["summary", "issues", "contracts", "changes", "file", "history"]
)
@pytest.mark.parametrize("to", ["received", "checked", "loaded"])
def test_every_tab_of_every_state(
    as_clerk: Client, sent: Callable[..., Ingestion], tab: str, to: str
) -> None:
    ingestion = sent(HEADER, claim(), to=to)
    page = as_clerk.get(at(ingestion, tab))
    assert page.status_code == 200
    assert b"None" not in page.content.replace(b"None: every row", b"")


def test_a_number_that_is_none_leads_home(as_clerk: Client) -> None:
    for number in ("999999", "nonsense", "9" * 30):
        answer = as_clerk.get(f"/admin/importers/ingestion/{number}/change/")
        assert answer.status_code == 302


def test_text_of_the_file_is_escaped(
    as_clerk: Client, sent: Callable[..., Ingestion]
) -> None:
    ingestion = sent(
        HEADER,
        claim(UMR="<script>alert(1)</script>"),
        file_name="<img src=x>.csv",
    )
    page = as_clerk.get(at(ingestion, "issues"))
    assert b"<script>alert(1)" not in page.content
    assert b"<img src=x>" not in page.content
    assert b"&lt;script&gt;alert(1)" in page.content


# --------------------------------------------------------------------------- issues
def test_issues_are_filtered_and_searched(as_clerk: Client, ready: Ingestion) -> None:
    def rows(query: str) -> list[str]:
        page = as_clerk.get(f"{at(ready, 'issues')}&{query}")
        return [issue.code for issue in page.context["section"]["rows"]]

    assert sorted(rows("")) == ["bad_date", "unknown_treaty"]
    assert rows("code=bad_date") == ["bad_date"]
    assert rows("severity=warning") == []
    assert len(rows("severity=error")) == 2
    assert rows("q=b0999") == ["unknown_treaty"]
    assert rows("q=Date+of+Loss") == ["bad_date"]
    assert rows("q=%00nothing") == []
    assert len(rows("severity=nonsense")) == 2


def test_issues_are_paged_by_fifty(as_clerk: Client, ready: Ingestion) -> None:
    Issue.objects.bulk_create(
        Issue(
            ingestion=ready,
            row=row,
            code="bad_date",
            severity="error",
            message=f"M{row}",
        )
        for row in range(100, 170)
    )
    first = as_clerk.get(f"{at(ready, 'issues')}&code=bad_date").context["section"]
    assert (len(first["rows"]), first["rows"].paginator.count) == (50, 71)
    second = as_clerk.get(f"{at(ready, 'issues')}&code=bad_date&page=2")
    assert len(second.context["section"]["rows"]) == 21
    assert second.context["section"]["rows"][-1].message == "M169"
    assert b"code=bad_date&amp;page=1" in second.content


# -------------------------------------------------------------------------- buttons
def test_the_clerk_is_told_why_not(as_clerk: Client, ready: Ingestion) -> None:
    page = as_clerk.get(at(ready))
    assert not page.context["doable"].approve
    assert page.context["doable"].why_not_approve == (
        "Only a manager may approve this file. Ask one to review it."
    )
    assert do("approve", ready).encode() not in page.content


def test_the_clerk_cannot_approve_own_claims(
    as_clerk: Client, ready: Ingestion
) -> None:
    answer = as_clerk.post(do("approve", ready), {"seen": ready.effect})
    assert answer.status_code == 302
    assert last_told(answer) == (
        "Only a manager may approve this file. Ask one to review it."
    )
    assert status_of(ready) == "ready"
    assert not Claim.objects.exists()


def test_a_manager_cannot_approve_own_claims(
    as_manager: Client, manager: User, sent: Callable[..., Ingestion]
) -> None:
    own = sent(HEADER, claim(), user=manager)
    assert "You submitted this file yourself" in (
        as_manager.get(at(own)).context["doable"].why_not_approve
    )
    as_manager.post(do("approve", own))
    assert status_of(own) == "ready"


def test_the_manager_approves_and_the_task_is_queued(
    as_manager: Client, manager: User, ready: Ingestion
) -> None:
    OrmQ.objects.all().delete()
    answer = as_manager.post(do("approve", ready), {"seen": ready.effect})
    assert last_told(answer) == "Approved. The file is loaded next."
    ready.refresh_from_db()
    assert (ready.status, ready.approved_by) == ("approved", manager)
    assert OrmQ.objects.get().task["func"] == "importers.tasks.load"
    work.load(ready.pk)
    assert status_of(ready) == "loaded"
    assert Claim.objects.count() == 2


def test_approving_twice_tells_so(as_manager: Client, ready: Ingestion) -> None:
    as_manager.post(do("approve", ready), {"seen": ready.effect})
    answer = as_manager.post(do("approve", ready), {"seen": ready.effect})
    assert "is “approved” by now" in last_told(answer)
    assert OrmQ.objects.filter(lock__isnull=False).count() <= 2


def test_rejecting_needs_a_reason(as_manager: Client, ready: Ingestion) -> None:
    answer = as_manager.post(do("reject", ready), {"reason": "  "})
    assert last_told(answer) == (
        "Say why the file is rejected, so that it can be mended."
    )
    assert status_of(ready) == "ready"
    as_manager.post(do("reject", ready), {"reason": "Wrong quarter."})
    ready.refresh_from_db()
    assert (ready.status, ready.message) == ("rejected", "Wrong quarter.")
    assert b"Wrong quarter." in as_manager.get(at(ready)).content


def test_the_clerk_withdraws(as_clerk: Client, ready: Ingestion) -> None:
    as_clerk.post(do("cancel", ready))
    assert status_of(ready) == "cancelled"
    page = as_clerk.get(at(ready))
    assert page.context["next"] == "Withdrawn; nothing of the file was loaded."


def test_a_failed_file_is_taken_up_again(as_clerk: Client, ready: Ingestion) -> None:
    Ingestion.objects.filter(pk=ready.pk).update(status="failed")
    assert as_clerk.get(at(ready)).context["doable"].retry
    as_clerk.post(do("retry", ready))
    assert status_of(ready) == "received"


def test_buttons_are_posts_with_a_token(clerk: User, ready: Ingestion) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(clerk)
    assert browser.get(do("cancel", ready)).status_code == 405
    assert browser.post(do("cancel", ready)).status_code == 403
    assert status_of(ready) == "ready"


def test_there_are_no_other_buttons(as_manager: Client, ready: Ingestion) -> None:
    assert as_manager.post(do("undo-everything", ready)).status_code == 404


# --------------------------------------------------------------------------- follow
def test_the_page_follows_while_it_moves(
    as_clerk: Client, sent: Callable[..., Ingestion]
) -> None:
    moving = sent(HEADER, claim(), to="received")
    page = as_clerk.get(at(moving))
    url = reverse("admin:importers_ingestion_status", args=[moving.pk])
    assert f'data-follow="{url}"'.encode() in page.content
    assert b'<noscript><meta http-equiv="refresh" content="5"></noscript>' in (
        page.content
    )
    work.check(moving.pk)
    told = as_clerk.get(url).json()
    assert told == {
        "status": "ready",
        "label": "Ready",
        "rows": {"read": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0},
    }
    assert b"data-follow" not in as_clerk.get(at(moving)).content


def test_nothing_of_it_without_a_sign_in(client: Client, ready: Ingestion) -> None:
    names = ("status", "columns", "original", "rejected_rows")
    urls = [at(ready)] + [
        reverse(f"admin:importers_ingestion_{name}", args=[ready.pk]) for name in names
    ]
    answers = [client.get(url) for url in urls]
    for answer in [*answers, client.post(do("approve", ready))]:
        assert (answer.status_code, answer["Location"][:13]) == (302, "/admin/login/")


def test_nothing_of_it_without_the_permission(db: None, ready: Ingestion) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("visitor", is_staff=True))
    names = ("status", "columns", "original", "rejected_rows")
    for url in [at(ready)] + [
        reverse(f"admin:importers_ingestion_{name}", args=[ready.pk]) for name in names
    ]:
        assert browser.get(url).status_code == 403
    assert browser.post(do("approve", ready)).status_code == 403
    assert status_of(ready) == "ready"


def test_all_or_nothing_tells_what_to_do(
    as_clerk: Client, andes, sent: Callable[..., Ingestion]
) -> None:
    andes.policy = "all or nothing"
    andes.save()
    refused = sent(HEADER, claim(), claim("C-2", UMR="B0999"))
    page = as_clerk.get(at(refused))
    assert refused.status == "rejected"
    assert "1 of 2 rows have errors" in page.context["next"]
    assert page.context["colour"] == "bad"
    with pytest.raises(ingestions.StateProblem):
        ingestions.approve(refused.pk)
