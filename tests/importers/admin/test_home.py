"""The home page and the queue's pages."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from pytest_django import DjangoAssertNumQueries

from backoffice.roles import OPERATOR
from importers.models import Ingestion
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


def test_home_tells_the_clerk_who_is_next(as_clerk: Client, ready: Ingestion) -> None:
    (waiting,) = as_clerk.get("/admin/").context["waiting"]
    assert (waiting["todo"], waiting["others"]) == ("", "For a manager")


def test_home_takes_few_queries(
    as_manager: Client,
    ready: Ingestion,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(8):
        as_manager.get("/admin/")


def test_home_of_who_may_see_nothing(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("visitor", is_staff=True))
    page = browser.get("/admin/")
    assert page.status_code == 200
    assert b"Ingestion log" not in page.content


def test_home_needs_a_sign_in(client: Client, db: None) -> None:
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


@pytest.fixture
def as_operator(db: None, user_with: Callable[..., User]) -> Client:
    """A browser the operator is signed in with."""
    browser = Client()
    browser.force_login(user_with(OPERATOR))
    return browser


def test_the_queue_can_be_read_by_operators_alone(
    as_operator: Client, as_manager: Client, ready: Ingestion
) -> None:
    queued = OrmQ.objects.get()
    page = as_operator.get("/admin/django_q/ormq/")
    assert b"importers.tasks.check" in page.content
    assert f"check {ready.pk}".encode() in page.content
    url = f"/admin/django_q/ormq/{queued.pk}/change/"
    assert as_operator.get(url).status_code == 200
    assert as_operator.post(url, {"key": "x"}).status_code == 403
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


def test_no_page_lets_anyone_name_a_function_to_run(as_admin: Client) -> None:
    assert not admin.site.is_registered(Schedule)
    assert not admin.site.is_registered(Success)
    assert as_admin.get("/admin/django_q/schedule/add/").status_code == 404
    for model in (OrmQ, Failure):
        page = as_admin.get(f"/admin/django_q/{model._meta.model_name}/add/")
        assert page.status_code == 403
