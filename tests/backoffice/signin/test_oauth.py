"""OAuth2: tokens for systems and apps, and what is refused."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import NoReverseMatch, reverse
from oauth2_provider.models import AccessToken, RefreshToken

from backoffice.models import Client
from tests.backoffice.signin.conftest import SECRET

pytestmark = pytest.mark.django_db

VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
BACK = "https://viewer.example/back"
MENU = {"grant_type": "client_credentials"}


def basic(client: Client, secret: str = SECRET) -> dict[str, str]:
    """The header a system proves itself with."""
    text = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def challenge(method: str = "S256") -> dict[str, str]:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    sent = text if method == "S256" else VERIFIER
    return {"code_challenge": sent, "code_challenge_method": method}


def asked(app: Client, **more: str) -> dict[str, str]:
    """What an app sends people to the authorize page with."""
    return {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": BACK,
        "scope": "read",
        "state": "s-1",
        **challenge(),
        **more,
    }


def allowed(browser: Browser, wanted: dict[str, str]) -> dict[str, list[str]]:
    """Open the page, allow, and return what the app gets."""
    answer = browser.get(reverse("oauth2_provider:authorize"), wanted)
    if answer.status_code == 200:
        initial = answer.context["form"].initial
        form = {key: value for key, value in initial.items() if value}
        answer = browser.post(
            reverse("oauth2_provider:authorize"), {**form, "allow": "Authorize"}
        )
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer["Location"]).query)


def code_for(browser: Browser, app: Client) -> str:
    return allowed(browser, asked(app))["code"][0]


def exchanged(browser: Browser, app: Client, code: str, **more: str) -> Any:
    return browser.post(
        reverse("oauth2_provider:token"),
        {
            "grant_type": "authorization_code",
            "client_id": app.client_id,
            "redirect_uri": BACK,
            "code": code,
            "code_verifier": VERIFIER,
            **more,
        },
    )


# -- systems --------------------------------------------------------------------------


def test_a_system_gets_a_token_for_an_hour(browser: Browser, system: Client) -> None:
    answer = browser.post("/oauth/token/", MENU, headers=basic(system))
    assert answer.status_code == 200
    given = answer.json()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3600)
    assert set(given["scope"].split()) == {"read", "ingest"}
    assert "refresh_token" not in given
    token = AccessToken.objects.get()
    assert token.token == ""
    assert "no-store" in answer["Cache-Control"]


def test_a_system_gets_only_what_it_may(browser: Browser, system: Client) -> None:
    less = browser.post(
        "/oauth/token/", {**MENU, "scope": "read"}, headers=basic(system)
    )
    assert less.json()["scope"] == "read"
    more = browser.post(
        "/oauth/token/", {**MENU, "scope": "read approve"}, headers=basic(system)
    )
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


def test_a_system_that_is_switched_off_gets_nothing(
    browser: Browser, system: Client
) -> None:
    Client.objects.update(is_active=False)
    answer = browser.post("/oauth/token/", MENU, headers=basic(system))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_wrong_secrets_lock_out_the_client_from_there(
    browser: Browser, system: Client
) -> None:
    for _ in range(4):
        answer = browser.post("/oauth/token/", MENU, headers=basic(system, "wrong"))
        assert answer.status_code == 401
    fifth = browser.post("/oauth/token/", MENU, headers=basic(system, "wrong"))
    assert fifth.status_code == 429
    right = browser.post("/oauth/token/", MENU, headers=basic(system))
    assert right.status_code == 429
    assert 890 <= int(right["Retry-After"]) <= 901
    assert right.json()["error_description"].startswith("Too many wrong secrets.")
    elsewhere = browser.post(
        "/oauth/token/", MENU, headers=basic(system), REMOTE_ADDR="192.0.2.7"
    )
    assert elsewhere.status_code == 200
    assert not AccessToken.objects.filter(application__isnull=True).exists()


def test_a_right_secret_forgets_the_failures(browser: Browser, system: Client) -> None:
    for _ in range(2):
        for _ in range(4):
            browser.post("/oauth/token/", MENU, headers=basic(system, "wrong"))
        answer = browser.post("/oauth/token/", MENU, headers=basic(system))
        assert answer.status_code == 200


def test_the_secret_may_stand_in_the_body_and_locks_out_as_well(
    browser: Browser, system: Client
) -> None:
    body = {**MENU, "client_id": system.client_id, "client_secret": SECRET}
    assert browser.post("/oauth/token/", body).status_code == 200
    for _ in range(5):
        answer = browser.post("/oauth/token/", {**body, "client_secret": "wrong"})
    assert answer.status_code == 429
    assert browser.post("/oauth/introspect/", body).status_code == 429


def test_no_secret_is_kept_with_a_failed_attempt(
    browser: Browser, system: Client
) -> None:
    body = {**MENU, "client_id": system.client_id, "client_secret": "nearly-right"}
    browser.post("/oauth/token/", body)
    attempt = AccessAttempt.objects.get()
    assert attempt.username == system.client_id
    assert "nearly-right" not in attempt.post_data + attempt.get_data


@pytest.mark.parametrize("grant", ["password", "implicit", "", "device"])
def test_other_grants_are_refused(
    browser: Browser, system: Client, person: User, grant: str
) -> None:
    answer = browser.post(
        "/oauth/token/",
        {"grant_type": grant, "username": "ines", "password": "ines-long-password"},
        headers=basic(system),
    )
    assert answer.status_code == 400
    assert not AccessToken.objects.exists()


def test_a_token_is_introspected_and_revoked(browser: Browser, system: Client) -> None:
    given = browser.post("/oauth/token/", MENU, headers=basic(system)).json()
    asked_for = {"token": given["access_token"]}
    found = browser.post("/oauth/introspect/", asked_for, headers=basic(system)).json()
    assert (found["active"], found["client_id"]) == (True, system.client_id)
    browser.post("/oauth/revoke_token/", asked_for, headers=basic(system))
    again = browser.post("/oauth/introspect/", asked_for, headers=basic(system)).json()
    assert again == {"active": False}


# -- apps -----------------------------------------------------------------------------


def test_an_app_asks_plainly_and_gets_a_token(
    browser: Browser, app: Client, person: User
) -> None:
    browser.force_login(person)
    page = browser.get("/oauth/authorize/", asked(app)).content.decode()
    assert "“Treaty viewer”" in page
    assert "<li>read records, the ingestion log and its files</li>" in page
    got = allowed(browser, asked(app))
    assert (got["state"], got["iss"]) == (["s-1"], ["http://testserver"])
    answer = exchanged(browser, app, got["code"][0])
    assert answer.status_code == 200
    assert (answer.json()["scope"], answer.json()["expires_in"]) == ("read", 3600)
    assert AccessToken.objects.get().user == person
    again = exchanged(browser, app, got["code"][0])
    assert again.status_code == 400


def test_a_refresh_token_rotates_and_a_used_one_ends_the_family(
    browser: Browser, app: Client, person: User
) -> None:
    browser.force_login(person)
    first = exchanged(browser, app, code_for(browser, app)).json()

    def renewed(token: str) -> Any:
        return browser.post(
            "/oauth/token/",
            {
                "grant_type": "refresh_token",
                "client_id": app.client_id,
                "refresh_token": token,
            },
        )

    second = renewed(first["refresh_token"])
    assert second.status_code == 200
    assert renewed(first["refresh_token"]).status_code == 400
    assert renewed(second.json()["refresh_token"]).status_code == 400
    assert not RefreshToken.objects.filter(revoked__isnull=True).exists()


def test_who_does_not_allow_gives_nothing(
    browser: Browser, app: Client, person: User
) -> None:
    browser.force_login(person)
    page = browser.get("/oauth/authorize/", asked(app))
    form = {key: value for key, value in page.context["form"].initial.items() if value}
    answer = browser.post("/oauth/authorize/", form)
    assert "error=access_denied" in answer["Location"]


def test_without_pkce_or_with_plain_nothing_goes(
    browser: Browser, app: Client, person: User
) -> None:
    browser.force_login(person)
    bare = {
        key: value for key, value in asked(app).items() if not key.startswith("code_")
    }
    answer = browser.get("/oauth/authorize/", bare)
    assert "error=invalid_request" in answer["Location"]
    silent = {**bare, "code_challenge": challenge()["code_challenge"]}
    for wrong in ({**silent, "code_challenge_method": ""}, silent):
        got = allowed(browser, wrong)
        assert "code" not in got
        assert got["error"] == ["invalid_request"]
    got = allowed(browser, {**bare, **challenge("plain")})
    assert "code" not in got
    assert got["error"] == ["invalid_request"]


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "https://viewer.example/back/more", "http://x"]
)
def test_another_address_is_not_returned_to(
    browser: Browser, app: Client, person: User, address: str
) -> None:
    browser.force_login(person)
    answer = browser.get("/oauth/authorize/", asked(app, redirect_uri=address))
    assert answer.status_code == 400
    assert "not allowed" in answer.content.decode()


def test_an_app_gets_no_scope_it_was_not_given(
    browser: Browser, app: Client, person: User
) -> None:
    browser.force_login(person)
    answer = browser.get("/oauth/authorize/", asked(app, scope="read approve"))
    assert "error=invalid_scope" in answer["Location"]


def test_the_authorize_page_asks_to_sign_in(browser: Browser, app: Client) -> None:
    answer = browser.get("/oauth/authorize/", asked(app))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=/oauth/authorize/")


def test_staff_have_to_prove_the_second_factor_before_an_app_gets_in(
    browser: Browser, app: Client, clerk: User, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    browser.force_login(clerk)
    answer = browser.get("/oauth/authorize/", asked(app))
    assert answer["Location"].startswith("/account/second-factor/?next=")
    posted = browser.post("/oauth/authorize/", {**asked(app), "allow": "Authorize"})
    assert posted["Location"].startswith("/account/second-factor/?next=")


@pytest.mark.parametrize(
    "name", ["list", "register", "detail", "device", "authorized-token-list"]
)
def test_the_librarys_own_pages_are_not_there(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"oauth2_provider:{name}")


def test_forms_may_lead_back_to_the_app_that_asked(
    browser: Browser, app: Client, clerk: User
) -> None:
    consent = f"/oauth/authorize/?client_id={app.client_id}&response_type=code"
    asked = {"next": consent}
    for address in ("/account/login/", "/admin/login/"):
        policy = browser.get(address, asked)["Content-Security-Policy"]
        assert "form-action 'self' https://viewer.example;" in f"{policy};"
        policy = browser.get(address)["Content-Security-Policy"]
        assert "form-action 'self';" in f"{policy};"
    browser.force_login(clerk)
    assert "https://viewer.example" in browser.get(consent)["Content-Security-Policy"]
    app.redirect_uris = "http://127.0.0.1:7777/back"
    app.save()
    assert (
        "'self' http://127.0.0.1:*" in browser.get(consent)["Content-Security-Policy"]
    )
    app.is_active = False
    app.save()
    assert "127.0.0.1" not in browser.get(consent)["Content-Security-Policy"]
