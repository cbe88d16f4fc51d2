"""The upload page."""

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import Settings

from backoffice.roles import AUDITOR
from importers.models import Ingestion, Source
from tests.importers.admin.conftest import HEADER, claim, csv_of, upload_of

URL = "/admin/importers/ingestion/upload/"
FILE = csv_of(HEADER, claim())


def test_the_type_is_preset(as_clerk: Client) -> None:
    page = as_clerk.get(URL, {"type": "claims"})
    assert page.context["form"]["record_type"].value() == "claims"
    assert b'<option value="claims" selected>Claims</option>' in page.content


def test_an_unknown_preset_is_no_preset(as_clerk: Client) -> None:
    page = as_clerk.get(URL, {"type": "<script>"})
    assert page.context["form"]["record_type"].value() == ""


def test_a_file_becomes_an_ingestion_with_a_task(
    as_clerk: Client, clerk: User, andes: Source
) -> None:
    answer = as_clerk.post(
        URL,
        upload_of(
            FILE,
            source=andes.pk,
            period_start="2026-04-01",
            period_end="2026-06-30",
            sheet="",
        ),
    )
    ingestion = Ingestion.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse(
        "admin:importers_ingestion_change", args=[ingestion.pk]
    )
    assert (ingestion.status, ingestion.record_type) == ("received", "claims")
    assert (ingestion.source, ingestion.submitted_by) == (andes, clerk)
    assert (ingestion.file_name, ingestion.file_size) == ("claims.csv", len(FILE))
    assert str(ingestion.period_end) == "2026-06-30"
    assert ingestion.door == "admin upload"
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("importers.tasks.check", (ingestion.pk,))


def test_without_a_source_it_is_a_direct_upload(as_clerk: Client) -> None:
    as_clerk.post(URL, upload_of(FILE))
    assert Ingestion.objects.get().source.code == "direct"


def test_the_same_file_again_leads_to_the_first(as_clerk: Client) -> None:
    as_clerk.post(URL, upload_of(FILE))
    first = Ingestion.objects.get()
    answer = as_clerk.post(URL, upload_of(FILE))
    assert Ingestion.objects.count() == 1
    assert OrmQ.objects.count() == 1
    assert answer["Location"].endswith(f"/{first.pk}/change/")
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told[-1] == (
        f"This file is already on its way as number {first.pk} (received). "
        "Go on there, or cancel it first."
    )


def test_a_file_that_is_too_large_is_refused(
    as_clerk: Client, settings: Settings
) -> None:
    settings.MAX_UPLOAD_MB = 1
    page = as_clerk.post(URL, upload_of(b"x" * (1024 * 1024 + 1)))
    assert page.context["form"].errors["file"] == [
        "The file has 1 MB; at most 1 MB can be handed in. Split it."
    ]
    assert not Ingestion.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"record_type": ""}, "record_type", "This field is required."),
        (
            {"period_start": "2026-06-30", "period_end": "2026-04-01"},
            "period_end",
            "The period ends before it starts.",
        ),
        (
            {"period_end": "soon"},
            "period_end",
            "Enter a valid date.",
        ),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    as_clerk: Client, changes: dict, field: str, message: str
) -> None:
    page = as_clerk.post(URL, upload_of(FILE) | changes)
    assert page.status_code == 200
    assert page.context["form"].errors[field] == [message]
    assert not Ingestion.objects.exists()


def test_an_empty_file_is_received_and_rejected_later(as_clerk: Client) -> None:
    answer = as_clerk.post(URL, upload_of(b""))
    assert answer.status_code == 302
    assert Ingestion.objects.get().file_size == 0


def test_who_may_not_submit_does_not_see_the_page(
    db: None, user_with, client: Client
) -> None:
    client.force_login(user_with(AUDITOR))
    assert client.get(URL).status_code == 403
    assert client.post(URL, upload_of(FILE)).status_code == 403
    assert not Ingestion.objects.exists()


def test_the_door_needs_a_sign_in(client: Client, db: None) -> None:
    answer = client.post(URL, upload_of(FILE))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_posting_needs_the_token(clerk: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(clerk)
    assert browser.post(URL, upload_of(FILE)).status_code == 403
