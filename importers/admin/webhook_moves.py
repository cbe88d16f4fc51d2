"""Buttons of a webhook's page: each is one call of a service."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from importers.admin.forms import ReasonForm
from importers.admin.page import user_of
from importers.admin.shown import duration
from importers.exceptions import ImporterError
from importers.models import Webhook
from importers.models.secrets import cipher
from importers.services import deliveries, webhooks

KEPT = "new_webhook_secrets"


def show_once(request: HttpRequest, webhook: Webhook, secret: str) -> None:
    """Have the webhook's next page show its secret; till then it is encrypted."""
    sealed = cipher().encrypt(secret.encode()).decode()
    kept = request.session.get(KEPT, {})
    request.session[KEPT] = {**kept, str(webhook.pk): sealed}


def new_secret_of(request: HttpRequest, webhook: Webhook) -> str:
    """The secret that is still to be shown, this one time; else nothing."""
    kept = dict(request.session.get(KEPT, {}))
    sealed = kept.pop(str(webhook.pk), None)
    if sealed is None:
        return ""
    request.session[KEPT] = kept
    try:
        return cipher().decrypt(sealed).decode()
    except InvalidToken:
        return ""


def renew(request: HttpRequest, webhook: Webhook) -> None:
    """Another secret, shown on the page that follows."""
    secret = webhooks.renew_secret(webhook.pk, user=user_of(request))
    show_once(request, webhook, secret)


def test(request: HttpRequest, webhook: Webhook) -> None:
    """A message to try it out."""
    outcome = deliveries.test(webhook.pk, user=user_of(request))
    tell = messages.success if outcome.is_good else messages.error
    tell(request, f"Test: {outcome.said} It took {duration(outcome.seconds)}.")


def switch_on(request: HttpRequest, webhook: Webhook) -> None:
    """Have it told of moves again."""
    webhooks.switch_on(webhook.pk, user=user_of(request))
    messages.success(request, "Switched on. It is told of what happens from now on.")


def switch_off(request: HttpRequest, webhook: Webhook) -> None:
    """Have it told of nothing more."""
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    webhooks.switch_off(webhook.pk, user=user_of(request), reason=reason)
    messages.success(request, "Switched off. It is told of nothing more.")


MOVES: dict[str, Any] = {
    "secret": renew,
    "test": test,
    "on": switch_on,
    "off": switch_off,
}


def do(request: HttpRequest, webhook: Webhook, move: str) -> HttpResponse:
    """Do what the button says, tell what came of it, go back to the page."""
    if move not in MOVES:
        raise Http404("There is no such button.")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        MOVES[move](request, webhook)
    except ImporterError as problem:
        messages.error(request, problem.message)
    return redirect("admin:importers_webhook_change", webhook.pk)
