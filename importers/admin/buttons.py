"""Buttons of a record's page: each is one call of a service, told in a message."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from importers.admin.forms import ReasonForm
from importers.admin.page import user_of
from importers.exceptions import ImporterError

DOOR = "admin"
"""Where a sync was asked for that a button asks for."""
Button = Callable[[HttpRequest, Any], HttpResponse | None]
"""Does what it says and tells what came of it; where to go, if not to the page again.

Raises ImporterError, whose words are told.
"""


def press(
    request: HttpRequest,
    record: models.Model,
    name: str,
    buttons: Mapping[str, Button],
    may: Callable[[User], bool] | None = None,
) -> HttpResponse:
    """Do what the button of that name does, and go back to the record's page.

    ``may``: who may press any of them, where the services do not say it themselves.

    Raises Http404, PermissionDenied.
    """
    if name not in buttons:
        raise Http404("There is no such button.")
    if may is not None and not may(user_of(request)):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    answer = None
    try:
        answer = buttons[name](request, record)
    except ImporterError as problem:
        messages.error(request, problem.message)
    page = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
    return answer or redirect(page, record.pk)


def reason_of(request: HttpRequest) -> str:
    """The reason typed beside the button; empty where there is none."""
    form = ReasonForm(request.POST)
    return form.cleaned_data["reason"] if form.is_valid() else ""
