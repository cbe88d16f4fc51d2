"""The pages under /account/: in, out, passwords and mailed links."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client as Browser
from pytest_django import Settings
from rest_framework.authtoken.models import Token

from backoffice.models import Client, Invitation
from backoffice.signin import passwords
from tests.backoffice.signin.conftest import deliver
from tests.backoffice.signin.test_authentication import token_of

pytestmark = pytest.mark.django_db

NEW = "a-quite-different-one"
TWICE = {"new_password1": NEW, "new_password2": NEW}


def link() -> str:
    """The path of the link in the last mail."""
    deliver()
    found = re.search(r"http://testserver(/account/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_who_is_not_staff_signs_in_and_sees_the_own_account(
    browser: Browser, person: User
) -> None:
    data = {"username": "ines", "password": "ines-long-password"}
    refused = browser.post("/admin/login/", data)
    assert "not for the back office" in refused.content.decode()
    answer = browser.post("/account/login/", data, follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    assert "Change your password" in answer.content.decode()
    led = browser.get("/admin/", follow=True).content.decode()
    assert "You are signed in as ines." in led
    out = browser.post("/account/logout/")
    assert "You are signed out." in out.content.decode()
    assert browser.get("/account/").status_code == 302


def test_staff_go_to_work(browser: Browser, clerk: User) -> None:
    data = {"username": "clerk", "password": "clerk-password"}
    answer = browser.post("/account/login/", data, follow=True)
    assert answer.redirect_chain == [("/account/", 302), ("/admin/", 302)]
    menu = browser.get("/admin/").content.decode()
    assert '"/account/second-factor/"' in menu
    led = browser.get("/admin/password_change/")
    assert led["Location"] == "/account/password/"
    out = browser.post("/admin/logout/")
    assert "You are signed out." in out.content.decode()


def test_one_is_not_led_to_another_site(browser: Browser, person: User) -> None:
    data = {
        "username": "ines",
        "password": "ines-long-password",
        "next": "https://evil.example/",
    }
    assert browser.post("/account/login/", data)["Location"] == "/account/"


def test_a_changed_password_ends_other_sessions_and_tokens(
    browser: Browser, person: User, app: Client
) -> None:
    other = Browser()
    browser.force_login(person)
    other.force_login(person)
    Token.objects.create(user=person)
    access = token_of(app, person)
    page = browser.post(
        "/account/password/", {"old_password": "ines-long-password", **TWICE}
    )
    assert page["Location"] == "/account/"
    assert "Your password was changed." in browser.get("/account/").content.decode()
    assert other.get("/account/").status_code == 302
    assert not Token.objects.exists()
    me = other.get(
        "/api/v1/auth/users/me/", headers={"Authorization": f"Bearer {access}"}
    )
    assert me.status_code == 401


def test_a_password_has_to_be_good_and_the_old_one_right(
    browser: Browser, person: User
) -> None:
    browser.force_login(person)
    wrong = {"old_password": "wrong", **TWICE}
    assert browser.post("/account/password/", wrong).status_code == 200
    easy = {
        "old_password": "ines-long-password",
        "new_password1": "123456789",
        "new_password2": "123456789",
    }
    text = browser.post("/account/password/", easy).content.decode()
    assert "at least 12 characters" in text
    person.refresh_from_db()
    assert person.check_password("ines-long-password")


def test_who_has_an_app_proves_it_before_changing_the_password(
    browser: Browser, person: User, with_app: Any
) -> None:
    browser.force_login(person)
    with_app(person)
    answer = browser.get("/account/password/")
    assert answer["Location"].startswith("/account/login/?next=")


def test_a_forgotten_password_is_chosen_anew_by_mail(
    browser: Browser, person: User
) -> None:
    known = browser.post("/account/forgotten/", {"email": person.email})
    unknown = browser.post("/account/forgotten/", {"email": "no@example.com"})
    assert "If we know this address" in known.content.decode()
    assert "If we know this address" in unknown.content.decode()
    deliver()
    assert len(mail.outbox) == 1
    assert mail.outbox[0].subject == "Choose a new password"
    address = link()
    moved = browser.get(address)
    assert moved["Location"].endswith("/choose/")
    page = browser.get(moved["Location"])
    assert "For the user name ines." in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"
    done = browser.post(moved["Location"], TWICE, follow=True)
    assert "Your password is set." in done.content.decode()
    person.refresh_from_db()
    assert person.check_password(NEW)
    again = browser.get(address)
    assert again.status_code == 410
    assert "no longer good" in again.content.decode()


@pytest.mark.parametrize("page", ["reset", "activate"])
@pytest.mark.parametrize("uid", ["x", "OTk5OTk", "%00", "MQ"])
def test_a_link_that_was_made_up_is_refused(
    browser: Browser, person: User, page: str, uid: str
) -> None:
    for token in ("made-up", "choose"):
        answer = browser.get(f"/account/{page}/{uid}/{token}/")
        assert answer.status_code == 410


def test_an_invitation_is_answered_once_and_switches_the_account_on(
    browser: Browser,
    person: User,
    clerk: User,
    rf: Any,
) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    passwords.invite(user=person, by=clerk, request=rf.get("/"))
    address = link()
    assert address.startswith("/account/activate/")
    reset = browser.get(address.replace("activate", "reset"))
    assert reset.status_code == 410
    form = browser.get(address)["Location"]
    browser.post(form, TWICE)
    person.refresh_from_db()
    assert person.is_active
    assert not Invitation.objects.exists()
    assert browser.get(address).status_code == 410


def test_a_reset_link_answers_no_invitation(browser: Browser, person: User) -> None:
    browser.post("/account/forgotten/", {"email": person.email})
    User.objects.filter(pk=person.pk).update(is_active=False)
    for page in ("reset", "activate"):
        answer = browser.get(link().replace("reset", page))
        assert answer.status_code == 410


def test_links_lead_to_the_sites_own_address_where_it_is_set(
    browser: Browser, person: User, settings: Settings
) -> None:
    settings.SITE_URL = "https://backoffice.example.com"
    browser.post("/account/forgotten/", {"email": person.email})
    deliver()
    assert "https://backoffice.example.com/account/reset/" in str(mail.outbox[0].body)
