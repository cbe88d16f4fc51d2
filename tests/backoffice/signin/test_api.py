"""djoser's views under /api/v1/auth/: login, the own account, passwords."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail
from django.urls import get_resolver
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from backoffice.models import Client, Invitation
from backoffice.signin import passwords
from tests.backoffice.signin.conftest import deliver
from tests.backoffice.signin.test_authentication import token_of

pytestmark = pytest.mark.django_db

AUTH = "/api/v1/auth"
NEW = "a-quite-different-one"


def link_in(number: int = -1) -> tuple[str, str]:
    """The uid and token of the link in a sent mail."""
    deliver()
    found = re.search(
        r"/account/(?:reset|activate)/([^/]+)/([^/]+)/", str(mail.outbox[number].body)
    )
    assert found
    return found[1], found[2]


def test_a_person_signs_in_and_out(person: User, api: APIClient) -> None:
    answer = api.post(
        f"{AUTH}/token/login/", {"username": "ines", "password": "ines-long-password"}
    )
    assert answer.status_code == 200
    key = answer.json()["auth_token"]
    assert Token.objects.get(user=person).key == key
    assert answer.cookies == {}
    assert not Session.objects.exists()
    person.refresh_from_db()
    assert person.last_login
    api.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    assert api.get(f"{AUTH}/users/me/").json() == {
        "username": "ines",
        "first_name": "",
        "last_name": "",
        "email": "ines@example.com",
        "roles": ["Integrator"],
    }
    assert api.post(f"{AUTH}/token/logout/").status_code == 204
    assert api.get(f"{AUTH}/users/me/").status_code == 401


def test_staff_get_no_login_token(clerk: User, api: APIClient) -> None:
    answer = api.post(
        f"{AUTH}/token/login/", {"username": "clerk", "password": "clerk-password"}
    )
    assert answer.status_code == 403
    assert "by-pass the second factor" in str(answer.json())
    assert not Token.objects.exists()


def test_inactive_people_get_no_login_token(person: User, api: APIClient) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    answer = api.post(
        f"{AUTH}/token/login/", {"username": "ines", "password": "ines-long-password"}
    )
    assert answer.status_code == 400


def test_nothing_else_of_djoser_is_there() -> None:
    names = {
        key for key in get_resolver("backoffice.signin.api").reverse_dict
        if isinstance(key, str)
    }  # fmt: skip
    assert names == {
        "login", "logout", "me", "set-password", "reset-password",
        "reset-password-confirm", "activation", "resend-activation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "users/"), ("get", "users/"), ("get", "users/1/"),
        ("post", "users/set_username/"), ("post", "jwt/create/"),
        ("delete", "users/me/"), ("put", "users/me/"), ("post", "users/me/"),
    ],
)  # fmt: skip
def test_no_registration_no_list_no_deletion(
    person: User, api: APIClient, method: str, path: str
) -> None:
    api.force_login(person)
    answer = getattr(api, method)(f"{AUTH}/{path}", {})
    assert answer.status_code in (404, 405)
    assert User.objects.count() == 1


def test_the_own_name_and_address_are_changed_and_nothing_else(
    person: User, api: APIClient
) -> None:
    User.objects.create_user("other", email="Other@example.com")
    api.force_login(person)
    answer = api.patch(
        f"{AUTH}/users/me/",
        {"first_name": "Inés", "username": "boss", "is_staff": True, "roles": []},
    )
    assert answer.status_code == 200
    person.refresh_from_db()
    assert (person.first_name, person.username, person.is_staff) == (
        "Inés", "ines", False,
    )  # fmt: skip
    assert person.groups.count() == 1
    taken = api.patch(f"{AUTH}/users/me/", {"email": "other@EXAMPLE.com"})
    assert taken.status_code == 400


def test_an_app_sees_whom_it_acts_for_but_changes_nothing(
    person: User, app: Client, api: APIClient
) -> None:
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token_of(app, person)}")
    assert api.get(f"{AUTH}/users/me/").json()["username"] == "ines"
    assert api.patch(f"{AUTH}/users/me/", {"first_name": "X"}).status_code == 401
    answer = api.post(
        f"{AUTH}/users/set_password/",
        {"current_password": "ines-long-password", "new_password": NEW},
    )
    assert answer.status_code == 401


def test_the_own_password_is_changed_and_tokens_end(
    person: User, api: APIClient
) -> None:
    key = Token.objects.create(user=person).key
    api.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    wrong = {"current_password": "wrong", "new_password": NEW}
    assert api.post(f"{AUTH}/users/set_password/", wrong).status_code == 400
    easy = {"current_password": "ines-long-password", "new_password": "short"}
    assert api.post(f"{AUTH}/users/set_password/", easy).status_code == 400
    right = {"current_password": "ines-long-password", "new_password": NEW}
    assert api.post(f"{AUTH}/users/set_password/", right).status_code == 204
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert not Token.objects.exists()


def test_a_reset_goes_by_mail_and_does_not_tell_who_exists(
    person: User, api: APIClient
) -> None:
    known = api.post(f"{AUTH}/users/reset_password/", {"email": "INES@example.com"})
    unknown = api.post(f"{AUTH}/users/reset_password/", {"email": "no@example.com"})
    assert (known.status_code, known.content) == (204, b"")
    assert (unknown.status_code, unknown.content) == (204, b"")
    deliver()
    assert [message.to for message in mail.outbox] == [["ines@example.com"]]
    again = api.post(f"{AUTH}/users/reset_password/", {"email": person.email})
    assert again.status_code == 204
    deliver()
    assert len(mail.outbox) == 1
    assert "http://testserver/account/reset/" in mail.outbox[0].body
    uid, token = link_in()
    data = {"uid": uid, "token": token, "new_password": NEW}
    confirm = f"{AUTH}/users/reset_password_confirm/"
    wrong = api.post(confirm, {**data, "token": "wrong"})
    assert wrong.status_code == 400
    easy = api.post(confirm, {**data, "new_password": "12345678901234"})
    assert easy.status_code == 400
    assert api.post(confirm, data).status_code == 204
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert api.post(confirm, data).status_code == 400


def test_who_is_switched_off_or_has_no_password_gets_no_mail(
    person: User, api: APIClient
) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    api.post(f"{AUTH}/users/reset_password/", {"email": person.email})
    api.post(f"{AUTH}/users/resend_activation/", {"email": person.email})
    person.set_unusable_password()
    person.is_active = True
    person.save()
    api.post(f"{AUTH}/users/reset_password/", {"email": person.email})
    deliver()
    assert mail.outbox == []


def test_an_invited_person_chooses_a_password_once(
    person: User, api: APIClient, as_admin: Any
) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    root = User.objects.get(username="root")
    passwords.invite(user=person, by=root, request=None)
    deliver()
    mail.outbox.clear()
    answer = api.post(f"{AUTH}/users/resend_activation/", {"email": person.email})
    assert answer.status_code == 204
    uid, token = link_in()
    data = {"uid": uid, "token": token, "new_password": NEW}
    assert api.post(f"{AUTH}/users/activation/", data).status_code == 204
    person.refresh_from_db()
    assert person.is_active
    assert person.check_password(NEW)
    assert not Invitation.objects.exists()
    assert api.post(f"{AUTH}/users/activation/", data).status_code == 400


def test_who_was_switched_off_does_not_switch_on_again(
    person: User, api: APIClient
) -> None:
    passwords_link = f"{AUTH}/users/reset_password/"
    api.post(passwords_link, {"email": person.email})
    uid, token = link_in()
    User.objects.filter(pk=person.pk).update(is_active=False)
    data = {"uid": uid, "token": token, "new_password": NEW}
    assert api.post(f"{AUTH}/users/activation/", data).status_code == 400
    answer = api.post(f"{AUTH}/users/reset_password_confirm/", data)
    assert answer.status_code == 400
    person.refresh_from_db()
    assert not person.is_active


def test_the_views_describe_themselves() -> None:
    generator = OpenAPISchemaGenerator(openapi.Info(title="API", default_version="v1"))
    schema = generator.get_schema(None, public=True)
    paths = {f"{schema.base_path}{path}": of for path, of in schema.paths.items()}
    assert sum(path.startswith(f"{AUTH}/") for path in paths) == 8
    assert set(paths[f"{AUTH}/users/me/"]) == {"get", "patch", "parameters"}
    taken = {
        name: sorted(schema.definitions[name]["properties"])
        for name in ("Login", "LoginToken", "Address", "PasswordChange", "Activation")
    }
    assert taken == {
        "Login": ["password", "username"],
        "LoginToken": ["auth_token"],
        "Address": ["email"],
        "PasswordChange": ["current_password", "new_password"],
        "Activation": ["new_password", "token", "uid"],
    }
