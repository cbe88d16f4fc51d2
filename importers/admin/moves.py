"""Buttons of an ingestion's page: each is one call of a service."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from importers.admin.forms import ReasonForm
from importers.exceptions import ImporterError
from importers.models import Ingestion
from importers.services import ingestions


def approve(ingestion: Ingestion, user: Any, data: Any) -> str:
    """Let the file into the books."""
    ingestions.approve(ingestion.pk, user=user)
    return "Approved. The file is loaded next."


def reject(ingestion: Ingestion, user: Any, data: Any) -> str:
    """Send the file back with a reason."""
    form = ReasonForm(data)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    ingestions.reject(ingestion.pk, user=user, reason=reason)
    return "Rejected. Nothing of the file is loaded."


def cancel(ingestion: Ingestion, user: Any, data: Any) -> str:
    """Withdraw the file."""
    reason = "Withdrawn; nothing of the file was loaded."
    ingestions.cancel(ingestion.pk, user=user, reason=reason)
    return "Withdrawn. The file is kept, nothing of it is loaded."


def retry(ingestion: Ingestion, user: Any, data: Any) -> str:
    """Take the file up again."""
    ingestions.retry(ingestion.pk, user=user)
    return "Taken up again."


def undo(ingestion: Ingestion, user: Any, data: Any) -> str:
    """Take the load back."""
    form = ReasonForm(data)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    ingestions.undo(ingestion.pk, user=user, reason=reason)
    return "The load is being undone; the history tells when it is."


MOVES = {
    "approve": approve,
    "reject": reject,
    "cancel": cancel,
    "retry": retry,
    "undo": undo,
}


def do(request: HttpRequest, ingestion: Ingestion, move: str) -> HttpResponse:
    """Do what the button says, tell what came of it, go back to the page."""
    if move not in MOVES:
        raise Http404("There is no such button.")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        told = MOVES[move](ingestion, request.user, request.POST)
    except ImporterError as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, told)
    return redirect("admin:importers_ingestion_change", ingestion.pk)
