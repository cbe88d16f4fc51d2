"""Buttons of an inbox's page: each is one call of a service."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from importers.admin.forms import ReasonForm
from importers.admin.page import user_of
from importers.exceptions import ImporterError
from importers.models import Inbox
from importers.services import inboxes, permissions


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
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    inboxes.pause(inbox.pk, user=user_of(request), reason=reason)
    messages.success(request, "Paused. It is looked into only when somebody asks.")


def resume(request: HttpRequest, inbox: Inbox) -> None:
    """Look into it again at its times."""
    inboxes.resume(inbox.pk, user=user_of(request))
    messages.success(request, "It is looked into again, from the next minute on.")


MOVES: dict[str, Any] = {"look": look, "pause": pause, "resume": resume}


def do(request: HttpRequest, inbox: Inbox, move: str) -> HttpResponse:
    """Do what the button says, tell what came of it, go back to the page."""
    if move not in MOVES:
        raise Http404("There is no such button.")
    if not permissions.may_look(user_of(request)):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        MOVES[move](request, inbox)
    except ImporterError as problem:
        messages.error(request, problem.message)
    return redirect("admin:importers_inbox_change", inbox.pk)
