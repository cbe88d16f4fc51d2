"""Secrets at rest: a new key is brought in, an old one taken away, none is lost."""

import io

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from importers.models import WebService
from importers.models.secrets import UnreadableSecret
from importers.values import Secret

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def service(settings: Settings) -> WebService:
    """A service with two secrets under the old key."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    return WebService.objects.create(
        code="a",
        name="Acme",
        base_url="https://a.example",
        secret=Secret("one"),
        refresh_token=Secret("two"),
    )


def rotate() -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("rotate_secrets", stdout=out, stderr=err)
    except SystemExit as done:
        return int(done.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def errors() -> list[str]:
    return [
        error.msg
        for error in run_checks(databases=["default"])
        if str(error.id).startswith("importers.")
    ]


def test_after_a_rotation_the_old_key_is_not_needed(
    service: WebService, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert rotate() == (0, "2 secrets encrypted with the first key.\n", "")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    service.refresh_from_db()
    assert (service.secret.reveal(), service.refresh_token.reveal()) == ("one", "two")
    assert not service.access_token
    assert errors() == []


def test_what_no_key_fits_is_named_and_left(
    service: WebService, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    WebService.objects.update(refresh_token=Secret("three"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM importers_webservice")
        before = cursor.fetchall()
    assert rotate() == (
        1,
        "1 secret encrypted with the first key.\n",
        "No key fits: secret of the web service “Acme”. It was left as it is.\n",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM importers_webservice")
        assert cursor.fetchall() == before
    service.refresh_from_db()
    with pytest.raises(UnreadableSecret):
        service.secret.reveal()
    assert errors() == ["No key fits: secret of the web service “Acme”."]


def test_without_a_key(service: WebService, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = []
    code, out, err = rotate()
    assert (code, out) == (2, "")
    assert "set FIELD_ENCRYPTION_KEYS first" in err
    assert errors() == [
        "Secrets cannot be read: Secrets cannot be kept: set FIELD_ENCRYPTION_KEYS "
        "first."
    ]


def test_other_checks_do_not_ask_the_database(service: WebService) -> None:
    with connection.execute_wrapper(_refuse):
        run_checks()


def _refuse(*_: object) -> None:
    raise AssertionError("a check asked the database")
