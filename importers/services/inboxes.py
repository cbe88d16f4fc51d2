"""What anyone may ask of an inbox: look into it now, pause it, let it go on."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from importers import queue
from importers.exceptions import StateProblem
from importers.models import Inbox
from importers.services import permissions

COLLECT = "importers.tasks.collect_inbox"
SLACK = timedelta(seconds=10)
"""A look that is due within so much of the minute is not put off to the next."""


def ask_due() -> int:
    """Have every inbox looked into whose time has come; how many those are.

    Each is asked for once: whoever moves its next time on is the one who asks.
    """
    now = timezone.now()
    due = Inbox.objects.filter(
        Q(next_look_at=None) | Q(next_look_at__lte=now + SLACK),
        is_active=True,
        paused_at=None,
        source__is_active=True,
    )
    asked = 0
    for inbox in due:
        same = Inbox.objects.filter(pk=inbox.pk, next_look_at=inbox.next_look_at)
        following = now + timedelta(minutes=inbox.every_minutes)
        with transaction.atomic():
            if same.update(next_look_at=following):
                queue.enqueue(COLLECT, inbox.pk, name=f"collect {inbox.code}")
                asked += 1
    return asked


def ask(inbox: int, *, user: User | None) -> None:
    """Have an inbox looked into now, also where it is paused.

    Raises NotAllowed, StateProblem.
    """
    record = _found(inbox, user)
    if not record.is_active:
        raise StateProblem(f"The inbox “{record}” is switched off. Switch it on first.")
    queue.enqueue(COLLECT, record.pk, name=f"collect {record.code}")


def pause(inbox: int, *, user: User | None, reason: str) -> None:
    """Stop looking into an inbox at its times, saying why."""
    record = _found(inbox, user)
    if not reason.strip():
        raise StateProblem("Say why the inbox is paused; the others see it.")
    Inbox.objects.filter(pk=record.pk).update(
        paused_at=timezone.now(), problem=reason.strip()
    )


def resume(inbox: int, *, user: User | None) -> None:
    """Look into a paused inbox again at its times, from now on."""
    record = _found(inbox, user)
    Inbox.objects.filter(pk=record.pk).update(
        paused_at=None, problem="", failing_since=None, next_look_at=None
    )


def _found(inbox: int, user: User | None) -> Inbox:
    permissions.require_look(user)
    record = Inbox.objects.get(pk=inbox)
    permissions.require_seen(user, record)
    return record
