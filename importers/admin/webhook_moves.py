"""Buttons of a webhook's page: each is one call of a service."""

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import HttpRequest

from importers.admin.buttons import Button, reason_of
from importers.admin.page import user_of
from importers.admin.shown import duration
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
    webhooks.switch_off(webhook.pk, user=user_of(request), reason=reason_of(request))
    messages.success(request, "Switched off. It is told of nothing more.")


BUTTONS: dict[str, Button] = {
    "secret": renew,
    "test": test,
    "on": switch_on,
    "off": switch_off,
}
