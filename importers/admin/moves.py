"""Buttons of an ingestion's page: each is one call of a service."""

from django.contrib import messages
from django.http import HttpRequest

from importers.admin.buttons import Button, reason_of
from importers.admin.page import user_of
from importers.exceptions import StaleApproval
from importers.models import Ingestion
from importers.services import ingestions
from importers.values import Declared

STALE = (
    "Not approved: this file would do something else by now than the page had shown. "
    "The figures below are the new ones; look at them, and approve them then."
)


def approve(request: HttpRequest, ingestion: Ingestion) -> None:
    """Let the file into the books, if it does what the page had shown."""
    seen = request.POST.get("seen", "")
    try:
        ingestions.approve(ingestion.pk, user=user_of(request), seen=seen)
    except StaleApproval:
        messages.error(request, STALE)
        return
    messages.success(request, "Approved. The file is loaded next.")


def additional(request: HttpRequest, ingestion: Ingestion) -> None:
    """Say that the file adds to the one of its period."""
    _declare(request, ingestion, Declared.ADDITIONAL)


def correction(request: HttpRequest, ingestion: Ingestion) -> None:
    """Say that the file takes the place of the one of its period."""
    _declare(request, ingestion, Declared.CORRECTION)


def _declare(request: HttpRequest, ingestion: Ingestion, declared: Declared) -> None:
    ingestions.declare(ingestion.pk, declared.value, user=user_of(request))
    said = ingestions.DECLARED[declared.value]
    messages.success(request, f"Declared: {said}. The file is checked by that.")


def reject(request: HttpRequest, ingestion: Ingestion) -> None:
    """Send the file back with a reason."""
    reason = reason_of(request)
    ingestions.reject(ingestion.pk, user=user_of(request), reason=reason)
    messages.success(request, "Rejected. Nothing of the file is loaded.")


def cancel(request: HttpRequest, ingestion: Ingestion) -> None:
    """Withdraw the file."""
    reason = "Withdrawn; nothing of the file was loaded."
    ingestions.cancel(ingestion.pk, user=user_of(request), reason=reason)
    messages.success(request, "Withdrawn. The file is kept, nothing of it is loaded.")


def retry(request: HttpRequest, ingestion: Ingestion) -> None:
    """Take the file up again."""
    ingestions.retry(ingestion.pk, user=user_of(request))
    messages.success(request, "Taken up again.")


def undo(request: HttpRequest, ingestion: Ingestion) -> None:
    """Take the load back."""
    ingestions.undo(ingestion.pk, user=user_of(request), reason=reason_of(request))
    messages.success(request, "The load is being undone; the history tells when it is.")


BUTTONS: dict[str, Button] = {
    "additional": additional,
    "correction": correction,
    "approve": approve,
    "reject": reject,
    "cancel": cancel,
    "retry": retry,
    "undo": undo,
}
