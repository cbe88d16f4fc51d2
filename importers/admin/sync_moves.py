"""Buttons of a sync's page: each is one call of a service."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from importers.admin.buttons import DOOR, Button
from importers.admin.page import user_of
from importers.models import Sync
from importers.services import syncs


def retry(request: HttpRequest, sync: Sync) -> HttpResponse:
    """Have its feed synced once more, and follow that."""
    asked = syncs.request(sync.feed_id, door=DOOR, user=user_of(request))
    messages.success(request, "Asked for once more.")
    return redirect("admin:importers_sync_change", asked.pk)


def cancel(request: HttpRequest, sync: Sync) -> None:
    """Withdraw it."""
    syncs.cancel(sync.pk, user=user_of(request))
    messages.success(request, "Withdrawn. The next sync begins anew.")


BUTTONS: dict[str, Button] = {"retry": retry, "cancel": cancel}
