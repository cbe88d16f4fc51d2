"""Whom a request to the API comes from."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.utils import timezone
from oauth2_provider.models import AccessToken
from pytest_django import DjangoAssertNumQueries
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIClient

from backoffice.models import Client
from backoffice.signin import authentication
from backoffice.signin.authentication import ClientAuthentication
from reinsurance.models import CedantLimit, Party
from reinsurance.visibility import cedants_of

pytestmark = pytest.mark.django_db

ME = "/api/v1/auth/users/me/"


def token_of(client: Client, user: User | None = None, **more: Any) -> str:
    """An access token as the endpoint would have issued it."""
    text = f"token-{AccessToken.objects.count()}"
    AccessToken.objects.create(
        **{
            "application": client,
            "user": user,
            "token": "",
            "token_checksum": hashlib.sha256(text.encode()).hexdigest(),
            "scope": "read ingest",
            "expires": timezone.now() + timedelta(hours=1),
            **more,
        }
    )
    AccessToken.objects.filter(pk=AccessToken.objects.latest("pk").pk).update(
        token_checksum=hashlib.sha256(text.encode()).hexdigest()
    )
    return text


def request_with(token: str) -> Request:
    header = f"Bearer {token}"
    return Request(RequestFactory().get("/api/v1/", HTTP_AUTHORIZATION=header))


def authenticated(token: str) -> tuple[User, Any]:
    found = ClientAuthentication().authenticate(request_with(token))
    assert found is not None
    return found


def test_a_system_acts_as_its_service_account_in_one_query(
    system: Client, robot: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = token_of(system)
    with django_assert_num_queries(1):
        user, access = authenticated(token)
        assert cedants_of(user) is None
        assert access.application.user == user
    assert user == robot
    assert access.scope == "read ingest"


def test_an_app_acts_as_the_person(app: Client, person: User) -> None:
    user, access = authenticated(token_of(app, person, scope="read"))
    assert (user, access.scope) == (person, "read")


def test_a_scope_that_was_taken_from_the_client_is_gone_at_once(
    system: Client,
) -> None:
    token = token_of(system)
    Client.objects.update(scopes=["read"])
    assert authenticated(token)[1].scope == "read"


def test_both_limits_count(system: Client, robot: User) -> None:
    token = token_of(system)
    andes, borneo, cairo = (
        Party.objects.create(code=code, name=code) for code in ("A", "B", "C")
    )
    system.cedants.set([andes, borneo])
    assert cedants_of(authenticated(token)[0]) == {andes.pk, borneo.pk}
    CedantLimit.objects.create(user=robot, cedant=borneo)
    CedantLimit.objects.create(user=robot, cedant=cairo)
    assert cedants_of(authenticated(token)[0]) == {borneo.pk}
    system.cedants.set([andes])
    assert cedants_of(authenticated(token)[0]) == frozenset()
    system.cedants.clear()
    assert cedants_of(authenticated(token)[0]) == {borneo.pk, cairo.pk}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"user__is_active": False}, authentication.ACCOUNT_OFF),
        ({"user__is_staff": True}, authentication.ACCOUNT_STAFF),
        ({"user__is_superuser": True}, authentication.ACCOUNT_STAFF),
        ({"is_active": False}, authentication.CLIENT_OFF),
        ({"user": None}, authentication.ACCOUNT_OFF),
    ],
)
def test_a_token_is_refused_with_clear_words(
    system: Client, robot: User, change: dict[str, Any], said: str
) -> None:
    token = token_of(system)
    for name, value in change.items():
        if name.startswith("user__"):
            User.objects.filter(pk=robot.pk).update(**{name[6:]: value})
        else:
            Client.objects.update(**{name: value})
    with pytest.raises(AuthenticationFailed) as refused:
        authenticated(token)
    assert str(refused.value.detail) == said


def test_old_and_unknown_tokens_are_refused(system: Client, api: APIClient) -> None:
    old = token_of(system, expires=timezone.now() - timedelta(seconds=1))
    for token in (old, "unknown", ""):
        answer = api.get(ME, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert api.get(f"{ME}?access_token={token_of(system)}").status_code == 401


def test_a_token_for_another_place_is_refused(system: Client, api: APIClient) -> None:
    elsewhere = token_of(system, resource=["https://other.example/"])
    answer = api.get(ME, headers={"Authorization": f"Bearer {elsewhere}"})
    assert answer.status_code == 401
    here = token_of(system, resource=["http://testserver/api/v1/"])
    answer = api.get(ME, headers={"Authorization": f"Bearer {here}"})
    assert answer.status_code == 200


# -- login tokens ---------------------------------------------------------------------


def test_a_login_token_is_good_for_thirty_days(person: User, api: APIClient) -> None:
    token = Token.objects.create(user=person)
    header = {"Authorization": f"Token {token.key}"}
    assert api.get(ME, headers=header).status_code == 200
    Token.objects.update(created=timezone.now() - timedelta(days=30, seconds=1))
    answer = api.get(ME, headers=header)
    assert answer.status_code == 401
    assert "older than 30 days. Sign in anew." in str(answer.json())


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_a_login_token_of_staff_is_refused(
    person: User, api: APIClient, right: str
) -> None:
    token = Token.objects.create(user=person)
    User.objects.filter(pk=person.pk).update(**{right: True})
    answer = api.get(ME, headers={"Authorization": f"Token {token.key}"})
    assert answer.status_code == 401
    assert "by-pass the second factor" in str(answer.json())


# -- sessions -------------------------------------------------------------------------


def test_a_session_counts_once_its_second_factor_is_proved(
    clerk: User, api: APIClient, settings: Any, with_app: Any
) -> None:
    api.force_login(clerk)
    assert api.get(ME).status_code == 200
    with_app(clerk)
    answer = api.get(ME)
    assert answer.status_code == 401
    assert "second factor" in str(answer.json())


def test_a_session_of_staff_without_an_app_is_not_enough_where_it_is_required(
    clerk: User, person: User, api: APIClient, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    api.force_login(clerk)
    assert api.get(ME).status_code == 401
    api.force_login(person)
    assert api.get(ME).status_code == 200


def test_a_session_needs_the_csrf_token(person: User) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(person)
    answer = browser.patch(ME, {"first_name": "X"})
    assert answer.status_code == 403
    assert "CSRF" in str(answer.json())
