"""The home page."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from importers.models import Feed, Ingestion, Sync
from importers.services import ingestions, syncs
from tests.importers.admin.conftest import HEADER, claim


def test_home_shows_what_waits_and_what_was_loaded(
    as_manager: Client, ready: Ingestion, sent: Callable[..., Ingestion]
) -> None:
    done = sent(HEADER, claim("C-9"), to="loaded")
    page = as_manager.get("/admin/")
    counts = {tile["label"]: tile["count"] for tile in page.context["tiles"]}
    assert counts == {
        "need their columns mapped": 0,
        "ready to approve": 1,
        "failed": 0,
        "on their way": 0,
        "rows loaded this week": 1,
    }
    (waiting,) = page.context["waiting"]
    assert (waiting["ingestion"], waiting["todo"]) == (ready, "Look at it and approve")
    assert [line["ingestion"] for line in page.context["loaded"]] == [done]


def test_what_is_being_undone_is_on_its_way(
    as_manager: Client, loaded: Ingestion
) -> None:
    ingestions.undo(loaded.pk, user=None, reason="Wrong month")
    tiles = as_manager.get("/admin/").context["tiles"]
    assert {tile["label"]: tile["count"] for tile in tiles}["on their way"] == 1


def test_home_tells_the_clerk_who_is_next(as_clerk: Client, ready: Ingestion) -> None:
    (waiting,) = as_clerk.get("/admin/").context["waiting"]
    assert (waiting["todo"], waiting["others"]) == ("", "For a manager")


def test_home_takes_few_queries(
    as_manager: Client,
    ready: Ingestion,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(13):
        as_manager.get("/admin/")


def test_home_of_who_may_see_nothing(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("visitor", is_staff=True))
    page = browser.get("/admin/")
    assert page.status_code == 200
    assert b"Ingestion log" not in page.content


def test_home_needs_a_sign_in(client: Client, db: None) -> None:
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


def test_home_tells_of_paused_feeds_and_failed_syncs(
    as_clerk: Client, as_manager: Client, feed: Feed
) -> None:
    assert as_clerk.get("/admin/").context["troubles"] == []
    syncs.pause(feed.pk, user=None, reason="The partner moves.")
    week_ago = timezone.now() - timedelta(days=8)
    Sync.objects.create(feed=feed, status="failed", asked_at=week_ago)
    for _ in range(2):
        Sync.objects.create(feed=feed, status="failed", asked_at=timezone.now())
    page = as_manager.get("/admin/")
    paused, failed = page.context["troubles"]
    assert paused == {
        "label": "1 feed paused",
        "url": "/admin/importers/feed/?state=paused",
    }
    assert failed["label"] == "2 syncs failed this week"
    listed = as_manager.get(paused["url"]).context["cl"].result_list
    assert [found.pk for found in listed] == [feed.pk]
    assert len(as_manager.get(failed["url"]).context["cl"].result_list) == 2
    assert b"1 feed paused" in page.content
