"""The second factor: set up, asked for, replaced, given up, taken away."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from backoffice.signin import second_factor
from tests.backoffice.signin.conftest import PASSWORD, code_of

pytestmark = pytest.mark.django_db

SET_UP = "/account/second-factor/"
Give = Callable[[User], TOTPDevice]


def sign_in(browser: Browser, code: str = "", at: str = "/admin/login/") -> Any:
    return browser.post(at, {"username": "clerk", "password": PASSWORD, "code": code})


def unslowed(device: Any) -> None:
    """As if the wait after wrong codes were over."""
    type(device).objects.filter(pk=device.pk).update(throttling_failure_timestamp=None)


def test_who_has_no_app_signs_in_with_a_password_where_that_is_enough(
    browser: Browser, clerk: User
) -> None:
    answer = sign_in(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert browser.get("/admin/").status_code == 200


def test_where_it_is_required_staff_set_it_up_and_see_nothing_else_before(
    browser: Browser, clerk: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    answer = sign_in(browser)
    assert answer["Location"] == f"{SET_UP}?next=%2Fadmin%2F"
    assert browser.get("/admin/").status_code == 302
    led = browser.get("/admin/importers/ingestion/", follow=True)
    assert led.redirect_chain[-1][0].startswith(SET_UP)
    page = browser.get(answer["Location"])
    text = page.content.decode()
    device = TOTPDevice.objects.get()
    assert not device.confirmed
    assert "<svg" in text
    assert second_factor.secret_of(device) in text
    assert "Everybody who works here" in text
    done = browser.post(answer["Location"], {"code": code_of(device)})
    codes = re.findall(r'account-code">([a-z2-7]{8})<', done.content.decode())
    assert len(codes) == 10
    assert 'href="/admin/"' in done.content.decode()
    assert browser.get("/admin/").status_code == 200
    assert not re.findall(r"<svg", browser.get(SET_UP).content.decode())


def test_each_visit_of_the_set_up_has_a_new_secret_and_a_wrong_code_confirms_nothing(
    browser: Browser, clerk: User
) -> None:
    browser.force_login(clerk)
    browser.get(SET_UP)
    first = TOTPDevice.objects.get().key
    browser.get(SET_UP)
    device = TOTPDevice.objects.get()
    assert device.key != first
    page = browser.post(SET_UP, {"code": "000000"})
    assert "That code is not right" in page.content.decode()
    device.refresh_from_db()
    assert not device.confirmed
    assert browser.get("/admin/").status_code == 200


def test_who_has_an_app_needs_its_code(
    browser: Browser, clerk: User, with_app: Give
) -> None:
    device = with_app(clerk)
    page = sign_in(browser)
    assert "Enter the code that your authenticator app shows" in page.content.decode()
    assert browser.get("/admin/").status_code == 302
    wrong = sign_in(browser, "000000")
    assert "That code is not right" in wrong.content.decode()
    slow = sign_in(browser, code_of(device))
    assert "has to wait a little" in slow.content.decode()
    device.refresh_from_db()
    unslowed(device)
    assert sign_in(browser, code_of(device)).status_code == 302
    assert browser.get("/admin/").status_code == 200


def test_a_code_is_good_once(browser: Browser, clerk: User, with_app: Give) -> None:
    device = with_app(clerk)
    code = code_of(device)
    assert sign_in(browser, code).status_code == 302
    again = sign_in(Browser(), code)
    assert "was used before" in again.content.decode()
    unslowed(device)
    assert sign_in(Browser(), code_of(device, ahead=1)).status_code == 302


def test_a_recovery_code_lets_in_once(
    browser: Browser, clerk: User, with_app: Give
) -> None:
    codes = second_factor.confirm(clerk, with_app(clerk))
    spaced = f" {codes[0][:4].upper()} {codes[0][4:]} "
    assert sign_in(browser, spaced).status_code == 302
    assert browser.get("/admin/").status_code == 200
    assert sign_in(Browser(), codes[0]).status_code == 200
    assert StaticToken.objects.count() == 9


def test_an_app_set_up_later_makes_other_sessions_insufficient_at_once(
    browser: Browser, clerk: User
) -> None:
    other = Browser()
    for each in (browser, other):
        each.force_login(clerk)
        assert each.get("/admin/").status_code == 200
    browser.get(SET_UP)
    browser.post(SET_UP, {"code": code_of(TOTPDevice.objects.get())})
    assert browser.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    answer = other.get(SET_UP)
    assert answer["Location"].startswith("/account/login/")


def test_replacing_needs_a_code_and_keeps_the_old_app_until_the_new_is_confirmed(
    browser: Browser, clerk: User, with_app: Give
) -> None:
    old = with_app(clerk)
    assert sign_in(browser, code_of(old)).status_code == 302
    refused = browser.post(SET_UP, {"move": "replace", "code": "000000"})
    assert "That code is not right" in refused.content.decode()
    unslowed(old)
    answer = browser.post(
        SET_UP, {"move": "replace", "code": code_of(old, ahead=1)}, follow=True
    )
    assert "<svg" in answer.content.decode()
    assert second_factor.device_of(clerk) == old
    new = TOTPDevice.objects.get(confirmed=False)
    done = browser.post(SET_UP, {"code": code_of(new)})
    assert "not shown again" in done.content.decode()
    assert second_factor.device_of(clerk) == new
    assert not TOTPDevice.objects.filter(pk=old.pk).exists()
    assert browser.get("/admin/").status_code == 200


def test_giving_up_needs_a_code(
    browser: Browser, clerk: User, with_app: Give, settings: Settings
) -> None:
    device = with_app(clerk)
    sign_in(browser, code_of(device))
    browser.post(SET_UP, {"move": "give_up", "code": ""})
    assert second_factor.device_of(clerk) == device
    browser.post(SET_UP, {"move": "give_up", "code": code_of(device, ahead=1)})
    assert second_factor.device_of(clerk) is None
    assert browser.get("/admin/").status_code == 200
    settings.SECOND_FACTOR_REQUIRED = True
    assert browser.get("/admin/").status_code == 302


def test_where_it_is_required_staff_cannot_do_without(
    browser: Browser, clerk: User, with_app: Give, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    device = with_app(clerk)
    sign_in(browser, code_of(device))
    assert "Do without" not in browser.get(SET_UP).content.decode()
    browser.post(SET_UP, {"move": "give_up", "code": code_of(device, ahead=1)})
    assert second_factor.device_of(clerk) == device


def test_another_users_app_proves_nothing(
    browser: Browser, clerk: User, manager: User, with_app: Give
) -> None:
    with_app(clerk)
    theirs = with_app(manager)
    assert sign_in(browser, code_of(theirs)).status_code == 200
    assert browser.get("/admin/").status_code == 302


def test_wrong_codes_lock_out_like_wrong_passwords(
    browser: Browser, clerk: User, with_app: Give
) -> None:
    device = with_app(clerk)
    for _ in range(4):
        assert sign_in(browser, "000000").status_code == 200
        unslowed(device)
    assert sign_in(browser, "000000").status_code == 429
    unslowed(device)
    assert sign_in(browser, code_of(device)).status_code == 429
