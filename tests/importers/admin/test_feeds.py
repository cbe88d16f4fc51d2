"""Feeds: what is kept of their settings, and what the buttons of their page do."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ, Schedule
from pytest_django import DjangoAssertNumQueries, Settings

from importers.models import Feed, Ingestion, Mapping, Source, Sync, WebService
from importers.services import fetching, schedules, syncs
from tests.importers.admin.conftest import last_told, posted
from tests.partner import faults
from tests.partner.server import Partner

LIST = "/admin/importers/feed/"
CONTRACT = {
    "type": "object",
    "properties": {"claim_reference": {"type": "string"}},
    "required": ["claim_reference"],
}


def at(feed: Feed, tab: str = "") -> str:
    page = reverse("admin:importers_feed_change", args=[feed.pk])
    return f"{page}?tab={tab}" if tab else page


def do(move: str, feed: Feed) -> str:
    return reverse("admin:importers_feed_move", args=[feed.pk, move])


def test_of(feed: Feed) -> str:
    return reverse("admin:importers_feed_test", args=[feed.pk])


test_of.__test__ = False  # type: ignore[attr-defined]


def edited(browser: Client, feed: Feed, **changes: Any) -> Any:
    """The answer to the feed's form with some fields changed."""
    return browser.post(
        at(feed), {**posted(browser.get(at(feed, "settings"))), **changes}
    )


def errors_of(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


# -------------------------------------------------------------------------- settings
def test_a_form_that_nobody_touched_changes_nothing(
    as_manager: Client, feed: Feed
) -> None:
    Feed.objects.update(contract=CONTRACT, parameters={"status": "open"})
    before = Feed.objects.values().get()
    answer = edited(as_manager, feed)
    assert answer["Location"] == at(feed)
    assert Feed.objects.values().get() == before


def test_numbers_and_yes_in_parameters_become_text(
    as_manager: Client, feed: Feed
) -> None:
    edited(as_manager, feed, parameters='{"a": 1, "b": true, "c": 0.5, "d": "x"}')
    feed.refresh_from_db()
    assert feed.parameters == {"a": "1", "b": "true", "c": "0.5", "d": "x"}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"record_type": "boats"}, "record_type", "valid choice"),
        ({"loads_itself": "on"}, "loads_itself", "Claims carry money"),
        ({"path": "https://other.example/x"}, "path", "only what follows"),
        ({"path": "/x/{cursor}"}, "path", "{cursor} is only known where"),
        ({"parameters": '{"a": {"b": 1}}'}, "parameters", "Write names and values"),
        ({"parameters": "[1]"}, "parameters", "Write names and values"),
        ({"parameters": '{"a": "{from}"}'}, "parameters", "{from} is only known where"),
        ({"page_values": '{"a": 1}'}, "page_values", "Write names and paths"),
        ({"page_values": '{"a": "b[["}'}, "page_values", "no path into an answer"),
        ({"records_path": "a..b["}, "records_path", "no path into an answer"),
        ({"unfold": '["day"]'}, "unfold", "Write at least two names"),
        ({"unfold": '{"a": 1}'}, "unfold", "Write at least two names"),
        ({"paging": "cursor"}, "cursor_path", "the cursor of the next page"),
        ({"incremental": "cursor"}, "cursor_field", "Name the field"),
        ({"incremental": "cursor"}, "parameters", "with {cursor} as the value"),
        ({"incremental": "windows"}, "cursor_start", "Enter the first day"),
        ({"incremental": "windows"}, "parameters", "with {from} and {to}"),
        ({"contract_mode": "freeze"}, "contract", "a contract that is not there"),
        ({"contract": '{"type": 5}'}, "contract", "not a JSON Schema"),
        ({"contract": "[1]"}, "contract", "an object in braces"),
        ({"contract": '{"x": "\\u0000"}'}, "contract", "This is not JSON."),
        ({"deadline_minutes": "25"}, "deadline_minutes", "Less than 20 minutes"),
    ],
)
def test_settings_that_do_not_hold_together_are_refused(
    as_manager: Client,
    feed: Feed,
    settings: Settings,
    changes: dict[str, str],
    field: str,
    said: str,
) -> None:
    settings.Q_TIMEOUT = 1205
    answer = edited(as_manager, feed, **changes)
    assert answer.status_code == 200
    assert said in " ".join(errors_of(answer)[field])


def test_a_mapping_has_to_fit(as_manager: Client, feed: Feed, andes: Source) -> None:
    other = Source.objects.create(code="beta", name="Beta")
    wrong_kind = Mapping.objects.create(name="a", record_type="parties", source=andes)
    wrong_source = Mapping.objects.create(name="b", record_type="claims", source=other)
    good = Mapping.objects.create(name="c", record_type="claims", source=andes)
    assert errors_of(edited(as_manager, feed, mapping=wrong_kind.pk))["mapping"] == [
        "This mapping is for another kind of record."
    ]
    assert errors_of(edited(as_manager, feed, mapping=wrong_source.pk))["mapping"] == [
        "This mapping is for another sender."
    ]
    assert edited(as_manager, feed, mapping=good.pk).status_code == 302


def test_a_feed_that_asks_for_what_is_new_is_kept(
    as_manager: Client, feed: Feed
) -> None:
    answer = edited(
        as_manager,
        feed,
        incremental="windows",
        parameters='{"from": "{from}", "to": "{to}"}',
        cursor_start="2026-01-01",
        contract=json.dumps(CONTRACT),
        contract_mode="discard row",
    )
    assert answer.status_code == 302
    feed.refresh_from_db()
    assert (feed.incremental, feed.contract) == ("windows", CONTRACT)


def test_a_cursor_that_moved_while_the_form_was_open_stays(
    as_manager: Client, feed: Feed
) -> None:
    data = posted(as_manager.get(at(feed, "settings")))
    Feed.objects.update(cursor="2026-02-01", paused_reason="x")
    as_manager.post(at(feed), {**data, "name": "New name"})
    feed.refresh_from_db()
    assert (feed.name, feed.cursor) == ("New name", "2026-02-01")
    edited(as_manager, feed, cursor="2026-01-15")
    feed.refresh_from_db()
    assert feed.cursor == "2026-01-15"


def test_a_new_feed_leads_to_its_page(
    as_manager: Client, service: WebService, andes: Source
) -> None:
    data = {
        **posted(as_manager.get(f"{LIST}add/")),
        "name": "Rates", "code": "rates", "service": service.pk, "source": andes.pk,
        "record_type": "exchange-rates", "format": "json", "paging": "auto",
        "incremental": "full", "contract_mode": "evolve",
    }  # fmt: skip
    answer = as_manager.post(f"{LIST}add/", data)
    assert answer.status_code == 302, errors_of(answer)
    assert answer["Location"] == at(Feed.objects.get())
    assert (
        b"Never synced. Test the connection first"
        in as_manager.get(answer["Location"]).content
    )


def test_who_may_only_look_reads_words(as_auditor: Client, feed: Feed) -> None:
    Feed.objects.update(contract=CONTRACT)
    content = as_auditor.get(at(feed, "settings")).content.decode()
    assert "Asked for by page number" in content
    assert "Everything, every time" in content
    assert "&quot;required&quot;: [" in content
    assert "Sync now" not in content
    assert as_auditor.post(at(feed), {"name": "x"}).status_code == 403


# ------------------------------------------------------------------------------ page
def test_the_page_says_where_the_feed_stands(as_manager: Client, feed: Feed) -> None:
    assert as_manager.get(at(feed)).context["next"] == (
        "It is synced when somebody asks for it; it has no schedule yet."
    )
    syncs.pause(feed.pk, user=None, reason="The certificate is expired.")
    page = as_manager.get(at(feed))
    assert page.context["stands"].label == "Paused"
    assert page.context["next"].endswith(
        "so its schedule does not run it: The certificate is expired."
    )
    Feed.objects.update(paused_at=None, is_active=False)
    assert as_manager.get(at(feed)).context["stands"].label == "Off"
    WebService.objects.update(is_active=False)
    assert as_manager.get(at(feed)).context["next"] == (
        "The service “Andes service” is switched off, and its feeds with it."
    )


def test_sync_now_queues_one_task_and_only_one(as_manager: Client, feed: Feed) -> None:
    answer = as_manager.post(do("sync", feed))
    sync = Sync.objects.get()
    assert answer["Location"] == f"/admin/importers/sync/{sync.pk}/change/"
    (task,) = OrmQ.objects.all()
    assert (task.task["func"], task.task["args"]) == (
        "importers.tasks.run_sync",
        (sync.pk,),
    )
    assert (sync.door, sync.user.username) == ("admin", "manager")
    again = as_manager.post(do("sync", feed))
    assert again["Location"] == at(feed)
    assert last_told(again) == (
        f"This feed is being synced already (sync number {sync.pk}). Wait for it."
    )
    assert OrmQ.objects.count() == 1
    page = as_manager.get(at(feed))
    assert page.context["stands"].label == "Syncing"
    assert f'data-follow="/admin/importers/sync/{sync.pk}/status/"' in (
        page.content.decode()
    )


def test_pause_and_resume(as_manager: Client, feed: Feed) -> None:
    answer = as_manager.post(do("pause", feed), {"reason": " "})
    assert last_told(answer) == "Say why the feed is paused; the others see it."
    as_manager.post(do("pause", feed), {"reason": "They migrate."})
    feed.refresh_from_db()
    assert feed.paused_at is not None
    assert feed.paused_reason == "They migrate."
    as_manager.post(do("resume", feed))
    feed.refresh_from_db()
    assert (feed.paused_at, feed.paused_reason) == (None, "")


def test_the_schedule_is_set_and_cleared_on_the_page(
    as_manager: Client, feed: Feed
) -> None:
    answer = as_manager.post(do("schedule", feed), {"cron": "0 6 * * 1-5"})
    assert last_told(answer) == "Scheduled. Monday to Friday at 06:00 (UTC)."
    said = as_manager.get(at(feed)).context["next"]
    assert said.startswith("Monday to Friday at 06:00. The next sync is due at")
    as_manager.post(do("schedule", feed), {"minutes": "90"})
    assert (Schedule.objects.get().minutes, Schedule.objects.get().cron) == (90, None)
    for wrong in (
        {"minutes": "x"},
        {"cron": "x"},
        {},
        {"cron": "* * * * *", "minutes": 5},
    ):
        as_manager.post(do("schedule", feed), wrong)
        assert Schedule.objects.get().minutes == 90
    as_manager.post(do("unschedule", feed))
    assert not Schedule.objects.exists()


def test_buttons_are_for_those_who_run_feeds(
    as_clerk: Client, as_operator: Client, feed: Feed
) -> None:
    for move in ("sync", "pause", "resume", "schedule", "unschedule"):
        assert as_clerk.post(do(move, feed)).status_code == 403
    assert as_clerk.post(test_of(feed)).status_code == 403
    contract = reverse("admin:importers_feed_contract", args=[feed.pk])
    assert as_clerk.post(contract, {"contract": "{}"}).status_code == 403
    assert b"Sync now" not in as_clerk.get(at(feed)).content
    assert not Sync.objects.exists()
    assert as_operator.get(do("sync", feed)).status_code == 405
    assert as_operator.post(do("dance", feed)).status_code == 404
    assert as_operator.post(do("sync", feed)).status_code == 302
    assert Sync.objects.count() == 1


def test_a_feed_goes_with_its_schedule(as_admin: Client, feed: Feed) -> None:
    schedules.set_times(feed.pk, user=None, minutes=5)
    url = reverse("admin:importers_feed_delete", args=[feed.pk])
    as_admin.post(url, {"post": "yes"})
    assert not Feed.objects.exists()
    assert not Schedule.objects.exists()


# ----------------------------------------------------------------------------- a test
def test_the_test_shows_the_first_records_and_writes_nothing(
    as_manager: Client, reachable: Feed
) -> None:
    before = Feed.objects.values().get()
    page = as_manager.post(test_of(reachable))
    trial = page.context["trial"]
    assert (trial.count, page.context["paging"]) == (100, "Asked for by page number")
    columns = {header: label for header, label, _ in trial.columns}
    assert columns["claim_reference"] == "Claim reference"
    assert trial.missing == []
    content = page.content.decode()
    assert "The first page has 100 records. Nothing was written." in content
    assert "CLM-2026-000001" in content
    assert "Use this schema as the contract" in content
    assert Feed.objects.values().get() == before
    assert not Sync.objects.exists()
    assert not Ingestion.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_problem_is_told_as_such(
    as_manager: Client, reachable: Feed, partner: Partner
) -> None:
    partner.fail(fault=faults.login_page(), times="always")
    page = as_manager.post(test_of(reachable))
    assert page.status_code == 200
    assert "web page" in page.context["problem"]
    assert Feed.objects.get().paused_at is None


def test_the_test_is_offered_before_it_is_made(as_manager: Client, feed: Feed) -> None:
    page = as_manager.get(test_of(feed))
    assert page.status_code == 200
    assert "trial" not in page.context
    assert b"Nothing is written." in page.content


def test_the_schema_of_a_test_becomes_the_contract(
    as_manager: Client, reachable: Feed
) -> None:
    form = as_manager.post(test_of(reachable)).context["form"]
    contract = reverse("admin:importers_feed_contract", args=[reachable.pk])
    schema = json.dumps(form.initial["contract"])
    answer = as_manager.post(contract, {"contract": "{", "contract_mode": "evolve"})
    assert answer.status_code == 200
    assert b"This is not JSON." in answer.content
    answer = as_manager.post(
        contract, {"contract": '{"type": 1}', "contract_mode": "freeze"}
    )
    assert b"not a JSON Schema" in answer.content
    assert Feed.objects.get().contract is None
    answer = as_manager.post(contract, {"contract": schema, "contract_mode": "freeze"})
    assert answer["Location"] == at(reachable)
    feed = Feed.objects.get()
    assert (feed.contract, feed.contract_mode) == (form.initial["contract"], "freeze")


def test_a_real_sync_stands_in_the_history_and_on_the_files_page(
    as_manager: Client, reachable: Feed
) -> None:
    as_manager.post(do("sync", reachable))
    fetching.run(Sync.objects.get().pk, enqueue=False)
    sync = Sync.objects.get()
    (line,) = as_manager.get(at(reachable)).context["lines"]
    assert (line["sync"].pages, line["sync"].records, line["by"]) == (3, 250, "manager")
    assert line["sync"].ingestion_id == sync.ingestion_id
    assert line["size"].endswith("KB")
    file = reverse("admin:importers_ingestion_change", args=[sync.ingestion_id])
    page = as_manager.get(file, {"tab": "file"})
    assert ("Came in by", "Web service") in page.context["facts"]
    content = page.content.decode()
    assert f'<a href="/admin/importers/sync/{sync.pk}/change/">sync number' in content
    assert "of the feed" in content


# ------------------------------------------------------------------------------ list
def test_the_list_tells_where_each_feed_stands(as_clerk: Client, feed: Feed) -> None:
    schedules.set_times(feed.pk, user=None, minutes=30)
    Sync.objects.create(feed=feed, status="failed", ended_at="2026-03-01T06:00Z")
    content = as_clerk.get(LIST).content.decode()
    assert "Every 30 minutes" in content
    assert '<span class="state state-good">Active</span>' in content
    assert (
        '1 Mar 2026, 06:00</a> <span class="state state-bad">Failed</span>' in content
    )


def test_the_list_is_filtered_by_state(as_manager: Client, feed: Feed) -> None:
    def found(**query: str) -> int:
        return len(as_manager.get(LIST, query).context["cl"].result_list)

    def states() -> list[int]:
        return [found(state=s) for s in ("active", "off", "paused", "syncing")]

    assert states() == [1, 0, 0, 0]
    Feed.objects.update(is_active=False)
    assert states() == [0, 1, 0, 0]
    syncs.pause(feed.pk, user=None, reason="x")
    assert states() == [0, 0, 1, 0]
    Sync.objects.create(feed=feed, door="test")
    assert states() == [0, 0, 0, 1]
    assert (found(type="claims"), found(type="parties")) == (1, 0)


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    as_manager: Client,
    feed: Feed,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        other = Feed.objects.create(
            code=f"f{number}", service=feed.service, source=feed.source,
            record_type="claims", name=f"Feed {number}",
        )  # fmt: skip
        schedules.set_times(other.pk, user=None, minutes=5)
        Sync.objects.create(feed=other, status="failed")
    with django_assert_max_num_queries(11):
        as_manager.get(LIST)
    for number in range(25):
        Sync.objects.create(feed=feed, status="failed", pages=number)
    with django_assert_max_num_queries(12):
        page = as_manager.get(at(feed))
    assert len(page.context["lines"]) == 20
