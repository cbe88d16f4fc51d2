"""Every address, role by role and method by method, against the table of access."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from oauth2_provider.models import AccessToken

from backoffice import permission_sets
from backoffice.access.scopes import SCOPES
from backoffice.access.table import TABLE, rule_of
from backoffice.models import Client
from backoffice.roles import (
    AUDITOR,
    CLERK,
    INTEGRATOR,
    MANAGER,
    OPERATOR,
    ROLES,
    Role,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAMPLES = {
    "pk": "987654321", "id": "987654321", "object_id": "987654321", "slug": "claims",
    "content_type_id": "1", "extension": "csv", "move": "nothing", "code": "invalid",
    "uid": "MQ", "uidb64": "MQ", "token": "set-password", "backend": "oidc",
    "app_label": "reinsurance",
}  # fmt: skip


def addresses(
    patterns: Sequence[Any], spaces: tuple[str, ...] = (), route: str = ""
) -> Iterator[tuple[str, str]]:
    """Name and a real path of every address below."""
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from addresses(pattern.url_patterns, inner, here)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield ":".join((*spaces, pattern.name)), path_of(pattern, here)


def path_of(pattern: URLPattern, route: str) -> str:
    """A path with samples for what it asks for."""
    if "^" in route:  # a regular expression of Django's own
        return "/" + route.partition("^")[0] + f"{SAMPLES['app_label']}/"

    def sample(found: re.Match[str]) -> str:
        kind, name = found["kind"] or "", found["name"]
        return "claims" if kind == "slug" and name == "pk" else SAMPLES[name]

    return "/" + re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", sample, route)


ADDRESSES = dict(addresses(get_resolver().url_patterns))
ADDRESSES["admin:autocomplete"] += (
    "?app_label=reinsurance&model_name=treaty&field_name=cedant"
)


def test_the_table_has_every_address_and_no_other() -> None:
    assert ADDRESSES.keys() - TABLE.keys() == set()
    # Single sign-on has addresses only where it is configured.
    lacking = {
        name for name in TABLE.keys() - ADDRESSES.keys() if "social:" not in name
    }
    assert lacking == set()


@pytest.fixture(autouse=True)
def _remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user may do is asked once: in a test's transaction nothing is kept."""
    known: dict[str, Any] = {}

    def remembered(topic: Any, key: str, make: Callable[[], Any], **_: Any) -> Any:
        return known[key] if key in known else known.setdefault(key, make())

    monkeypatch.setattr(permission_sets, "remembered", remembered)


@pytest.fixture(autouse=True)
def _unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are not painted: the walk asks whether they open, some thousand times."""
    monkeypatch.setattr(TemplateResponse, "rendered_content", "")


def is_refused(answer: HttpResponse) -> bool:
    """Whether the answer says that one may not, or has to sign in first."""
    if answer.status_code in {401, 403}:
        return True
    target = answer.get("Location", "")
    return answer.status_code == 302 and "/login/?next=" in target


def wrong_about(browser: Browser, user: Any, *, may_enter: bool) -> str:
    """Addresses that answer another way than the table says, line by line.

    Methods that no rule allows are left to the strongest user and to nobody: what
    these are refused, nobody between them gets.
    """
    wrong = []
    tries_all = user.is_superuser or user.is_anonymous
    for name, path in ADDRESSES.items():
        if name in {"account:logout", "admin:logout", "auth:logout"}:
            continue  # the walk would end here
        for method in METHODS:
            rule = rule_of(name, method)
            if rule is None and not tries_all:
                continue
            answer = browser.generic(method, path, b"", content_type="application/json")
            if rule is not None and rule.is_for_clients:
                expected = answer.status_code in {400, 401, 403}
            elif rule is None:
                expected = answer.status_code in {401, 403, 404, 405} or is_refused(
                    answer
                )
            else:
                admitted = rule.admits(user)
                if name.startswith(("admin:", "admin-")) and not rule.is_public:
                    admitted = admitted and may_enter
                expected = is_refused(answer) is not admitted
            if not expected:
                wrong.append(f"{method} {path} ({name}): {answer.status_code}")
    return "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_may_what_the_table_says(
    role: Role, user_with: Callable[[Role], User], db: None
) -> None:
    user = user_with(role)
    browser = Browser()
    browser.force_login(user)
    assert wrong_about(browser, user, may_enter=True) == ""


def test_who_is_not_staff_enters_no_page_of_the_admin(
    user_with: Callable[[Role], User], db: None
) -> None:
    user = user_with(INTEGRATOR)
    User.objects.filter(pk=user.pk).update(is_staff=False)
    browser = Browser()
    browser.force_login(user)
    assert wrong_about(browser, user, may_enter=False) == ""


def test_without_a_role_one_may_nothing(db: None) -> None:
    user = User.objects.create_user("nobody", is_staff=True)
    browser = Browser()
    browser.force_login(user)
    assert wrong_about(browser, user, may_enter=True) == ""
    assert browser.get("/api/v1/claims/").status_code == 403


def test_a_superuser_may_all_that_anybody_may(db: None) -> None:
    user = User.objects.create_superuser("root")
    browser = Browser()
    browser.force_login(user)
    assert wrong_about(browser, user, may_enter=True) == ""


def test_who_is_not_signed_in_gets_in_nowhere(db: None) -> None:
    assert wrong_about(Browser(), AnonymousUser(), may_enter=False) == ""


def test_the_ways_the_roles_differ() -> None:
    def may(role: Role, name: str, method: str) -> bool:
        rule = rule_of(name, method)
        assert rule is not None
        return bool(set(rule.permissions) & role.permissions)

    moves = ("ingestions-list", "ingestions-reject", "ingestions-undo", "feeds-sync")
    able = {
        move: {role.name for role in ROLES if may(role, f"api:{move}", "POST")}
        for move in moves
    }
    assert able == {
        "ingestions-list": {CLERK.name, MANAGER.name, INTEGRATOR.name},
        "ingestions-reject": {MANAGER.name},
        "ingestions-undo": {MANAGER.name},
        "feeds-sync": {MANAGER.name, OPERATOR.name, INTEGRATOR.name},
    }
    readers = {role.name for role in ROLES if may(role, "api:claims-list", "GET")}
    assert readers == {role.name for role in ROLES}
    writing = [
        name
        for name, rules in TABLE.items()
        for rule in [rules.get("POST")]
        if rule and set(rule.permissions) & AUDITOR.permissions
    ]
    # Lists that may be searched and exported by POST change nothing.
    assert not [name for name in writing if not name.endswith(("changelist", "export"))]


@pytest.mark.parametrize("scope", [*SCOPES, ""])
def test_a_token_is_good_for_its_scope_alone(
    scope: str, user_with: Callable[[Role], User], db: None
) -> None:
    user = user_with(MANAGER)
    user.is_staff = False
    user.save()
    user.groups.add(*User.objects.get(pk=user.pk).groups.all())
    client = Client.objects.create(
        name="System",
        user=user,
        client_type="confidential",
        authorization_grant_type="client-credentials",
        scopes=list(SCOPES),
    )
    AccessToken.objects.create(
        application=client,
        token="secret-token",
        expires=timezone.now() + timedelta(hours=1),
        scope=scope,
    )
    headers = {"Authorization": "Bearer secret-token"}
    browser = Browser()
    wrong = []
    for name, path in ADDRESSES.items():
        for method in ("GET", "POST"):
            rule = rule_of(name, method)
            if not name.startswith("api:") or rule is None or rule.is_public:
                continue
            answer = browser.generic(
                method, path, b"", content_type="application/json", headers=headers
            )
            refused = answer.status_code == 403
            if refused is (rule.scope == scope):
                wrong.append(f"{method} {path}: {answer.status_code}")
            elif refused and answer.json()["code"] != "missing_scope":
                wrong.append(f"{method} {path}: {answer.json()['code']}")
    assert wrong == []
