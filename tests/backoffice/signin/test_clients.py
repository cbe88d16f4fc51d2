"""Clients in the admin: registered by operators, the secret shown once."""

import base64
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from oauth2_provider.models import AccessToken
from pytest_django import Settings

from backoffice.models import Client
from reinsurance.models import Party
from tests.backoffice.signin.test_authentication import token_of

pytestmark = pytest.mark.django_db

ADD = "/admin/backoffice/client/add/"
SYSTEM = {
    "name": "Andes claims system",
    "is_active": "on",
    "authorization_grant_type": "client-credentials",
    "client_type": "confidential",
    "scopes": ["read", "ingest"],
}
APP = {
    "name": "Treaty viewer",
    "is_active": "on",
    "authorization_grant_type": "authorization-code",
    "client_type": "public",
    "redirect_uris": "https://viewer.example/back",
    "scopes": ["read"],
}


def shown(page: Any, what: str) -> str:
    found = re.search(f'id="client-{what}">([^<]+)<', page.content.decode())
    return found[1] if found else ""


def token_answer(client_id: str, secret: str) -> Any:
    proof = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return Browser().post(
        "/oauth/token/",
        {"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {proof}"},
    )


def test_an_operator_registers_a_system_and_sees_its_secret_once(
    as_operator: Browser, robot: User
) -> None:
    andes = Party.objects.create(code="ANDES", name="Andes")
    page = as_operator.post(ADD, {**SYSTEM, "user": robot.pk, "cedants": [andes.pk]})
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    client = Client.objects.get()
    secret = shown(page, "secret")
    assert len(secret) == 128
    assert shown(page, "id") == client.client_id
    assert secret not in client.client_secret
    assert list(client.cedants.all()) == [andes]
    assert token_answer(client.client_id, secret).status_code == 200
    later = as_operator.get(f"/admin/backoffice/client/{client.pk}/change/")
    assert client.client_id in later.content.decode()
    assert client.client_secret not in later.content.decode()
    assert (
        "Andes claims system"
        in as_operator.get("/admin/backoffice/client/").content.decode()
    )


def test_saving_a_client_again_keeps_its_secret(
    as_operator: Browser, robot: User
) -> None:
    page = as_operator.post(ADD, {**SYSTEM, "user": robot.pk})
    client = Client.objects.get()
    address = f"/admin/backoffice/client/{client.pk}/change/"
    answer = as_operator.post(
        address, {**SYSTEM, "name": "Renamed", "user": robot.pk, "scopes": ["read"]}
    )
    assert answer.status_code == 302
    client.refresh_from_db()
    assert (client.name, client.scopes) == ("Renamed", ["read"])
    assert token_answer(client.client_id, shown(page, "secret")).status_code == 200


def test_a_new_secret_ends_the_old_one_and_all_tokens(
    as_operator: Browser, robot: User, as_clerk: Browser
) -> None:
    old = as_operator.post(ADD, {**SYSTEM, "user": robot.pk})
    client = Client.objects.get()
    token_answer(client.client_id, shown(old, "secret"))
    assert AccessToken.objects.count() == 1
    address = f"/admin/backoffice/client/{client.pk}/secret/"
    assert as_operator.get(address).status_code == 405
    assert as_clerk.post(address).status_code == 403
    assert AccessToken.objects.count() == 1
    new = as_operator.post(address)
    assert "no-store" in new["Cache-Control"]
    assert AccessToken.objects.count() == 0
    assert token_answer(client.client_id, shown(old, "secret")).status_code == 401
    assert token_answer(client.client_id, shown(new, "secret")).status_code == 200


def test_an_app_that_cannot_keep_a_secret_gets_none(as_operator: Browser) -> None:
    page = as_operator.post(ADD, APP)
    assert shown(page, "secret") == ""
    assert Client.objects.get().client_type == "public"


def test_an_app_has_no_service_account(as_operator: Browser, robot: User) -> None:
    as_operator.post(ADD, {**APP, "user": robot.pk})
    assert Client.objects.get().user is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "Say which service account"),
        ({"user": "clerk"}, "must not be able to sign in to the back office"),
        ({"user": "off"}, "switched off"),
        ({"user": "robot", "client_type": "public"}, "has to keep its secret"),
        ({"user": "robot", "redirect_uris": "https://x.example/"}, "Only an app"),
        ({"user": "robot", "scopes": []}, "This field is required"),
        ({"user": "robot", "scopes": ["admin"]}, "not one of the available choices"),
        ({"user": "robot", "name": ""}, "This field is required"),
        (
            {"user": "robot", "authorization_grant_type": "password"},
            "not one of the available choices",
        ),
    ],
)
def test_a_system_that_is_not_as_it_should_be_is_refused(
    as_operator: Browser, robot: User, clerk: User, change: dict[str, Any], said: str
) -> None:
    User.objects.create_user("off", is_active=False)
    if "user" in change:
        change = {**change, "user": User.objects.get(username=change["user"]).pk}
    page = as_operator.post(ADD, {**SYSTEM, **change})
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    ("address", "https", "is_good"),
    [
        ("https://viewer.example/back", True, True),
        ("http://viewer.example/back", True, False),
        ("http://viewer.example/back", False, False),
        ("http://localhost:3000/back", True, False),
        ("http://localhost:3000/back", False, True),
        ("http://127.0.0.1:3000/back", False, True),
        ("http://localhost.evil.example/", False, False),
        ("https://*.example.com/", True, False),
        ("javascript:alert(1)", False, False),
        ("", True, False),
    ],
)
def test_addresses_to_return_to_are_https(
    as_operator: Browser, settings: Settings, address: str, https: bool, is_good: bool
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if https else ["https", "http"],
    }
    as_operator.post(ADD, {**APP, "redirect_uris": address})
    assert Client.objects.exists() is is_good


def test_others_do_not_see_clients(as_clerk: Browser, as_manager: Browser) -> None:
    for browser in (as_clerk, as_manager):
        assert browser.get("/admin/backoffice/client/").status_code == 403
        assert browser.get("/admin/oauth2_provider/accesstoken/").status_code == 403


def test_an_operator_revokes_tokens(
    as_operator: Browser, system: Client, as_clerk: Browser
) -> None:
    token_of(system)
    page = as_operator.get("/admin/oauth2_provider/accesstoken/").content.decode()
    assert "Andes claims system" in page
    chosen = {
        "action": "revoke",
        "_selected_action": [AccessToken.objects.get().pk],
    }
    as_clerk.post("/admin/oauth2_provider/accesstoken/", chosen)
    assert AccessToken.objects.exists()
    as_operator.post("/admin/oauth2_provider/accesstoken/", chosen)
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    "model",
    [
        "oauth2_provider/grant", "oauth2_provider/idtoken",
        "oauth2_provider/refreshtoken", "otp_totp/totpdevice",
        "otp_static/staticdevice", "authtoken/tokenproxy", "social_django/association",
        "social_django/usersocialauth",
    ],
)  # fmt: skip
def test_pages_that_show_secrets_are_not_there(as_admin: Browser, model: str) -> None:
    assert as_admin.get(f"/admin/{model}/").status_code == 404
