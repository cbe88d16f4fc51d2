"""The queue's pages: read by operators; schedules that can run nothing but a sync."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from pytest_django import DjangoAssertNumQueries, Settings

from importers.models import Feed, Ingestion, Sync
from importers.services import schedules, syncs
from tests.importers.admin.conftest import last_told

LIST = "/admin/django_q/schedule/"
EVIL = {
    "kwargs": "{'q_options': {}}",
    "hook": "os.system",
    "cluster": "other",
    "args": "'rm -rf /'",
    "name": "x",
    "repeats": "5",
    "intended_date_kwarg": "x",
    "schedule_type": "O",
}


def posted(feed: Feed, /, **changes: Any) -> dict[str, Any]:
    """What the form posts."""
    data = {"func": schedules.SYNC_FEED, "feed": feed.pk, "minutes": "60"}
    return {**data, **changes}


def stored() -> dict[str, Any]:
    """The one schedule there is, without its number and times."""
    row = Schedule.objects.values().get()
    names = (
        "func", "args", "kwargs", "hook", "cluster", "repeats", "name", "cron",
        "minutes", "schedule_type", "intended_date_kwarg",
    )  # fmt: skip
    return {name: row[name] for name in names}


OURS = {
    "func": "importers.tasks.sync_feed",
    "kwargs": None,
    "hook": None,
    "cluster": None,
    "repeats": -1,
    "name": "Sync andes-claims",
    "cron": None,
    "minutes": 60,
    "schedule_type": "I",
    "intended_date_kwarg": None,
}


# ------------------------------------------------------------------------- the queue
def test_the_queue_can_be_read_by_operators_alone(
    as_operator: Client, as_manager: Client, ready: Ingestion
) -> None:
    queued = OrmQ.objects.get()
    page = as_operator.get("/admin/django_q/ormq/")
    assert b"importers.tasks.check" in page.content
    assert f"check {ready.pk}".encode() in page.content
    url = f"/admin/django_q/ormq/{queued.pk}/change/"
    assert as_operator.get(url).status_code == 200
    assert as_operator.post(url, {"key": "x"}).status_code == 405
    assert as_manager.get("/admin/django_q/ormq/").status_code == 403


def test_a_task_signed_with_another_key_is_shown_as_such(as_operator: Client) -> None:
    OrmQ.objects.create(key="reinsurance", payload="nonsense")
    page = as_operator.get("/admin/django_q/ormq/")
    assert b"Not readable" in page.content


def test_failures_can_be_read_but_not_run_again(as_operator: Client) -> None:
    Task.objects.create(
        id="f" * 32,
        name="check 1",
        func="importers.tasks.check",
        started="2026-01-01T00:00Z",
        stopped="2026-01-01T00:01Z",
        success=False,
        result="ValueError: x\nTraceback: y",
    )
    page = as_operator.get("/admin/django_q/failure/")
    assert b"ValueError: x" in page.content
    assert b"Traceback" not in page.content
    assert page.context["cl"].model_admin.get_actions(page.wsgi_request) == {}
    shown = as_operator.get(f"/admin/django_q/failure/{'f' * 32}/change/")
    assert b"Traceback: y" in shown.content


def test_no_page_of_the_queue_adds_anything(as_admin: Client) -> None:
    assert not admin.site.is_registered(Success)
    for model in (OrmQ, Failure):
        page = as_admin.get(f"/admin/django_q/{model._meta.model_name}/add/")
        assert page.status_code == 403


# ------------------------------------------------------------------------- schedules
def test_a_schedule_is_made_of_a_task_a_feed_and_times(
    as_manager: Client, feed: Feed
) -> None:
    answer = as_manager.post(f"{LIST}add/", posted(feed))
    assert answer["Location"] == LIST
    assert last_told(answer) == "Sync andes-claims: Every hour (UTC)."
    assert stored() == {**OURS, "args": str(feed.pk)}
    left = Schedule.objects.get().next_run - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)


def test_nothing_else_of_a_schedule_can_be_posted(as_admin: Client, feed: Feed) -> None:
    as_admin.post(f"{LIST}add/", posted(feed, **EVIL))
    assert stored() == {**OURS, "args": str(feed.pk)}
    url = reverse("admin:django_q_schedule_change", args=[Schedule.objects.get().pk])
    as_admin.post(url, posted(feed, **EVIL))
    assert stored() == {**OURS, "args": str(feed.pk)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("func", "os.system"),
        ("func", "importers.tasks.load"),
        ("func", ""),
        ("feed", "999999"),
        ("feed", "1); import os"),
        ("feed", ""),
        ("minutes", "0"),
        ("minutes", "x"),
        ("minutes", "99999999"),
        ("minutes", ""),
        ("cron", "0 6 * * *"),  # beside the minutes
    ],
)
def test_a_crafted_schedule_is_refused(
    as_admin: Client, feed: Feed, field: str, value: str
) -> None:
    answer = as_admin.post(f"{LIST}add/", posted(feed, **{field: value}))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not Schedule.objects.exists()


def test_a_cron_line_that_is_none_is_refused(as_manager: Client, feed: Feed) -> None:
    answer = as_manager.post(f"{LIST}add/", posted(feed, minutes="", cron="6 o'clock"))
    (said,) = answer.context["adminform"].form.errors["cron"]
    assert said.startswith("“6 o'clock” is no cron line. It has five parts")
    assert not Schedule.objects.exists()


def test_a_feed_has_one_schedule(as_manager: Client, feed: Feed) -> None:
    schedules.set_times(feed.pk, user=None, minutes=5)
    answer = as_manager.post(f"{LIST}add/", posted(feed))
    assert answer.context["adminform"].form.errors == {
        "feed": ["This feed has a schedule already. Change that one instead."]
    }
    assert Schedule.objects.get().minutes == 5


def test_an_edited_schedule_gets_its_first_time_anew(
    as_manager: Client, feed: Feed
) -> None:
    schedules.set_times(feed.pk, user=None, minutes=5)
    schedule = Schedule.objects.get()
    url = reverse("admin:django_q_schedule_change", args=[schedule.pk])
    as_manager.post(url, posted(feed, minutes="", cron="30 6 1 * *"))
    schedule.refresh_from_db()
    assert (schedule.cron, schedule.minutes, schedule.schedule_type) == (
        "30 6 1 * *",
        None,
        "C",
    )
    assert (schedule.next_run.day, schedule.next_run.hour) == (1, 6)


def test_a_time_that_was_not_touched_is_not_put_back(
    as_manager: Client, feed: Feed
) -> None:
    """The scheduler may have moved on while the form was open."""
    schedules.set_times(feed.pk, user=None, minutes=60)
    moved = Schedule.objects.get().next_run
    old = {"next_run_0": "01/01/2026", "next_run_1": "06:00:00"}
    seen = {f"initial-{name}": value for name, value in old.items()}
    url = reverse("admin:django_q_schedule_change", args=[Schedule.objects.get().pk])
    as_manager.post(url, posted(feed, **old, **seen))
    assert Schedule.objects.get().next_run == moved


def test_the_list_tells_in_words_what_runs_when(as_manager: Client, feed: Feed) -> None:
    schedules.set_times(feed.pk, user=None, cron="0 6 * * 1-5")
    Schedule.objects.create(func="os.system", args="foo(", repeats=0)
    Sync.objects.create(feed=feed, status="failed", ended_at="2026-03-01T06:00Z")
    content = as_manager.get(LIST).content.decode()
    assert "Sync a feed" in content
    assert "Andes claims" in content
    assert "Monday to Friday at 06:00" in content
    assert '1 Mar 2026, 06:00</a> <span class="state state-bad">Failed' in content
    assert "Not known here; it is not run" in content
    assert ">os.system<" not in content


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    as_manager: Client,
    feed: Feed,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        other = Feed.objects.create(
            code=f"f{number}",
            service=feed.service,
            source=feed.source,
            record_type="claims",
            name=f"Feed {number}",
        )
        schedules.set_times(other.pk, user=None, minutes=5)
        Sync.objects.create(feed=other, status="failed")
    with django_assert_max_num_queries(11):
        page = as_manager.get(LIST)
    assert len(page.context["cl"].result_list) == 30


def test_run_now_makes_it_due(
    as_operator: Client, as_clerk: Client, feed: Feed
) -> None:
    schedules.set_times(feed.pk, user=None, minutes=600)
    schedule = Schedule.objects.get()
    url = reverse("admin:django_q_schedule_run", args=[schedule.pk])
    assert as_clerk.post(url).status_code == 403
    assert as_operator.get(url).status_code == 405
    assert schedule.next_run == Schedule.objects.get().next_run
    as_operator.post(url)
    assert Schedule.objects.get().next_run <= timezone.now()
    Schedule.objects.update(next_run=schedule.next_run)
    as_operator.post(LIST, {"action": "run_now", "_selected_action": schedule.pk})
    assert Schedule.objects.get().next_run <= timezone.now()


def test_a_foreign_schedule_is_not_run(as_admin: Client) -> None:
    later = timezone.now() + timedelta(days=1)
    bad = Schedule.objects.create(func="os.system", args="'ls'", next_run=later)
    answer = as_admin.post(reverse("admin:django_q_schedule_run", args=[bad.pk]))
    assert last_told(answer) == "This schedule is switched off."
    assert Schedule.objects.get().next_run == later


def test_who_keeps_schedules(
    as_manager: Client, as_operator: Client, as_clerk: Client, feed: Feed
) -> None:
    schedules.set_times(feed.pk, user=None, minutes=60)
    schedule = Schedule.objects.get()
    url = reverse("admin:django_q_schedule_change", args=[schedule.pk])
    for browser in (as_manager, as_operator):
        assert browser.get(LIST).status_code == 200
        assert browser.get(url).status_code == 200
    assert as_clerk.get(LIST).status_code == 403
    assert as_clerk.post(url, posted(feed)).status_code == 403
    delete = reverse("admin:django_q_schedule_delete", args=[schedule.pk])
    assert as_manager.post(delete, {"post": "yes"}).status_code == 302
    assert not Schedule.objects.exists()


def test_a_paused_feed_is_not_promised_a_run(as_manager: Client, feed: Feed) -> None:
    schedules.set_times(feed.pk, user=None, minutes=60)
    syncs.pause(feed.pk, user=None, reason="The partner moves.")
    assert b"Not while the feed is paused" in as_manager.get(LIST).content


# --------------------------------------------------------------------- housekeeping
KEEP = "tests.importers.cluster_tasks.keep_house"


@pytest.fixture
def kept(db: None, settings: Settings) -> Schedule:
    """The schedule of a task that keeps the house."""
    settings.HOUSEKEEPING = {KEEP: ("Sweep the floor", "15 2 * * *")}
    assert schedules.keep_house() == ["Sweep the floor"]
    return Schedule.objects.get(func=KEEP)


def test_the_house_is_kept_at_its_times_until_they_are_changed(
    as_operator: Client, kept: Schedule
) -> None:
    assert (kept.name, kept.cron, kept.args) == ("Sweep the floor", "15 2 * * *", None)
    assert schedules.disable_broken() == 0
    content = as_operator.get(LIST).content.decode()
    assert "Every day at 02:15" in content
    assert "All of the back office" in content
    url = reverse("admin:django_q_schedule_change", args=[kept.pk])
    crafted = {**EVIL, "func": "os.system", "feed": "1", "cron": "30 3 * * 0"}
    answer = as_operator.post(url, crafted)
    assert last_told(answer) == "Sweep the floor: Every Sunday at 03:30 (UTC)."
    assert stored() == {
        **OURS,
        "func": KEEP,
        "args": None,
        "name": "Sweep the floor",
        "cron": "30 3 * * 0",
        "minutes": None,
        "schedule_type": "C",
    }
    assert schedules.keep_house() == []
    assert Schedule.objects.get(func=KEEP).cron == "30 3 * * 0"


def test_the_housekeeping_is_not_deleted(as_admin: Client, kept: Schedule) -> None:
    url = reverse("admin:django_q_schedule_delete", args=[kept.pk])
    assert as_admin.post(url, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": kept.pk, "post": "yes"}
    as_admin.post(LIST, chosen)
    assert Schedule.objects.filter(pk=kept.pk).exists()


def test_the_housekeeping_is_run_now(as_operator: Client, kept: Schedule) -> None:
    answer = as_operator.post(reverse("admin:django_q_schedule_run", args=[kept.pk]))
    assert last_told(answer) == "“Sweep the floor” runs within half a minute."
    assert Schedule.objects.get(pk=kept.pk).next_run <= timezone.now()


def test_the_housekeeping_takes_nothing(kept: Schedule) -> None:
    Schedule.objects.update(args="1")
    assert schedules.disable_broken() == 1
