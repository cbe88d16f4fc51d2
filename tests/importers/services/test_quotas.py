"""Nobody hands in more than their share of an hour."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from importers.exceptions import TooManyFiles
from importers.models import Ingestion, Source
from tests.importers.admin.conftest import HEADER, claim, csv_of, upload_of


def test_so_many_files_an_hour(
    sent: Callable[..., Ingestion], settings: Settings, manager: User
) -> None:
    settings.UPLOADS_PER_HOUR = 2
    for number in range(2):
        sent(HEADER, claim(f"C-{number}"), to="received")
    with pytest.raises(TooManyFiles, match="handed in 2 files within the last hour"):
        sent(HEADER, claim("C-3"), to="received")
    assert Ingestion.objects.count() == 2
    sent(HEADER, claim("C-3"), to="received", user=manager)
    sent(HEADER, claim("C-4"), to="received", user=None)
    long_ago = timezone.now() - timedelta(minutes=61)
    Ingestion.objects.update(received_at=long_ago)
    sent(HEADER, claim("C-5"), to="received")


def test_so_many_megabytes_an_hour(
    sent: Callable[..., Ingestion], settings: Settings
) -> None:
    settings.UPLOAD_MB_PER_HOUR = 1
    sent(HEADER, claim(Insured="x" * 2_000_000), to="received")
    with pytest.raises(TooManyFiles, match="1 MB is the most"):
        sent(HEADER, claim("C-2"), to="received")


def test_what_the_doors_say(
    sent: Callable[..., Ingestion], as_clerk: Client, settings: Settings
) -> None:
    settings.UPLOADS_PER_HOUR = 1
    sent(HEADER, claim("C-1"), to="received")
    content = csv_of(HEADER, claim("C-2"))
    page = as_clerk.post(
        "/admin/importers/ingestion/upload/",
        upload_of(content, source=str(Source.objects.get(code="andes").pk)),
    )
    assert "1 is the most. Go on later" in page.content.decode()
    answer = as_clerk.post("/api/v1/ingestions/", upload_of(content, source="andes"))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_files")
    assert answer["Retry-After"] == "600"
