"""Backups in the admin and on the home page."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from backoffice.backups import admin, words
from backoffice.backups.models import Backup, Drill
from importers.models import Beat
from importers.services import beats
from tests.importers.admin.conftest import (
    as_clerk,
    as_manager,
    as_operator,
)

__all__ = ["as_clerk", "as_manager", "as_operator"]

from backoffice.machine import NO_WORKER, UNSERVED
from importers import queue


def said(browser: Client) -> list[tuple[str, bool]]:
    page = browser.get("/admin/")
    assert page.status_code == 200
    return [(line.label, line.is_bad) for line in page.context["machine"]]


def test_home_tells_who_watches_over_the_machine(
    as_clerk: Client, as_manager: Client, as_operator: Client
) -> None:
    assert said(as_clerk) == []
    assert said(as_manager) == [("No backup has been made yet", True)]
    now = timezone.now()
    beats.beat(now, [queue.QUICK])
    assert said(as_operator)[0] == (UNSERVED["heavy",], True)
    beats.beat(now, queue.QUEUES)
    Backup.objects.create(key="a", at=now - timedelta(hours=5))
    Drill.objects.create(key="a", at=now - timedelta(days=2))
    assert said(as_manager) == [("Last good backup: 5 hours ago", False)]
    assert said(as_operator) == said(as_manager)


def test_home_warns(as_manager: Client, as_operator: Client) -> None:
    now = timezone.now()
    old = now - timedelta(minutes=1)
    Beat.objects.create(name="h:1", host="h", workers=2, started_at=old, beat_at=old)
    Backup.objects.create(key="a", at=now - timedelta(hours=27))
    Backup.objects.create(key="b", at=now, problem="There is no room left.")
    Drill.objects.create(key="a", at=now - timedelta(days=9))
    backups = [
        ("Last good backup: 1 day ago", True),
        ("The newest backup failed. There is no room left.", True),
        ("Last restore drill: 9 days ago", True),
    ]
    assert said(as_manager) == backups
    assert said(as_operator) == [(NO_WORKER, True), *backups]
    Drill.objects.create(key="a", at=now, problem="A file is missing.")
    assert said(as_manager)[-1] == (
        "The newest restore drill failed. A file is missing.", True,
    )  # fmt: skip


def test_the_list(as_operator: Client, as_manager: Client) -> None:
    now = timezone.now()
    good = Backup.objects.create(
        key="backup-1", at=now, size=12_345_678, seconds=3.21,
        tables={"public.reinsurance_claim": 1_000_000},
    )  # fmt: skip
    Backup.objects.create(key="backup-2", at=now, problem="There is no room left.")
    page = as_operator.get("/admin/backoffice/backup/").content.decode()
    assert "12.3 MB" in page
    assert "3.2 s" in page
    assert "Not yet" in page
    assert "Back up now" in page
    assert "Back up now" not in (
        as_manager.get("/admin/backoffice/backup/").content.decode()
    )
    record = as_operator.get(f"/admin/backoffice/backup/{good.pk}/change/")
    assert b"public.reinsurance_claim: 1,000,000" in record.content
    Drill.objects.create(key="backup-1", at=now, restore_seconds=61.2, notes=["So."])
    assert b"61.2 s" in as_operator.get("/admin/backoffice/drill/").content


def test_the_button(as_operator: Client, as_manager: Client) -> None:
    address = "/admin/backoffice/backup/now/"
    assert as_manager.post(address).status_code == 403
    assert as_operator.get(address).status_code == 405
    answer = as_operator.post(address, follow=True)
    assert "A backup is on its way." in answer.content.decode()
    (queued,) = OrmQ.objects.all()
    assert queued.task["func"] == admin.BACKUP


def test_backups_are_not_for_who_sees_some_cedants_only(
    as_operator: Client, andes: object
) -> None:
    operator = User.objects.get(username="operator")
    operator.cedant_limits.create(cedant=andes.party)  # type: ignore[attr-defined]
    assert as_operator.get("/admin/backoffice/backup/").status_code == 403


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_499, "999.5 kB"),
        (999_500, "1.0 MB"), (12_345_678, "12.3 MB"), (5 * 10**15, "5000.0 TB"),
    ],
)  # fmt: skip
def test_sizes(count: int, said: str) -> None:
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (59, "just now"), (60, "1 minute ago"), (3599, "59 minutes ago"),
        (7200, "2 hours ago"), (86_400 * 3, "3 days ago"), (-5, "just now"),
    ],
)  # fmt: skip
def test_ages(seconds: int, said: str) -> None:
    assert words.age(timezone.now() - timedelta(seconds=seconds)) == said
