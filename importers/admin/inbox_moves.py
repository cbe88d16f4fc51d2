"""Buttons of an inbox's page: each is one call of a service."""

from django.contrib import messages
from django.http import HttpRequest

from importers.admin.buttons import Button, reason_of
from importers.admin.page import user_of
from importers.models import Inbox
from importers.services import inboxes


def look(request: HttpRequest, inbox: Inbox) -> None:
    """Have it looked into now."""
    inboxes.ask(inbox.pk, user=user_of(request))
    messages.success(
        request,
        "Asked for. A file is taken when two looks find it the same, so a new one "
        "needs a second look after that.",
    )


def pause(request: HttpRequest, inbox: Inbox) -> None:
    """Look into it no more for now."""
    inboxes.pause(inbox.pk, user=user_of(request), reason=reason_of(request))
    messages.success(request, "Paused. It is looked into only when somebody asks.")


def resume(request: HttpRequest, inbox: Inbox) -> None:
    """Look into it again at its times."""
    inboxes.resume(inbox.pk, user=user_of(request))
    messages.success(request, "It is looked into again, from the next minute on.")


BUTTONS: dict[str, Button] = {"look": look, "pause": pause, "resume": resume}
