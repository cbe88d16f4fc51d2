"""The audit log: what leaves an entry, what it says, and that it stays."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import Client as Browser
from django.utils import timezone

from backoffice.audit.entries import AuditEntry, Kind
from backoffice.audit.tasks import clear_away, prune
from backoffice.audit.writing import record
from backoffice.models import Client, Invitation
from backoffice.roles import AUDITOR, CLERK, MANAGER, OPERATOR, Role
from backoffice.signin import passwords
from importers.models import Inbox, Ingestion, Source, WebService
from reinsurance.models import Claim, Party
from tests.backoffice.signin.conftest import SECRET


def entries(*names: str, **wanted: Any) -> list[tuple[Any, ...]]:
    """Values of the entries, the oldest first; without those of who was set up."""
    found = AuditEntry.objects.filter(**wanted).order_by("pk")
    if "door" not in wanted:
        found = found.exclude(door="system", kind__in=("added", "changed"))
    return list(found.values_list(*(names or ("kind", "name"))))


# -- sign-ins -------------------------------------------------------------------------


def test_in_out_and_failed(clerk: User) -> None:
    browser = Browser(REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Firefox"})
    form = {"username": "clerk", "password": "wrong"}
    browser.post("/account/login/", form)
    browser.post("/account/login/", {**form, "password": "clerk-password"})
    browser.post("/account/logout/")
    names = ("kind", "name", "person", "door", "address", "agent", "page")
    where = ("192.0.2.7", "Firefox")
    assert entries(*names) == [
        ("sign-in failed", "clerk", None, "", *where, "account:login"),
        ("signed in", "clerk", clerk.pk, "session", *where, "account:login"),
        ("signed out", "clerk", clerk.pk, "session", *where, "account:logout"),
    ]


def test_a_lock_out_is_noted_once_in_a_while(clerk: User) -> None:
    for _ in range(8):
        Browser().post("/account/login/", {"username": "clerk", "password": "wrong"})
    assert [kind for kind, _ in entries()] == ["sign-in failed"] * 4 + ["locked out"]


def test_tokens_of_clients(system: Client) -> None:
    asked = {
        "grant_type": "client_credentials",
        "client_id": system.client_id,
        "client_secret": SECRET,
        "scope": "read",
    }
    token = Browser().post("/oauth/token/", asked).json()["access_token"]
    answer = Browser().get(
        "/api/v1/claims/", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200
    Browser().post("/oauth/revoke_token/", {**asked, "token": token})
    names = ("kind", "name", "door", "client", "rows")
    assert entries(*names) == [
        ("token issued", "robot", "client", "Andes claims system", None),
        ("listed", "robot", "client", "Andes claims system", 0),
        ("token revoked", "", "client", system.client_id, None),
    ]


# -- access changed -------------------------------------------------------------------


def test_a_person_changed_in_the_admin(clerk: User, as_admin: Browser) -> None:
    manager = Group.objects.get(name=MANAGER.name)
    party = Party.objects.create(code="ANDES", name="Andes")
    address = f"/admin/auth/user/{clerk.pk}/change/"
    form = {
        "username": "clerk",
        "email": "clerk@example.com",
        "is_active": "on",
        "is_staff": "on",
        "groups": [str(manager.pk)],
        "cedant_limits-TOTAL_FORMS": "1",
        "cedant_limits-INITIAL_FORMS": "0",
        "cedant_limits-0-user": str(clerk.pk),
        "cedant_limits-0-cedant": str(party.pk),
    }
    assert as_admin.post(address, form).status_code == 302
    ((kind, name, called, details),) = entries(
        "kind", "name", "called", "details", record_type="auth.user", kind="changed"
    )
    assert (kind, name, called) == ("changed", "root", "clerk")
    assert details == {
        "roles": [["Clerk"], ["Manager"]],
        "cedants": [[], [str(party)]],
        "fields": ["Email address", "Roles"],
    }


def test_a_new_person_and_a_role(as_admin: Browser) -> None:
    form = {
        "username": "ina", "email": "ina@example.com", "is_staff": "on",
        "groups": [str(Group.objects.get(name=CLERK.name).pk)], "how": "none",
        "cedant_limits-TOTAL_FORMS": "0", "cedant_limits-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert as_admin.post("/admin/auth/user/add/", form).status_code == 302
    group = Group.objects.create(name="Helpers")
    as_admin.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Helping hands"})
    added, changed = entries("kind", "details", kind__in=["added", "changed"])
    assert added[0] == "added"
    assert added[1]["roles"] == ["Clerk"]
    assert changed == (
        "changed",
        {"name": ["Helpers", "Helping hands"], "fields": ["Name"]},
    )


def test_clients_and_their_secrets(system: Client, as_admin: Browser) -> None:
    as_admin.post(f"/admin/backoffice/client/{system.pk}/secret/")
    assert entries("kind", "called", record_type="backoffice.client") == [
        ("secret renewed", "Andes claims system"),
        ("changed", "Andes claims system"),
    ]


def test_a_service_of_which_the_secret_is_changed(
    service: WebService, as_admin: Browser
) -> None:
    page = as_admin.get(f"/admin/importers/webservice/{service.pk}/change/")
    form = page.context["adminform"].form
    data = {
        name: value
        for name, value in form.initial.items()
        if value is not None and name != "secret"
    }
    data |= {"secret": "another-secret", "name": "Andes service, new"}
    answer = as_admin.post(page.request["PATH_INFO"], data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    ((kind, details),) = entries(
        "kind", "details", record_type="importers.webservice", kind="changed"
    )
    assert "another-secret" not in str(details)
    assert "ecret" in details["said"]


def test_an_inbox_that_is_changed(as_admin: Browser) -> None:
    """Its password or key is among what may have been changed."""
    inbox = Inbox.objects.create(
        code="drop",
        name="Drop",
        source=Source.objects.create(code="drop", name="Drop"),
        record_type="claims",
        path="drop",
    )
    page = as_admin.get(f"/admin/importers/inbox/{inbox.pk}/change/")
    initial = page.context["adminform"].form.initial
    data = {name: value for name, value in initial.items() if value is not None}
    answer = as_admin.post(page.request["PATH_INFO"], {**data, "name": "Drop, new"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert entries("kind", "record", record_type="importers.inbox") == [
        ("changed", str(inbox.pk))
    ]


def test_passwords(clerk: User, as_clerk: Browser) -> None:
    words = {
        "old_password": "clerk-password",
        "new_password1": "another-password-1",
        "new_password2": "another-password-1",
    }
    assert as_clerk.post("/account/password/", words).status_code == 302
    assert entries("kind", "name", "called", kind="password changed") == [
        ("password changed", "clerk", "clerk")
    ]


def test_what_is_rolled_back_leaves_no_entry(clerk: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        passwords.choose(user=clerk, password="another-password-1")
        raise RuntimeError
    assert entries() == []


# -- personal data --------------------------------------------------------------------


def test_looks_at_claims_and_files(
    loaded: Ingestion, as_clerk: Browser, clerk: User
) -> None:
    claim = Claim.objects.get()
    for address in (
        f"/admin/reinsurance/claim/?q={claim.reference}",
        f"/admin/reinsurance/claim/{claim.pk}/change/",
        f"/admin/importers/ingestion/{loaded.pk}/original/",
        "/api/v1/claims/?status=OPEN",
        f"/api/v1/claims/{claim.pk}/",
        "/api/v1/claims/?format=csv",
        f"/api/v1/ingestions/{loaded.pk}/rows/",
    ):
        answer = as_clerk.get(address)
        assert answer.status_code == 200, address
        b"".join(answer) if answer.streaming else answer.content
    names = ("kind", "name", "record_type", "record", "rows", "query")
    number = str(claim.pk)
    file = ("importers.ingestion", str(loaded.pk))
    kind = "reinsurance.claim"
    assert entries(*names, kind__in=["listed", "looked at", "took away"]) == [
        ("listed", "clerk", kind, "", 1, "q=C-1"),
        ("looked at", "clerk", kind, number, None, ""),
        ("took away", "clerk", *file, None, ""),
        ("listed", "clerk", kind, "", 1, "status=OPEN"),
        ("looked at", "clerk", kind, number, None, ""),
        ("took away", "clerk", kind, "", None, "format=csv"),
        ("looked at", "clerk", *file, 1, ""),
    ]


def test_an_export_is_noted_when_the_file_leaves(
    loaded: Ingestion, as_clerk: Browser
) -> None:
    address = "/admin/reinsurance/claim/export/"
    as_clerk.get(address)
    assert entries(kind="took away") == []
    as_clerk.post(address, {"format": "0", "resource": "0"})
    assert entries("record_type", kind="took away") == [("reinsurance.claim",)]


def test_who_is_not_let_in_has_seen_nothing(loaded: Ingestion) -> None:
    Browser().get("/admin/reinsurance/claim/")
    Browser().get("/api/v1/claims/")
    assert entries() == []


# -- it stays -------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["update", "delete"])
def test_no_entry_is_changed_or_lost(change: str, db: None) -> None:
    record(Kind.LOOKED, name="clerk")
    entry = AuditEntry.objects.get(name="clerk")
    entry.name = "nobody"
    with (
        pytest.raises(IntegrityError, match="neither changed nor deleted"),
        transaction.atomic(),
    ):
        entry.save() if change == "update" else entry.delete()
    assert entries() == [("looked at", "clerk")]


def test_old_entries_are_pruned_and_no_others(db: None, clerk: User) -> None:
    set_up = AuditEntry.objects.count()
    for age in (731, 729, 0):
        when = timezone.now() - timedelta(days=age)
        AuditEntry.objects.create(kind=Kind.LOOKED, name=str(age))
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE backoffice_auditentry DISABLE TRIGGER ALL")
            AuditEntry.objects.filter(name=str(age)).update(at=when)
            cursor.execute("ALTER TABLE backoffice_auditentry ENABLE TRIGGER ALL")
    Invitation.objects.create(user=clerk)
    long_ago = timezone.now() - timedelta(days=31)
    Invitation.objects.update(invited_at=long_ago)
    clear_away()
    assert [name for _, name in entries()] == ["729", "0"]
    assert not Invitation.objects.exists()
    assert prune(0) == 2 + set_up
    assert not AuditEntry.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        record(Kind.LOOKED, name="clerk")
        AuditEntry.objects.all().delete()


# -- the page -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status", "seen"),
    [
        (AUDITOR, 200, {"signed in", "looked at", "added", "changed"}),
        (OPERATOR, 200, {"signed in", "added", "changed"}),
        (MANAGER, 403, set()),
        (CLERK, 403, set()),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_who_may_read_the_log(
    role: Role,
    status: int,
    seen: set[str],
    user_with: Callable[[Role], User],
    db: None,
) -> None:
    browser = Browser()
    browser.force_login(user_with(role))
    record(Kind.LOOKED, name="=HYPERLINK(1)")
    page = browser.get("/admin/backoffice/auditentry/")
    assert page.status_code == status
    if status == 200:
        found = page.context["cl"].result_list
        assert {entry.kind for entry in found} == seen
        entry = found[0]
        assert browser.get(f"{page.request['PATH_INFO']}{entry.pk}/change/")
        taken = browser.post(
            "/admin/backoffice/auditentry/export/", {"format": "0", "resource": "0"}
        )
        assert taken["Content-Disposition"].startswith("attachment")
        assert b"signed in" in taken.content
        assert b",=HYPER" not in taken.content


def test_who_has_looked_at_this_claim(loaded: Ingestion, as_admin: Browser) -> None:
    claim = Claim.objects.get()
    as_admin.get(f"/admin/reinsurance/claim/{claim.pk}/change/")
    as_admin.get("/admin/reinsurance/claim/")
    history = as_admin.get(f"/admin/reinsurance/claim/{claim.pk}/history/")
    assert f"auditentry/?q=claim%20{claim.pk}" in history.content.decode()
    for words, kinds in (
        (f"claim {claim.pk}", ["looked at", "looked at"]),
        ("root", ["looked at", "listed", "looked at", "signed in"]),
        ("clerk", []),
    ):
        page = as_admin.get("/admin/backoffice/auditentry/", {"q": words})
        assert [entry.kind for entry in page.context["cl"].result_list] == kinds
