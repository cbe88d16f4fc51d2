"""Permission sets, the home page and choice lists: remembered, and right for all."""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from backoffice import redis_cache
from backoffice.roles import CLERK
from backoffice.settings.caching import cache_of
from importers.models import Feed, Ingestion
from importers.services import syncs
from reinsurance.caching import Topic, remembered
from reinsurance.models import CedantLimit, ClaimStatus, Party
from reinsurance.visibility import cedants_of, limit_to
from tests.caches import OtherProcess, Redis
from tests.importers.admin.conftest import HEADER, claim

pytestmark = pytest.mark.django_db(transaction=True)

APPROVE = "importers.approve_ingestion"
SUBMIT = "importers.submit_ingestion"


def again(user: User) -> User:
    """The user as the next request has it."""
    return User.objects.get(pk=user.pk)


# -- permission sets ------------------------------------------------------------------


def test_permissions_and_limits_cost_one_query(
    store: str, clerk: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert again(clerk).get_all_permissions() == CLERK.permissions
    user = again(clerk)
    with django_assert_num_queries(1):
        assert user.has_perm(SUBMIT)
        assert not user.has_perm(APPROVE)
        assert user.has_module_perms("reinsurance")
        assert cedants_of(user) is None


def test_what_is_given_and_taken_away_counts_at_once(store: str, clerk: User) -> None:
    assert not again(clerk).has_perm(APPROVE)
    approve = Permission.objects.get(codename="approve_ingestion")
    clerk.user_permissions.add(approve)
    assert again(clerk).has_perm(APPROVE)
    clerk.user_permissions.clear()
    assert not again(clerk).has_perm(APPROVE)
    group = Group.objects.get(name="Clerk")
    group.permissions.add(approve)
    assert again(clerk).has_perm(APPROVE)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth_group_permissions")
    assert again(clerk).get_all_permissions() == set()


def test_inactive_users_may_nothing_and_superusers_everything(
    store: str, clerk: User
) -> None:
    again(clerk).has_perm(SUBMIT)
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    assert again(clerk).get_all_permissions() == set()
    assert not again(clerk).has_perm(SUBMIT)
    User.objects.filter(pk=clerk.pk).update(is_active=True, is_superuser=True)
    assert again(clerk).has_perm(APPROVE)
    assert len(again(clerk).get_all_permissions()) == Permission.objects.count()


def test_an_old_copy_of_a_superuser_is_not_remembered_for_others(
    store: str, clerk: User
) -> None:
    User.objects.filter(pk=clerk.pk).update(is_superuser=True)
    old = again(clerk)
    User.objects.filter(pk=clerk.pk).update(is_superuser=False)
    assert APPROVE in old.get_all_permissions()
    assert APPROVE not in again(clerk).get_all_permissions()


def test_limits_count_at_once_and_a_narrower_view_stays(
    store: str, clerk: User
) -> None:
    andes = Party.objects.create(code="ANDES", name="Andes")
    assert cedants_of(again(clerk)) is None
    limit = CedantLimit.objects.create(user=clerk, cedant=andes)
    assert cedants_of(again(clerk)) == {andes.pk}
    user = again(clerk)
    assert user.has_perm(SUBMIT)
    assert cedants_of(user) == {andes.pk}
    narrowed = again(clerk)
    limit_to(narrowed, frozenset())
    assert narrowed.has_perm(SUBMIT)
    assert cedants_of(narrowed) == frozenset()
    limit.delete()
    assert cedants_of(again(clerk)) is None


# -- several processes ----------------------------------------------------------------


@pytest.fixture
def other(process_environment: dict[str, str], store: str) -> Iterator[OtherProcess]:
    """Another process of the same database, with the same kind of cache."""
    process = OtherProcess({**process_environment, "CACHE_URL": store})
    yield process
    process.end()


def test_processes_see_what_the_others_change(
    store: str, clerk: User, other: OtherProcess
) -> None:
    assert other.has_perm("clerk", SUBMIT) == [True, 4]
    assert other.has_perm("clerk", SUBMIT) == [True, 1]
    clerk.groups.clear()
    assert other.has_perm("clerk", SUBMIT) == [False, 4]
    assert other.has_perm("clerk", SUBMIT) == [False, 1]
    assert not again(clerk).has_perm(SUBMIT)
    clerk.groups.add(Group.objects.get(name="Manager"))
    assert other.has_perm("clerk", APPROVE) == [True, 4]
    assert again(clerk).has_perm(APPROVE)


@pytest.mark.redis
def test_processes_with_a_redis_answer_for_each_other(
    process_environment: dict[str, str], redis_server: Redis, clerk: User
) -> None:
    environment = {**process_environment, "CACHE_URL": redis_server.url}
    first, second = OtherProcess(environment), OtherProcess(environment)
    try:
        assert first.has_perm("clerk", SUBMIT) == [True, 4]
        assert second.has_perm("clerk", SUBMIT) == [True, 1]
    finally:
        first.end()
        second.end()


# -- pages ----------------------------------------------------------------------------


def test_home_again_takes_four_queries(
    store: str,
    as_manager: Client,
    ready: Ingestion,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = as_manager.get("/admin/")
    with django_assert_num_queries(4):  # session, user, two stamps
        second = as_manager.get("/admin/")
    for page in (first, second):
        (waiting,) = page.context["waiting"]
        assert waiting["ingestion"] == ready
        assert waiting["todo"] == "Look at it and approve"


def test_home_tells_what_has_just_happened(
    store: str,
    as_manager: Client,
    feed: Feed,
    ready: Ingestion,
    sent: Callable[..., Ingestion],
) -> None:
    def told() -> tuple[int, list[str], int]:
        context = as_manager.get("/admin/").context
        names = [line["ingestion"].status for line in context["waiting"]]
        return len(context["loaded"]), names, len(context["troubles"])

    assert told() == (0, ["ready"], 0)
    sent(HEADER, claim("C-9"), to="loaded")
    assert told() == (1, ["ready"], 0)
    Ingestion.objects.filter(pk=ready.pk).update(status="cancelled")
    assert told() == (1, [], 0)
    syncs.pause(feed.pk, user=None, reason="The partner moves.")
    assert told() == (1, [], 1)


def test_home_of_who_is_limited_is_not_that_of_others(
    store: str, as_manager: Client, as_clerk: Client, manager: User, ready: Ingestion
) -> None:
    other = Party.objects.create(code="PAMPA", name="Pampa")
    limit = CedantLimit.objects.create(user=manager, cedant=other)
    assert as_manager.get("/admin/").context["waiting"] == []
    assert len(as_clerk.get("/admin/").context["waiting"]) == 1
    limit.delete()
    assert len(as_manager.get("/admin/").context["waiting"]) == 1
    CedantLimit.objects.create(user=manager, cedant=ready.source.party)
    assert len(as_manager.get("/admin/").context["waiting"]) == 1


def test_choice_lists_follow_their_tables(
    store: str, as_manager: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def offered() -> tuple[list[str], bytes]:
        page = as_manager.get("/admin/reinsurance/claim/")
        (filter_, _) = page.context["cl"].filter_specs
        form = as_manager.get("/admin/reinsurance/claim/add/")
        return [name for _, name in filter_.lookup_choices], form.content

    names, form = offered()
    assert names == [str(status) for status in ClaimStatus.objects.all()]
    assert b'<option value="OPEN">Open</option>' in form
    ClaimStatus.objects.create(code="LOST", name="Lost at sea", is_open=False, order=99)
    names, form = offered()
    assert names[-1] == "Lost at sea"
    assert b'<option value="LOST">Lost at sea</option>' in form


# -- a Redis that is away -------------------------------------------------------------


@pytest.mark.redis
def test_pages_work_while_redis_is_away_and_it_is_told_once(
    as_manager: Client,
    ready: Ingestion,
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Redis(tmp_path)
    monkeypatch.setattr(redis_cache, "PAUSE_SECONDS", 0.2)
    settings.CACHES = {"default": cache_of(server.url, settings.DATABASES["default"])}
    caplog.set_level(logging.WARNING, logger="backoffice.redis_cache")
    server.start()
    try:
        assert len(as_manager.get("/admin/").context["waiting"]) == 1
        cache.set("kept", 1)
        server.stop()
        began = time.monotonic()
        for _ in range(3):
            assert len(as_manager.get("/admin/").context["waiting"]) == 1
            time.sleep(0.2)
        assert time.monotonic() - began < 5
        assert cache.get("kept", "nothing") == "nothing"
        assert cache.get_many(["kept"]) == {}
        assert (cache.add("kept", 1), cache.has_key("kept")) == (False, False)
        assert (cache.touch("kept"), cache.delete("kept")) == (False, False)
        assert cache.set_many({"kept": 1}) == ["kept"]
        with pytest.raises(ValueError, match="not found"):
            cache.incr("kept")
        server.start()
        time.sleep(0.3)
        cache.set("kept", 2)
        assert cache.get_many(["kept", "lost"]) == {"kept": 2}
        assert cache.incr("kept") == 3
    finally:
        server.stop()
    told = [record.getMessage().partition(";")[0] for record in caplog.records]
    assert told == ["The cache does not answer", "The cache answers again."]


@pytest.mark.redis
def test_a_redis_that_hangs_holds_nobody_up(
    as_manager: Client,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Redis(tmp_path)
    monkeypatch.setattr(redis_cache, "PAUSE_SECONDS", 600)
    settings.CACHES = {"default": cache_of(server.url, settings.DATABASES["default"])}
    server.start()
    try:
        assert as_manager.get("/admin/").status_code == 200
        before = server.resume()
        server.stall()
        for _ in range(5):
            assert as_manager.get("/admin/").status_code == 200
        # One wait, on the open connection; each further one would open another.
        assert server.resume() == before + 1
    finally:
        server.stop()


@pytest.mark.redis
def test_a_value_that_cannot_be_read_counts_as_not_kept(
    redis_server: Redis, settings: Settings
) -> None:
    address = cache_of(redis_server.url, settings.DATABASES["default"])
    settings.CACHES = {"default": address}
    cache.set("kept", b"x")
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    client.set(cache.make_key("kept"), b"\x80\x05cno.such\nThing\n.")
    assert cache.get("kept", "nothing") == "nothing"
    assert remembered(Topic.HOME, "kept", lambda: 1) == 1
