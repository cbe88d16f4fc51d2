"""Inboxes in the admin: the form, the buttons, the files; secrets that stay inside."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import Settings

from importers.models import Arrival, Inbox, Source
from importers.values import Secret
from reinsurance.models import Party
from tests.importers.admin.conftest import last_told, posted

PRINT = "SHA256:" + "A" * 43
LIST = "admin:importers_inbox_changelist"
SECRET = "p4ss-of-andes"


def at(inbox: Inbox, move: str = "") -> str:
    if move:
        return reverse("admin:importers_inbox_move", args=[inbox.pk, move])
    return reverse("admin:importers_inbox_change", args=[inbox.pk])


@pytest.fixture
def inbox(andes: Source) -> Inbox:
    return Inbox.objects.create(
        code="andes-claims",
        name="Claims of Andes",
        source=andes,
        record_type="claims",
        path="andes/claims",
    )


@pytest.fixture
def remote(andes: Source, settings: Settings) -> Inbox:
    settings.WEB_SERVICE_HOSTS = ["*"]
    return Inbox.objects.create(
        code="andes-sftp",
        name="Andes by SFTP",
        source=andes,
        record_type="claims",
        kind="sftp",
        host="sftp.andes.example",
        host_key=PRINT,
        user_name="reinsurer",
        secret=Secret(SECRET),
        path="out",
    )


def filled(andes: Source, **changes: Any) -> dict[str, Any]:
    return {
        "name": "New", "code": "new", "source": andes.pk, "record_type": "claims",
        "kind": "folder", "path": "andes/new", "pattern": "*.csv", "port": "22",
        "every_minutes": "5", "settle_seconds": "30", "is_active": "on", **changes,
    }  # fmt: skip


def test_a_manager_makes_one(as_manager: Client, andes: Source) -> None:
    url = reverse("admin:importers_inbox_add")
    assert as_manager.get(url).status_code == 200
    answer = as_manager.post(url, filled(andes))
    inbox = Inbox.objects.get()
    assert answer["Location"] == at(inbox)
    page = as_manager.get(at(inbox)).content.decode()
    assert "It is looked into every 5 minutes." in page
    assert "Nothing has been seen in it yet." in page


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"path": ""}, "path", "Enter a folder of its own"),
        ({"path": "/etc"}, "path", "Enter the path below the folder"),
        ({"path": "a/../.."}, "path", "Enter a path without"),
        ({"path": "andes/claims/deeper"}, "path", "Another inbox looks there."),
        ({"path": "andes"}, "path", "Another inbox looks there."),
        ({"loads_itself": "on"}, "loads_itself", "somebody has to approve them"),
        ({"kind": "bucket", "bucket": "Not A Bucket"}, "bucket", "name of a bucket"),
        ({"kind": "bucket", "bucket": "ours"}, "user_name", "INBOX_BUCKETS"),
        ({"kind": "bucket", "bucket": "main"}, "user_name", "INBOX_BUCKETS"),
        (
            {"kind": "bucket", "bucket": "x-y", "region": "evil.com/"},
            "region",
            "Enter a region",
        ),
        (
            {"kind": "bucket", "bucket": "x-y", "endpoint_url": "http://a.example"},
            "endpoint_url",
            "without encryption",
        ),
        ({"kind": "sftp"}, "host", "Enter the name of the server."),
        ({"kind": "sftp", "host": "a.example"}, "host_key", "fingerprint"),
        ({"kind": "sftp", "host": "evil.org"}, "host", "is not allowed"),
        (
            {"kind": "sftp", "private_key": "-----BEGIN RSA PRIVATE KEY-----\nx"},
            "private_key",
            "no private key",
        ),
    ],
)  # fmt: skip
def test_what_does_not_hold_together(
    as_manager: Client, andes: Source, inbox: Inbox, settings: Settings,
    changes: dict[str, str], field: str, said: str,
) -> None:  # fmt: skip
    settings.WEB_SERVICE_HOSTS = ["a.example", "*.andes.example"]
    settings.AWS_STORAGE_BUCKET_NAME = "main"
    settings.INBOX_BUCKETS = ["main", "theirs/andes"]
    url = reverse("admin:importers_inbox_add")
    answer = as_manager.post(url, filled(andes, **changes))
    assert answer.status_code == 200
    assert said in str(answer.context["adminform"].form.errors[field])
    assert Inbox.objects.count() == 1


def test_a_bucket_that_the_operator_has_opened(
    as_manager: Client, andes: Source, settings: Settings
) -> None:
    settings.INBOX_BUCKETS = ["theirs/andes"]
    url = reverse("admin:importers_inbox_add")
    place = {"kind": "bucket", "bucket": "theirs"}
    refused = as_manager.post(url, filled(andes, **place, path="andesite"))
    assert refused.status_code == 200
    taken = as_manager.post(url, filled(andes, **place, path="andes/claims"))
    assert taken.status_code == 302


def test_another_sender_has_another_place(
    as_manager: Client, andes: Source, inbox: Inbox
) -> None:
    url = reverse("admin:importers_inbox_add")
    other = Source.objects.create(code="other", name="Other")
    same = {"path": "andes/claims/"}
    assert as_manager.post(url, filled(other, **same)).status_code == 200
    assert as_manager.post(url, filled(andes, **same)).status_code == 302


# --------------------------------------------------------------------- secrets
def test_a_secret_is_never_shown(as_manager: Client, remote: Inbox) -> None:
    page = as_manager.get(at(remote)).content.decode()
    assert SECRET not in page
    assert "Kept. Leave empty to keep it." in page
    assert remote.secret.reveal() == SECRET


def test_a_secret_stays_while_the_place_does(as_manager: Client, remote: Inbox) -> None:
    data = posted(as_manager.get(at(remote)))
    assert as_manager.post(at(remote), {**data, "name": "Other"}).status_code == 302
    remote.refresh_from_db()
    assert (remote.name, remote.secret.reveal()) == ("Other", SECRET)
    for changes in ({"host": "b.andes.example"}, {"host_key": PRINT[:-1] + "B"}):
        answer = as_manager.post(at(remote), {**data, **changes})
        assert "leads somewhere else now" in answer.content.decode()
    remote.refresh_from_db()
    assert remote.host == "sftp.andes.example"
    anew = {**data, "host": "b.andes.example", "secret": "another"}
    assert as_manager.post(at(remote), anew).status_code == 302
    remote.refresh_from_db()
    assert remote.secret.reveal() == "another"


def test_who_may_only_look(as_auditor: Client, remote: Inbox) -> None:
    page = as_auditor.get(at(remote)).content.decode()
    assert SECRET not in page
    assert "Kept" in page
    assert "Look now" not in page
    assert as_auditor.post(at(remote), {"name": "x"}).status_code == 403
    assert as_auditor.post(at(remote, "look")).status_code == 403


# --------------------------------------------------------------------- buttons
def test_look_now(as_operator: Client, inbox: Inbox) -> None:
    answer = as_operator.post(at(inbox, "look"))
    assert answer["Location"] == at(inbox)
    assert last_told(answer).startswith("Asked for.")
    assert OrmQ.objects.get().task["func"] == "importers.tasks.collect_inbox"


def test_pause_and_resume(as_manager: Client, inbox: Inbox) -> None:
    assert "Say why" in last_told(as_manager.post(at(inbox, "pause"), {"reason": ""}))
    as_manager.post(at(inbox, "pause"), {"reason": "They send rubbish."})
    page = as_manager.get(at(inbox)).content.decode()
    assert "They send rubbish." in page
    as_manager.post(at(inbox, "resume"))
    inbox.refresh_from_db()
    assert (inbox.paused_at, inbox.problem) == (None, "")


def test_what_is_switched_off_is_not_looked_into(
    as_manager: Client, inbox: Inbox
) -> None:
    Inbox.objects.filter(pk=inbox.pk).update(is_active=False)
    assert "switched off" in last_told(as_manager.post(at(inbox, "look")))
    assert not OrmQ.objects.exists()


# ----------------------------------------------------------------------- lists
def test_the_lists(as_auditor: Client, inbox: Inbox) -> None:
    odd = "\u202evsc.<b>exe</b>.csv"
    Arrival.objects.create(inbox=inbox, key=odd, etag="1-1", size=2048)
    Inbox.objects.filter(pk=inbox.pk).update(problem="It is closed.")
    page = as_auditor.get(reverse(LIST)).content.decode()
    assert "Claims of Andes" in page
    assert "It is closed." in page
    assert '<span class="amount">1</span>' in page
    arrival = Arrival.objects.get()
    for url in (
        reverse("admin:importers_arrival_changelist"),
        reverse("admin:importers_arrival_change", args=[arrival.pk]),
        at(inbox),
    ):
        page = as_auditor.get(url).content.decode()
        assert "�vsc.&lt;b&gt;exe&lt;/b&gt;.csv" in page
        assert "\u202e" not in page


def test_who_is_limited_sees_their_own(
    as_manager: Client, manager: Any, inbox: Inbox
) -> None:
    other = Party.objects.create(code="OTHER", name="Other")
    manager.cedant_limits.create(cedant=other)
    Arrival.objects.create(inbox=inbox, key="a.csv", etag="1-1", size=1)
    page = as_manager.get(reverse(LIST)).content.decode()
    assert "Claims of Andes" not in page
    page = as_manager.get(reverse("admin:importers_arrival_changelist"))
    assert "a.csv" not in page.content.decode()
    assert as_manager.post(at(inbox, "look")).status_code == 404
