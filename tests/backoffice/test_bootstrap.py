"""`bootstrap` prepares a database, once or again."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from backoffice.models import Client

pytestmark = pytest.mark.django_db


def test_demo_users_are_made_once_and_keep_a_changed_password() -> None:
    call_command("bootstrap", demo=True, stdout=io.StringIO())
    clerk = User.objects.get(username="clerk")
    assert clerk.check_password("clerk-demo-2026")
    assert clerk.has_perm("importers.submit_ingestion")
    assert User.objects.get(username="admin").is_superuser
    clerk.set_password("another password")
    clerk.save()

    call_command("bootstrap", demo=True, stdout=io.StringIO())

    assert User.objects.count() == 7
    assert Client.objects.count() == 2
    account = User.objects.get(username="demo-system")
    assert not (account.is_staff or account.has_usable_password())
    assert User.objects.get(username="clerk").check_password("another password")


def test_without_demo_there_are_no_users() -> None:
    out = io.StringIO()
    call_command("bootstrap", demo=False, stdout=out)
    assert not User.objects.exists()
    assert out.getvalue() == (
        "Database is up to date (0 reference records added).\n"
        "Feeds added, to be switched on: gleif-parties, ecb-rates, open-claims, "
        "oauth2-claims.\n"
        "Scheduled: Collect inboxes, Clear what was kept long enough, Back up the "
        "database, Prove the newest backup by restoring it, Clear away old audit "
        "entries, tokens, sessions and sign-ins.\n"
    )
    out = io.StringIO()
    call_command("bootstrap", demo=False, stdout=out)
    assert out.getvalue() == "Database is up to date (0 reference records added).\n"
