"""Syncs: read, followed, tried again, withdrawn; nothing of them is edited."""

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from importers.models import Feed, Sync
from importers.services import fetching, syncs
from tests.importers.admin.conftest import last_told
from tests.partner import faults
from tests.partner.server import Partner

LIST = "/admin/importers/sync/"


def at(sync: Sync) -> str:
    return reverse("admin:importers_sync_change", args=[sync.pk])


def do(move: str, sync: Sync) -> str:
    return reverse("admin:importers_sync_move", args=[sync.pk, move])


@pytest.fixture
def failed(feed: Feed) -> Sync:
    """A sync that failed after two pages, with all that is kept of one."""
    return Sync.objects.create(
        feed=feed,
        status="failed",
        door="schedule",
        pages=2,
        records=200,
        discarded=3,
        bytes=2048,
        progress={"kept": 1},
        drift=["New field “agent”."],
        deviations={"new field “agent” in the record": 12, "“x” is missing": 40},
        story=[syncs.line("Asked for."), syncs.line("It broke.")],
        message="The service is away.",
        details="Traceback: secret of programmers",
        payload=default_storage.save("p", ContentFile(b"<html>sorry</html>")),
        discarded_parts=[
            default_storage.save("d1", ContentFile(b'{"a":1}\n')),
            default_storage.save("d2", ContentFile(b'{"a":2}\n')),
        ],
    )


def test_the_page_tells_everything(as_manager: Client, failed: Sync) -> None:
    page = as_manager.get(at(failed))
    assert page.context["next"] == (
        "The service is away. Nothing of it was loaded. 2 pages are kept: the next "
        "sync goes on after them."
    )
    figures = {f["label"]: f["text"] for f in page.context["figures"]}
    assert (figures["pages"], figures["records"], figures["left out"]) == (
        "2",
        "200",
        "3",
    )
    assert [line["said"] for line in page.context["story"]] == [
        "Asked for.",
        "It broke.",
    ]
    assert page.context["deviations"][0] == ("“x” is missing", 40)
    content = page.content.decode()
    assert "New field “agent”." in content
    assert "Traceback" not in content


def test_details_are_for_superusers(as_admin: Client, failed: Sync) -> None:
    assert b"Traceback: secret of programmers" in as_admin.get(at(failed)).content


def test_what_was_asked_for_is_told_in_words(as_manager: Client, feed: Feed) -> None:
    sync = Sync.objects.create(
        feed=feed,
        status="handed in",
        cursor_before="2026-01-01",
        cursor_after="2026-02-01",
        ended_at="2026-02-02T00:00Z",
    )
    assert as_manager.get(at(sync)).context["asked_for"] == "Everything was asked for."
    Feed.objects.update(incremental="cursor")
    assert as_manager.get(at(sync)).context["asked_for"] == (
        "What came after 2026-01-01 was asked for. The next sync asks from 2026-02-01 "
        "once this file is loaded."
    )


def test_kept_answers_are_downloads(as_auditor: Client, failed: Sync) -> None:
    for name, content in (
        ("payload", b"<html>sorry</html>"),
        ("discarded", b'{"a":1}\n{"a":2}\n'),
    ):
        answer = as_auditor.get(
            reverse(f"admin:importers_sync_{name}", args=[failed.pk])
        )
        assert b"".join(answer.streaming_content) == content
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_what_was_not_kept_cannot_be_downloaded(as_auditor: Client, feed: Feed) -> None:
    sync = Sync.objects.create(feed=feed, discarded_parts=["gone"])
    for name in ("payload", "discarded"):
        url = reverse(f"admin:importers_sync_{name}", args=[sync.pk])
        assert as_auditor.get(url).status_code == 404


def test_a_failed_sync_is_tried_again(as_manager: Client, failed: Sync) -> None:
    assert b"Try again" in as_manager.get(at(failed)).content
    answer = as_manager.post(do("retry", failed))
    assert last_told(answer) == "Asked for once more."
    newest = Sync.objects.latest("pk")
    assert newest.status == "waiting"
    assert answer["Location"] == at(newest)
    assert OrmQ.objects.count() == 1


def test_a_failed_sync_is_withdrawn(as_manager: Client, failed: Sync) -> None:
    as_manager.post(do("cancel", failed))
    failed.refresh_from_db()
    assert (failed.status, failed.progress) == ("cancelled", {})
    answer = as_manager.post(do("cancel", failed))
    assert last_told(answer) == "This sync is “cancelled” and cannot be withdrawn."
    assert b"Try again" not in as_manager.get(at(failed)).content


def test_buttons_are_for_those_who_run_feeds(as_clerk: Client, failed: Sync) -> None:
    assert as_clerk.get(at(failed)).status_code == 200
    for move in ("retry", "cancel"):
        assert as_clerk.post(do(move, failed)).status_code == 403
    assert Sync.objects.get().status == "failed"


def test_the_page_follows_a_running_sync(as_manager: Client, feed: Feed) -> None:
    sync = Sync.objects.create(feed=feed, status="fetching", pages=3, records=300)
    status = reverse("admin:importers_sync_status", args=[sync.pk])
    assert f'data-follow="{status}"' in as_manager.get(at(sync)).content.decode()
    told = as_manager.get(status).json()
    assert (told["status"], told["label"]) == ("fetching", "Fetching")
    assert (told["live"]["pages"], told["live"]["records"]) == ("3", "300")


def test_the_answer_to_blame_of_a_real_sync(
    as_manager: Client, reachable: Feed, partner: Partner
) -> None:
    partner.fail(fault=faults.invalid_json(), times="always")
    sync = syncs.request(reachable.pk, door="admin", enqueue=False)
    fetching.run(sync.pk)
    page = as_manager.get(at(sync))
    assert page.context["sync"].status == "failed"
    assert "The feed is paused" in page.content.decode()
    url = reverse("admin:importers_sync_payload", args=[sync.pk])
    assert url in page.content.decode()
    assert b"".join(as_manager.get(url).streaming_content)


def test_syncs_cannot_be_edited(as_admin: Client, failed: Sync) -> None:
    assert as_admin.get(f"{LIST}add/").status_code == 403
    assert as_admin.get(f"{LIST}{failed.pk}/delete/").status_code == 403
    before = Sync.objects.values().get()
    as_admin.post(at(failed), {"status": "handed in"})
    assert Sync.objects.values().get() == before


def test_a_sync_that_is_none(as_manager: Client, db: None) -> None:
    for key in ("999999", "9" * 40, "x"):
        answer = as_manager.get(f"{LIST}{key}/change/")
        assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert as_manager.get(f"{LIST}999999/status/").status_code == 404


def test_the_list_is_filtered_and_says_who_started_what(
    as_manager: Client, manager: User, feed: Feed, failed: Sync
) -> None:
    Sync.objects.create(feed=feed, status="nothing new", door="admin", user=manager)
    content = as_manager.get(LIST).content.decode()
    assert "Schedule" in content
    assert "manager" in content
    only = as_manager.get(LIST, {"status__exact": "failed"}).context["cl"].result_list
    assert [sync.pk for sync in only] == [failed.pk]
    ours = as_manager.get(LIST, {"feed__id__exact": feed.pk}).context["cl"].result_list
    assert len(ours) == 2


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    as_manager: Client,
    manager: User,
    feed: Feed,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Sync.objects.bulk_create(
        Sync(feed=feed, status="failed", door="admin", user=manager) for _ in range(60)
    )
    with django_assert_max_num_queries(9):
        as_manager.get(LIST)
    with django_assert_max_num_queries(9):
        as_manager.get(at(Sync.objects.latest("pk")))
