"""The audit log of what no page and no program asked for: commands and the shell."""

import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backoffice.audit.entries import AuditEntry
from backoffice.models import Client
from backoffice.roles import AUDITOR, CLERK, load_roles
from reinsurance.models import CedantLimit, Party


@pytest.fixture
def ina(db: None) -> User:
    return User.objects.create_user("ina", password="ina-long-password")


class Since:
    """The entries that were written from now on."""

    def __init__(self) -> None:
        self._last = AuditEntry.objects.order_by("pk").last()

    def entries(self, *names: str) -> list[tuple[Any, ...]]:
        """Values of them, the oldest first; all by the system."""
        last = self._last.pk if self._last else 0
        found = AuditEntry.objects.filter(pk__gt=last).order_by("pk")
        assert {(entry.door, entry.name) for entry in found} <= {("system", "")}
        return list(found.values_list(*names))

    def changes(self) -> list[Any]:
        """Who was changed, and how."""
        found = self.entries("kind", "called", "details")
        assert {kind for kind, _, _ in found} <= {"changed"}
        return [(called, details) for _, called, details in found]


@pytest.mark.django_db(transaction=True)
def test_a_superuser_made_on_the_machine(process_environment: dict[str, str]) -> None:
    who = ["--no-input", "--username", "boss", "--email", "boss@example.com"]
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", *who],
        env={**process_environment, "DJANGO_SUPERUSER_PASSWORD": "boss-long-password"},
        check=True,
    )
    entry = AuditEntry.objects.get(called="boss")
    assert (entry.kind, entry.door, entry.record) == (
        "added",
        "system",
        str(User.objects.get().pk),
    )
    assert entry.page == "manage.py createsuperuser"
    assert entry.details == {
        "username": "boss",
        "is_active": True,
        "is_staff": True,
        "is_superuser": True,
    }


def test_a_user_who_is_changed(ina: User) -> None:
    since = Since()
    ina.is_superuser = True
    ina.email = "ina@example.com"
    ina.save(update_fields=["email"])
    assert since.changes() == []
    ina.save()
    assert since.changes() == [("ina", {"is_superuser": [False, True]})]


def test_what_decides_nothing_is_not_noted(ina: User) -> None:
    since = Since()
    ina.email = "ina@example.com"
    ina.save()
    ina.last_login = timezone.now()
    ina.save(update_fields=["last_login"])
    ina.groups.set([])
    assert since.entries("kind") == []


def test_a_password(ina: User) -> None:
    since = Since()
    ina.set_password("another-long-password")
    ina.save()
    assert since.entries("kind", "called") == [("password changed", "ina")]


@pytest.mark.parametrize("is_reverse", [False, True], ids=["user", "role"])
def test_roles_given_and_taken(ina: User, is_reverse: bool) -> None:
    clerk = Group.objects.get(name=CLERK.name)
    roles: Any = clerk.user_set if is_reverse else ina.groups
    member: Any = ina if is_reverse else clerk
    since = Since()
    roles.add(member)
    roles.remove(member)
    roles.add(member)
    roles.clear()
    assert since.changes() == [
        ("ina", {"roles": [[], ["Clerk"]]}),
        ("ina", {"roles": [["Clerk"], []]}),
        ("ina", {"roles": [[], ["Clerk"]]}),
        ("ina", {"roles": [["Clerk"], []]}),
    ]


def test_permissions_given(ina: User) -> None:
    since = Since()
    ina.user_permissions.add(Permission.objects.get(codename="approve_ingestion"))
    given = ["importers.approve_ingestion"]
    assert since.changes() == [("ina", {"permissions": [[], given]})]


def test_a_role_that_an_upgrade_changes(db: None) -> None:
    load_roles()
    auditor = Group.objects.get(name=AUDITOR.name)
    strange = Permission.objects.get(codename="approve_ingestion")
    auditor.permissions.add(strange)
    since = Since()
    load_roles()
    ((called, details),) = since.changes()
    assert called == "Auditor"
    before, after = details["permissions"]
    assert set(before) - set(after) == {"importers.approve_ingestion"}
    assert set(after) == AUDITOR.permissions


def test_a_user_costs_little(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    clerk = Group.objects.get(name=CLERK.name)
    with django_assert_num_queries(2):  # the user, the entry
        ina = User.objects.create_user("ina")
    with django_assert_num_queries(2 + 3):  # the roles before and after, the entry
        ina.groups.add(clerk)


def test_cedants(ina: User) -> None:
    since = Since()
    limit = CedantLimit.objects.create(
        user=ina, cedant=Party.objects.create(code="ANDES", name="Andes")
    )
    limit.delete()
    assert since.changes() == [
        ("ina", {"cedants": [[], [str(limit.cedant)]]}),
        ("ina", {"cedants": [[str(limit.cedant)], []]}),
    ]


def test_clients_and_tokens(ina: User) -> None:
    since = Since()
    client = Client.objects.create(
        name="Andes claims system",
        client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
        client_secret="a-long-secret",
        scopes=["read"],
        user=ina,
    )
    client.scopes = ["ingest", "read"]
    client.save()
    call_command("drf_create_token", "ina", verbosity=0)
    client.delete()
    assert since.entries("kind", "called") == [
        ("added", "Andes claims system"),
        ("changed", "Andes claims system"),
        ("token issued", "ina"),
        ("deleted", "Andes claims system"),
    ]
    assert "a-long-secret" not in str(since.entries("details"))


def test_who_is_deleted_is_still_named(ina: User) -> None:
    ina.groups.add(Group.objects.get(name=CLERK.name))
    andes = Party.objects.create(code="ANDES", name="Andes")
    CedantLimit.objects.create(user=ina, cedant=andes)
    since = Since()
    ina.delete()
    ((kind, called, details),) = since.entries("kind", "called", "details")
    assert (kind, called) == ("deleted", "ina")
    assert (details["roles"], details["cedants"]) == (["Clerk"], [str(andes)])
