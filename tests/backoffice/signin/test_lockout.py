"""Lock-out: after five failures nobody tries further from there for a while."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from backoffice.signin import lockout
from tests.backoffice.signin.conftest import PASSWORD, code_of

pytestmark = pytest.mark.django_db


def attempt(
    browser: Browser, password: str, at: str = "/admin/login/", **more: Any
) -> Any:
    return browser.post(at, {"username": "clerk", "password": password}, **more)


@pytest.mark.parametrize("at", ["/admin/login/", "/account/login/"])
def test_five_wrong_passwords_lock_out(browser: Browser, clerk: User, at: str) -> None:
    for _ in range(4):
        answer = attempt(browser, "wrong", at)
        assert answer.status_code == 200
        assert "do not belong together" in answer.content.decode()
    answer = attempt(browser, "wrong", at)
    assert answer.status_code == 429
    assert "Try again in 15 minutes." in answer.content.decode()
    answer = attempt(browser, PASSWORD, at)
    assert answer.status_code == 429
    assert 890 <= int(answer["Retry-After"]) <= 901
    assert browser.get(at).status_code == 200


def test_another_address_and_another_name_are_not_locked_out(
    browser: Browser, clerk: User, manager: User
) -> None:
    for _ in range(5):
        attempt(browser, "wrong")
    elsewhere = attempt(browser, PASSWORD, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 302
    data = {"username": "manager", "password": "manager-password"}
    assert Browser().post("/admin/login/", data).status_code == 302


def test_a_new_user_agent_does_not_help(browser: Browser, clerk: User) -> None:
    for number in range(5):
        answer = attempt(browser, "wrong", headers={"User-Agent": f"agent {number}"})
    assert answer.status_code == 429


def test_the_wait_ends_by_itself_and_is_not_prolonged(
    browser: Browser, clerk: User
) -> None:
    for _ in range(7):
        attempt(browser, "wrong")
    assert AccessAttempt.objects.get().failures_since_start == 5
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15))
    assert attempt(browser, PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_a_right_password_forgets_the_failures(browser: Browser, clerk: User) -> None:
    for _ in range(2):
        for _ in range(4):
            attempt(browser, "wrong")
        assert attempt(browser, PASSWORD).status_code == 302
    assert AccessLog.objects.filter(username="clerk").count() == 2


def test_the_login_of_the_api_is_locked_out_too(person: User, api: APIClient) -> None:
    data = {"username": "ines", "password": "wrong"}
    for _ in range(4):
        assert api.post("/api/v1/auth/token/login/", data).status_code == 400
    fifth = api.post("/api/v1/auth/token/login/", data)
    assert fifth.status_code == 429
    assert 890 <= int(fifth["Retry-After"]) <= 901
    right = api.post(
        "/api/v1/auth/token/login/", {**data, "password": "ines-long-password"}
    )
    assert right.status_code == 429
    page = Browser().post("/account/login/", {**data, "password": "ines-long-password"})
    assert page.status_code == 429


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.5", "10.0.0.1"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "1.2.3.4, 203.0.113.5", "203.0.113.5"),
        (2, "1.2.3.4, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "203.0.113.5", "10.0.0.1"),
        (1, "nonsense", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_what_a_sender_claims_about_its_address_is_ignored(
    settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.PROXY_COUNT = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded
    )
    assert lockout.address_of(request) == address


def test_operators_see_attempts_and_a_superuser_lifts_a_lock_out(
    browser: Browser, clerk: User, as_operator: Browser, as_admin: Browser
) -> None:
    for _ in range(5):
        attempt(browser, "wrong")
    page = as_operator.get("/admin/axes/accessattempt/").content.decode()
    assert "locked out" in page
    assert "Lift the lock-out" not in page
    chosen = {"action": "lift", "_selected_action": [AccessAttempt.objects.get().pk]}
    as_operator.post("/admin/axes/accessattempt/", chosen)
    assert AccessAttempt.objects.count() == 1
    as_admin.post("/admin/axes/accessattempt/", chosen)
    assert AccessAttempt.objects.count() == 0
    assert attempt(browser, PASSWORD).status_code == 302
    assert as_operator.get("/admin/axes/accesslog/").status_code == 200
    assert browser.get("/admin/axes/accesslog/").status_code == 403


def test_an_attempt_with_odd_characters_is_counted(browser: Browser, db: None) -> None:
    data = {"username": "x" * 150, "password": "wrong"}
    for _ in range(5):
        answer = browser.post("/account/login/", data)
    assert answer.status_code == 429
    odd = browser.post("/account/login/", {"username": "a\0b", "password": "x"})
    assert odd.status_code == 200


def test_the_old_password_is_not_guessed_from_a_session(
    browser: Browser, person: User, api: APIClient
) -> None:
    browser.force_login(person)
    new = {"new_password1": "a-quite-different-one"}
    wrong = {"old_password": "wrong", **new, "new_password2": new["new_password1"]}
    for _ in range(4):
        assert browser.post("/account/password/", wrong).status_code == 200
    assert browser.post("/account/password/", wrong).status_code == 429
    right = {**wrong, "old_password": "ines-long-password"}
    answer = browser.post("/account/password/", right)
    assert (answer.status_code, "Retry-After" in answer) == (429, True)
    api.force_login(person)
    answer = api.post(
        "/api/v1/auth/users/set_password/",
        {"current_password": "ines-long-password", "new_password": "another-long-one"},
    )
    assert (answer.status_code, "Retry-After" in answer) == (429, True)
    AccessAttempt.objects.all().delete()
    data = {"current_password": "wrong", "new_password": "another-long-one"}
    for expected in (400, 400, 400, 400, 429):
        answer = api.post("/api/v1/auth/users/set_password/", data)
        assert answer.status_code == expected
    assert answer["Content-Type"] == "application/problem+json"


def test_codes_are_not_guessed_from_a_session(
    browser: Browser, clerk: User, with_app: Any
) -> None:
    device = with_app(clerk)
    data = {"username": "clerk", "password": PASSWORD, "code": code_of(device)}
    browser.post("/account/login/", data)
    for expected in (200, 200, 200, 200, 429, 429):
        answer = browser.post(
            "/account/second-factor/", {"move": "give_up", "code": "000000"}
        )
        assert answer.status_code == expected


def test_many_names_from_one_address(
    clerk: User, browser: Browser, settings: Settings
) -> None:
    settings.LOCKOUT_ADDRESS_FAILURES = 6
    form = {"password": "wrong"}
    tried = [
        browser.post(
            "/account/login/", {**form, "username": f"name-{number}"}
        ).status_code
        for number in range(6)
    ]
    assert tried == [200] * 6
    good = {"username": "clerk", "password": PASSWORD}
    refused = browser.post("/account/login/", good)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    elsewhere = browser.post("/account/login/", good, REMOTE_ADDR="192.0.2.77")
    assert elsewhere.status_code == 302
