"""Faults of the program, told to Sentry: what broke and where, and nothing of anybody.

Imported only where SENTRY_DSN is set.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.types import Event, Hint

from importers import log_context

LEFT_OUT = "(left out: the log has it under the same request or task)"


def start(dsn: str, *, environment: str, release: str) -> None:
    """Report what is logged as an error, and what a page or task dies of."""
    ignore_logger("django-q")  # it says again, as text, what the task has logged
    sentry_sdk.init(
        dsn,
        environment=environment,
        release=release or None,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration(middleware_spans=False)],
        before_send=scrubbed,
    )


def scrubbed(event: Event, hint: Hint) -> Event:
    """The event without anything that somebody has sent, typed or is called."""
    told: dict[str, Any] = dict(event)
    request = told.pop("request", None)
    if request:
        told["request"] = {"method": request.get("method", "")}
    for part in ("extra", "breadcrumbs", "user", "modules"):
        told.pop(part, None)
    entry = told.get("logentry")
    if entry:
        told["logentry"] = {"message": entry.get("message", "")}
    for exception in (told.get("exception") or {}).get("values") or []:
        # It may quote a cell of somebody's file.
        exception["value"] = LEFT_OUT
        exception.get("mechanism", {}).pop("data", None)
    told["tags"] = {**(told.get("tags") or {}), **log_context.fields()}
    return told  # type: ignore[return-value]
