"""Roles give exactly what they declare."""

import pytest
from django.contrib.auth.models import Group, User

from backoffice import roles

pytestmark = pytest.mark.django_db


def test_every_role_becomes_a_group_with_its_permissions() -> None:
    for role in roles.ROLES:
        group = Group.objects.get(name=role.name)
        held = {
            f"{app}.{codename}"
            for app, codename in group.permissions.values_list(
                "content_type__app_label", "codename"
            )
        }
        assert held == role.permissions


def test_a_clerk_submits_but_does_not_approve(clerk: User) -> None:
    assert clerk.has_perm("importers.submit_ingestion")
    assert clerk.has_perm("reinsurance.view_claim")
    assert not clerk.has_perm("importers.approve_ingestion")
    assert not clerk.has_perm("importers.undo_ingestion")
    assert not clerk.has_perm("reinsurance.change_claim")


def test_a_manager_approves_and_undoes(manager: User) -> None:
    assert manager.has_perm("importers.approve_ingestion")
    assert manager.has_perm("importers.undo_ingestion")


def test_nobody_edits_the_ledger_or_the_log_or_gives_out_rights() -> None:
    protected = (
        "_claimposition", "_claimstatement", "_load", "_loadperiod", "_edit",
        "_deletion", "_ingestion", "_issue", "_event", "_rowchange", "_user",
        "_group", "_ormq", "_sync", "_failure",
    )  # fmt: skip
    writing = (".add_", ".change_", ".delete_")
    for role in roles.ROLES:
        held = [name for name in role.permissions if name.endswith(protected)]
        assert not [name for name in held if any(word in name for word in writing)]


def test_managers_and_operators_keep_feeds_and_their_times() -> None:
    keep = {
        *(f"importers.{do}_{what}" for do in ("view", "add", "change")
          for what in ("webservice", "feed")),
        "importers.run_feed",
        "importers.view_sync",
        *(f"django_q.{do}_schedule" for do in ("view", "add", "change", "delete")),
    }  # fmt: skip
    look = {"importers.view_webservice", "importers.view_feed", "importers.view_sync"}
    for role in (roles.MANAGER, roles.OPERATOR):
        assert keep <= role.permissions
    for role in (roles.CLERK, roles.AUDITOR):
        assert keep & role.permissions == look


def test_an_unknown_permission_is_refused_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = roles.Role("Ghost", "haunts", frozenset({"importers.haunt_ingestion"}))
    monkeypatch.setattr(roles, "ROLES", (roles.CLERK, wrong))
    with pytest.raises(LookupError, match=r"Ghost.*importers\.haunt_ingestion"):
        roles.load_roles()
    assert not Group.objects.filter(name="Ghost").exists()


def test_loading_takes_away_what_is_no_longer_declared() -> None:
    group = Group.objects.get(name=roles.AUDITOR.name)
    group.permissions.add(Group.objects.get(name="Manager").permissions.last())
    extra = group.permissions.count()
    roles.load_roles()
    assert group.permissions.count() == len(roles.AUDITOR.permissions) < extra + 1
