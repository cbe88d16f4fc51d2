"""Single sign-on at a real provider: who is let in, as whom, with which roles."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from pytest_django import Settings
from social_django.models import UserSocialAuth

from backoffice.models import Invitation
from backoffice.roles import AUDITOR, CLERK, MANAGER
from backoffice.signin.second_factor import SINGLE_SIGN_ON
from tests.backoffice.signin.provider import CLIENT_ID, CLIENT_SECRET, Provider

pytestmark = pytest.mark.django_db

BEGIN = "/account/sso/login/oidc/"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def company(running: Provider, settings: Settings) -> Provider:
    """The company's provider, and a back office that knows it."""
    settings.OIDC_ISSUER = running.url
    settings.OIDC_NAME = "Atlas Re"
    settings.OIDC_ROLES = {
        "re-clerks": "Clerk",
        "re-managers": "Manager",
        "re-robots": "Integrator",
    }
    settings.SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = running.url
    settings.SOCIAL_AUTH_OIDC_KEY = CLIENT_ID
    settings.SOCIAL_AUTH_OIDC_SECRET = CLIENT_SECRET
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS, SINGLE_SIGN_ON,
    ]  # fmt: skip
    running.lie = {}
    running.signs_with = running.key
    running.person = {
        "sub": "u-1",
        "email": "Anna@Atlas.example",
        "email_verified": True,
        "preferred_username": "anna",
        "given_name": "Anna",
        "family_name": "Berg",
        "groups": ["re-clerks", "everybody"],
    }
    return running


@pytest.fixture
def anna(db: None, manager: User) -> User:
    """An invited person who has not answered yet."""
    user = User.objects.create_user("anna", email="anna@atlas.example", is_active=False)
    Invitation.objects.create(user=user, invited_by=manager)
    return user


def came_back(browser: Browser, **data: str) -> str:
    """Where the provider sends the browser after the person signed in there."""
    answer = browser.post(BEGIN, data)
    assert answer.status_code == 302
    at_provider = requests.get(answer["Location"], allow_redirects=False, timeout=5)
    parts = urlsplit(at_provider.headers["Location"])
    assert parts.netloc == "testserver"
    return f"{parts.path}?{parts.query}"


def sign_in(browser: Browser, **data: str) -> Any:
    return browser.get(came_back(browser, **data))


def is_in(browser: Browser) -> bool:
    return "_auth_user_id" in browser.session


def test_an_invited_person_is_found_by_the_verified_address(
    browser: Browser, company: Provider, anna: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    page = browser.get("/admin/login/?next=/admin/importers/ingestion/")
    assert "Sign in with Atlas Re" in page.content.decode()
    answer = sign_in(browser, next="/admin/importers/ingestion/")
    assert answer["Location"] == "/admin/importers/ingestion/"
    assert browser.get("/admin/importers/ingestion/").status_code == 200
    anna.refresh_from_db()
    assert (anna.is_active, anna.is_staff, anna.is_superuser) == (True, True, False)
    assert list(anna.groups.values_list("name", flat=True)) == ["Clerk"]
    assert not Invitation.objects.exists()
    known = UserSocialAuth.objects.get()
    assert (known.user, known.uid, known.extra_data) == (anna, "u-1", {})


def test_the_next_time_the_key_counts_and_the_groups_are_followed(
    browser: Browser, company: Provider, anna: User
) -> None:
    sign_in(browser)
    anna.groups.add(Group.objects.get(name=AUDITOR.name))
    company.person |= {"email": "anna.new@atlas.example", "groups": ["re-managers"]}
    sign_in(Browser())
    names = set(anna.groups.values_list("name", flat=True))
    assert names == {MANAGER.name, AUDITOR.name}
    company.person |= {"groups": ["re-robots"]}
    sign_in(Browser())
    anna.refresh_from_db()
    assert not anna.is_staff
    assert browser.get("/admin/").status_code == 302


def test_who_is_in_no_mapped_group_is_refused_and_nothing_is_written(
    browser: Browser, company: Provider, anna: User
) -> None:
    company.person["groups"] = ["everybody"]
    answer = sign_in(browser)
    assert answer.status_code == 403
    assert "in none of the groups" in answer.content.decode()
    assert not is_in(browser)
    assert not UserSocialAuth.objects.exists()
    anna.refresh_from_db()
    assert not anna.is_active


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_is_not_verified_finds_nobody(
    browser: Browser, company: Provider, anna: User, verified: Any
) -> None:
    company.person["email_verified"] = verified
    answer = sign_in(browser)
    assert answer.status_code == 403
    assert "Nobody has given you access yet" in answer.content.decode()
    assert not is_in(browser)


def test_who_was_not_invited_is_not_found_by_address(
    browser: Browser, company: Provider, manager: User
) -> None:
    User.objects.filter(pk=manager.pk).update(email="anna@atlas.example")
    assert sign_in(browser).status_code == 403
    assert not UserSocialAuth.objects.exists()
    assert User.objects.count() == 1


def test_who_belongs_to_another_key_is_not_found_by_address(
    browser: Browser, company: Provider, anna: User, manager: User
) -> None:
    sign_in(browser)
    Invitation.objects.create(user=anna, invited_by=manager)
    company.person["sub"] = "u-2"
    assert sign_in(Browser()).status_code == 403


def test_a_superuser_is_neither_found_nor_let_in(
    browser: Browser, company: Provider, anna: User
) -> None:
    User.objects.filter(pk=anna.pk).update(is_superuser=True)
    assert sign_in(browser).status_code == 403
    User.objects.filter(pk=anna.pk).update(is_superuser=False)
    assert sign_in(browser).status_code == 302
    User.objects.filter(pk=anna.pk).update(is_superuser=True)
    answer = sign_in(Browser())
    assert answer.status_code == 403
    assert "Administrators sign in with their password" in answer.content.decode()


def test_who_was_switched_off_stays_out(
    browser: Browser, company: Provider, anna: User
) -> None:
    sign_in(browser)
    User.objects.filter(pk=anna.pk).update(is_active=False)
    answer = sign_in(Browser())
    assert answer.status_code == 403
    assert "switched off" in answer.content.decode()
    anna.refresh_from_db()
    assert not anna.is_active


def test_users_are_made_only_where_that_is_wanted(
    browser: Browser, company: Provider, settings: Settings
) -> None:
    assert sign_in(browser).status_code == 403
    assert not User.objects.exists()
    settings.OIDC_CREATE_USERS = True
    company.person["groups"] = []
    assert sign_in(browser).status_code == 403
    assert not User.objects.exists()
    company.person["groups"] = "re-clerks"
    assert sign_in(browser)["Location"] == "/account/"
    made = User.objects.get()
    assert (made.username, made.email, made.get_full_name()) == (
        "anna", "Anna@atlas.example", "Anna Berg",
    )  # fmt: skip
    assert not made.has_usable_password()
    assert made.groups.get().name == CLERK.name


def test_a_state_that_is_missing_or_wrong_is_refused(
    browser: Browser, company: Provider, anna: User
) -> None:
    address = came_back(browser)
    path, _, query = address.partition("?")
    code = query.partition("&")[0]
    for wrong in (code, f"{code}&state=made-up", "state=made-up"):
        answer = browser.get(f"{path}?{wrong}")
        assert answer.status_code in (400, 403)
        assert "not begun" in answer.content.decode()
    stolen = Browser().get(address)
    assert stolen.status_code == 403
    assert not UserSocialAuth.objects.exists()


def test_an_answer_is_good_once(
    browser: Browser, company: Provider, anna: User
) -> None:
    address = came_back(browser)
    assert browser.get(address).status_code == 302
    assert browser.get(address).status_code == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"iss": "https://another.example"},
        {"exp": 1},
        {"iat": 1},
    ],
)
def test_a_token_that_is_not_for_us_is_refused(
    browser: Browser, company: Provider, anna: User, lie: dict[str, Any]
) -> None:
    company.lie = lie
    answer = sign_in(browser)
    assert answer.status_code in (403, 502)
    assert "could not be completed" in answer.content.decode()
    assert not is_in(browser)


def test_a_token_signed_by_another_key_is_refused(
    browser: Browser, company: Provider, anna: User
) -> None:
    company.signs_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert sign_in(browser).status_code == 502
    assert not is_in(browser)


def test_somebody_elses_session_is_not_joined_to_the_company_account(
    browser: Browser, company: Provider, anna: User, manager: User
) -> None:
    address = came_back(browser)
    browser.force_login(manager)
    browser.get(address)
    assert UserSocialAuth.objects.get().user == anna
    assert browser.session["_auth_user_id"] == str(anna.pk)


def test_who_calls_it_off_reads_so(browser: Browser, company: Provider) -> None:
    browser.post(BEGIN)
    answer = browser.get("/account/sso/complete/oidc/?error=access_denied")
    assert answer.status_code == 403
    assert "called the sign-in off" in answer.content.decode()


def test_another_sites_address_is_not_led_to(
    browser: Browser, company: Provider, anna: User
) -> None:
    answer = sign_in(browser, next="https://evil.example/")
    assert answer["Location"].startswith("/account/")
    assert "evil" not in answer["Location"].partition("?")[0]


def test_a_get_begins_nothing(browser: Browser, company: Provider) -> None:
    assert browser.get(BEGIN).status_code == 405


def test_without_a_provider_there_is_none(browser: Browser, db: None) -> None:
    assert "Sign in with" not in browser.get("/admin/login/").content.decode()
    assert browser.post(BEGIN).status_code == 404
    assert browser.get("/account/sso/complete/oidc/").status_code == 404
