"""Buttons of an ingestion's page: each is one call of a service."""

from django.contrib import messages
from django.http import HttpRequest

from importers.admin.buttons import Button, reason_of
from importers.admin.page import user_of
from importers.models import Ingestion
from importers.services import ingestions


def approve(request: HttpRequest, ingestion: Ingestion) -> None:
    """Let the file into the books."""
    ingestions.approve(ingestion.pk, user=user_of(request))
    messages.success(request, "Approved. The file is loaded next.")


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
    "approve": approve,
    "reject": reject,
    "cancel": cancel,
    "retry": retry,
    "undo": undo,
}
