"""Files that leave from a bucket: asked for here, handed out there."""

from collections.abc import Callable

import pytest
import requests
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from importers.models import Feed, Ingestion, Sync
from importers.pipeline import storage
from reinsurance.models import Party
from tests.importers.admin.conftest import HEADER, claim, csv_of
from tests.s3 import Store

pytestmark = pytest.mark.usefixtures("in_bucket")


def at(name: str, ingestion: Ingestion) -> str:
    return reverse(f"admin:importers_ingestion_{name}", args=[ingestion.pk])


def test_the_bucket_hands_out_the_original(
    as_clerk: Client, sent: Callable[..., Ingestion]
) -> None:
    ingestion = sent(HEADER, claim(), file_name="Schäden “Q2”.csv")
    answer = as_clerk.get(at("original", ingestion))
    assert answer.status_code == 302
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    found = requests.get(answer["Location"], timeout=5)
    assert found.content == csv_of(HEADER, claim())
    assert found.headers["Content-Type"] == "application/octet-stream"
    assert (
        "Sch%C3%A4den%20%E2%80%9CQ2%E2%80%9D.csv"
        in (found.headers["Content-Disposition"])
    )


def test_rejected_rows_by_the_api(
    ready: Ingestion, manager: User, client: Client
) -> None:
    client.force_login(manager)
    answer = client.get(reverse("api:ingestions-rejected-rows", args=[ready.pk]))
    assert answer.status_code == 302
    found = requests.get(answer["Location"], timeout=5)
    assert b"B0999" in found.content


def test_who_may_not_see_the_file_gets_no_link(
    s3: Store, ready: Ingestion, client: Client
) -> None:
    nobody = User.objects.create_user("nobody", is_staff=True)
    s3.asked.clear()
    for user, status in ((None, 302), (nobody, 403)):
        client.logout()
        if user:
            client.force_login(user)
        answer = client.get(at("original", ready))
        assert answer.status_code == status
        assert "X-Amz-Signature" not in answer.get("Location", "")
    limited = User.objects.create_user("limited", is_staff=True)
    limited.groups.add(Group.objects.get(name="Auditor"))
    other = Party.objects.create(code="OTHER", name="Other")
    limited.cedant_limits.create(cedant=other)
    client.force_login(limited)
    assert client.get(at("original", ready)).status_code == 404
    assert s3.asked == []


def test_a_file_that_is_gone(as_clerk: Client, ready: Ingestion) -> None:
    storage.remove([ready.original])
    assert as_clerk.get(at("original", ready)).status_code == 404


def test_streamed_where_the_bucket_is_out_of_reach(
    s3: Store, in_bucket: str, settings: Settings, as_clerk: Client,
    sent: Callable[..., Ingestion],
) -> None:  # fmt: skip
    indirect = s3.storage(in_bucket, is_direct=False)
    settings.STORAGES = {**settings.STORAGES, "default": indirect}
    ingestion = sent(HEADER, claim())
    answer = as_clerk.get(at("original", ingestion))
    assert b"".join(answer.streaming_content) == csv_of(HEADER, claim())
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_pieces_of_a_sync_come_as_one(as_manager: Client, feed: Feed, tmp_path) -> None:
    for number in (1, 2):
        (tmp_path / "piece").write_bytes(b'{"a":%d}\n' % number)
        storage.put(f"d{number}", tmp_path / "piece")
    sync = Sync.objects.create(
        feed=feed, door="admin", status="failed", discarded_parts=["d1", "d2"]
    )
    answer = as_manager.get(reverse("admin:importers_sync_discarded", args=[sync.pk]))
    assert b"".join(answer.streaming_content) == b'{"a":1}\n{"a":2}\n'


def test_the_store_does_not_answer(
    s3: Store, as_clerk: Client, manager: User, client: Client, ready: Ingestion
) -> None:
    s3.is_down = True
    answer = as_clerk.get(at("original", ready))
    assert answer.status_code == 503
    assert "does not answer just now" in answer.content.decode()
    client.force_login(manager)
    answer = client.get(reverse("api:ingestions-file", args=[ready.pk]))
    assert (answer.status_code, answer.json()["code"]) == (503, "store_problem")
    assert answer["Retry-After"] == "60"
