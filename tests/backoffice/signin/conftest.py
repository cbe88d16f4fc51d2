"""People, clients and codes for the tests of the sign-in."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client as Browser
from django.utils.module_loading import import_string
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_q.models import OrmQ
from rest_framework.test import APIClient

from backoffice.models import Client
from backoffice.roles import INTEGRATOR

SECRET = "a-secret-of-a-system-that-nobody-guesses"
PASSWORD = "clerk-password"


def code_of(device: TOTPDevice, ahead: int = 0) -> str:
    """The code that the app shows now, or so many steps of 30 seconds later."""
    app = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    app.time = time.time() + ahead * device.step
    return f"{app.token():06}"


@pytest.fixture
def robot(db: None) -> User:
    """The service account of an outside system."""
    user = User.objects.create_user("robot")
    user.groups.add(Group.objects.get(name=INTEGRATOR.name))
    return user


@pytest.fixture
def person(db: None) -> User:
    """Somebody who uses the API and is not staff."""
    user = User.objects.create_user(
        "ines", email="ines@example.com", password="ines-long-password"
    )
    user.groups.add(Group.objects.get(name=INTEGRATOR.name))
    return user


@pytest.fixture
def system(robot: User) -> Client:
    """An outside system that may read and ingest."""
    return Client.objects.create(
        name="Andes claims system",
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
        client_type=Client.CLIENT_CONFIDENTIAL,
        client_secret=SECRET,
        user=robot,
        scopes=["read", "ingest"],
    )


@pytest.fixture
def app(db: None) -> Client:
    """An app in a browser that may read and sync."""
    return Client.objects.create(
        name="Treaty viewer",
        authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        client_type=Client.CLIENT_PUBLIC,
        client_secret="",
        redirect_uris="https://viewer.example/back",
        scopes=["read", "sync"],
    )


@pytest.fixture
def with_app() -> Callable[[User], TOTPDevice]:
    """Give a user an authenticator app."""

    def give(user: User) -> TOTPDevice:
        device: TOTPDevice = TOTPDevice.objects.create(user=user, name="App")
        return device

    return give


@pytest.fixture
def browser() -> Browser:
    """A browser that nobody is signed in with."""
    return Browser()


@pytest.fixture
def api() -> APIClient:
    """A program that calls the API."""
    return APIClient()


@pytest.fixture(autouse=True)
def _no_pause_between_mails() -> None:
    cache.clear()


def deliver() -> None:
    """Do what waits in the queue, as the cluster would."""
    for queued in OrmQ.objects.order_by("pk"):
        import_string(queued.task["func"])(*queued.task["args"])
        queued.delete()
