"""The same Idempotency-Key gives the same answer and is acted upon once."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from importers.models import Answer, Event, Ingestion, Source
from importers.services import answers, retention, work
from tests.importers.admin.conftest import HEADER, claim, csv_of
from tests.importers.api.conftest import GOOD, INGESTIONS

EMPTY: Any = {"content_type": "application/json"}
Post = Callable[..., HttpResponse]


def same(one: Any, other: Any) -> bool:
    """Whether two answers are the same in all that matters."""
    return (one.status_code, one.content, one.headers.get("Location")) == (
        other.status_code,
        other.content,
        other.headers.get("Location"),
    )


def test_a_file_sent_twice_with_a_key_comes_in_once(post_file: Post) -> None:
    first = post_file(key="k-1")
    work.check(first.json()["id"])
    again = post_file(key="k-1")
    assert first.status_code == 202
    assert same(first, again)
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Ingestion.objects.count() == 1
    assert OrmQ.objects.count() == 1


def test_a_problem_is_an_answer_too(post_file: Post) -> None:
    post_file()
    refused = post_file(key="k-1")
    assert refused.status_code == 409
    Ingestion.objects.update(status="cancelled")
    again = post_file(key="k-1")
    assert same(refused, again)
    assert again["Content-Type"] == "application/problem+json"
    assert post_file(key="k-2").status_code == 202


@pytest.mark.parametrize(
    "other",
    [
        {"content": csv_of(HEADER, claim("C-7"))},
        {"name": "other.csv"},
        {"period_end": "2026-06-30"},
    ],
)
def test_a_key_is_for_one_request(post_file: Post, other: dict[str, Any]) -> None:
    post_file(key="k-1")
    answer = post_file(key="k-1", **other)
    assert answer.status_code == 422
    assert answer.json()["code"] == "key_reused"
    assert Ingestion.objects.count() == 1


def test_keys_are_each_callers_own(
    post_file: Post, ready: Ingestion, as_clerk: Client, as_system: Client
) -> None:
    address = f"{INGESTIONS}{ready.pk}/cancel/"
    headers = {"Idempotency-Key": "k-1"}
    assert as_clerk.post(address, headers=headers, **EMPTY).status_code == 202
    assert as_system.post(address, headers=headers, **EMPTY).status_code == 409
    again = as_clerk.post(address, headers=headers, **EMPTY)
    assert again["Idempotency-Replayed"] == "true"
    assert Event.objects.filter(status="cancelled").count() == 1


@pytest.mark.parametrize("key", ["", "ä", "a b", "x" * 201])
def test_a_key_has_a_form(ready: Ingestion, as_system: Client, key: str) -> None:
    answer = as_system.post(
        f"{INGESTIONS}{ready.pk}/cancel/", headers={"Idempotency-Key": key}, **EMPTY
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_who_may_not_is_refused_and_not_remembered(
    ready: Ingestion, as_system: Client, system: User, manager: User
) -> None:
    address = f"{INGESTIONS}{ready.pk}/approve/"
    headers = {"Idempotency-Key": "k-1"}
    body: Any = {"data": json.dumps({"effect": ready.effect}), **EMPTY}
    assert as_system.post(address, headers=headers, **body).status_code == 403
    assert not Answer.objects.exists()
    system.groups.set(manager.groups.all())
    assert as_system.post(address, headers=headers, **body).status_code == 202


def test_a_fault_of_ours_leaves_nothing_and_may_be_tried_again(
    post_file: Post, as_system: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_system.raise_request_exception = False
    save = Answer.save

    def fail(*args: Any, **kwargs: Any) -> None:
        if kwargs.get("update_fields"):
            raise RuntimeError("the process dies before the answer is kept")
        save(*args, **kwargs)

    monkeypatch.setattr(Answer, "save", fail)
    failed = post_file(key="k-1")
    assert failed.status_code == 500
    assert failed.json()["code"] == "server_error"
    assert not Ingestion.objects.exists()
    assert not OrmQ.objects.exists()
    monkeypatch.undo()
    assert post_file(key="k-1").status_code == 202
    assert Ingestion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_at_once_is_once_all_the_same(
    andes: Source, system: User, post_file: Post
) -> None:
    found: list[HttpResponse] = []

    def send() -> None:
        caller = Client()
        caller.force_login(system)
        try:
            found.append(post_file(GOOD, caller=caller, key="k-1"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(same(found[0], other) for other in found)
    assert sum("Idempotency-Replayed" not in answer for answer in found) == 1
    assert Ingestion.objects.count() == 1
    assert OrmQ.objects.count() == 1


def test_answers_are_forgotten_after_two_days(post_file: Post) -> None:
    post_file(key="k-1")
    retention.prune()
    assert Answer.objects.count() == 1
    Answer.objects.update(given_at=timezone.now() - answers.KEPT - timedelta(hours=1))
    retention.prune()
    assert not Answer.objects.exists()
