"""One signed POST to a webhook, and what came of it in words."""

import json
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from importers.models import Webhook
from importers.models.secrets import UnreadableSecret
from importers.services.connections import allowed_hosts
from importers.webservices import signing
from importers.webservices.client import REDIRECTS, Client, Reply
from importers.webservices.hosts import shown
from importers.webservices.limits import asked_wait
from importers.webservices.problems import ServiceProblem

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
MOST_SECONDS = 15.0
MOST_BYTES = 1 << 16
GONE = 410
ASK_TO_WAIT = (429, 503)
SHOWN = 200
"""Characters of a refusal that are told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try; ``status`` is None where nobody answered.

    ``wait_seconds``: how long the receiver asks us to wait, if it does.
    """

    is_good: bool
    said: str
    seconds: float
    status: int | None = None
    wait_seconds: float | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == GONE


def body_of(payload: dict[str, Any]) -> bytes:
    """The payload as it is sent: the same bytes at every try."""
    text = json.dumps(
        payload, separators=(",", ":"), sort_keys=True, ensure_ascii=False
    )
    return text.encode()


def post(webhook: Webhook, identifier: str, payload: dict[str, Any]) -> Outcome:
    """Send a message, signed with the secrets that are good now."""
    began = time.monotonic()
    body = body_of(payload)
    try:
        keys = _keys(webhook)
    except (UnreadableSecret, ImproperlyConfigured) as error:
        return Outcome(False, str(error), 0.0)
    headers = signing.headers(identifier, int(time.time()), body, keys)
    try:
        with Client(
            allowed_hosts(),
            connect_seconds=CONNECT_SECONDS,
            read_seconds=READ_SECONDS,
            most_bytes=MOST_BYTES,
            ca_file=settings.WEB_SERVICE_CA_FILE,
        ) as client:
            reply = client.send(webhook.url, body, headers, MOST_SECONDS)
    except ServiceProblem as problem:
        return Outcome(False, problem.message, time.monotonic() - began)
    return _outcome(reply, time.monotonic() - began)


def _keys(webhook: Webhook) -> list[str]:
    """The secret, and the one before it as long as both are good."""
    keys = [webhook.secret.reveal()]
    until = webhook.old_secret_until
    if webhook.old_secret and until is not None and until > timezone.now():
        keys.append(webhook.old_secret.reveal())
    return keys


def _outcome(reply: Reply, seconds: float) -> Outcome:
    status, place = reply.status, shown(reply.url)
    if 200 <= status < 300:
        return Outcome(True, f"{place} took it ({status}).", seconds, status)
    wait = None
    if status in REDIRECTS:
        said = (
            f"{place} redirects ({status}), which is not followed. Enter the address "
            "that it leads to."
        )
    elif status == GONE:
        said = f"{place} says that it is gone for good (410)."
    elif status in ASK_TO_WAIT:
        wait = asked_wait(reply.headers, time.time())
        said = f"{place} asks us to wait ({status})."
    elif status >= 500:
        said = f"{place} has a fault of its own ({status})."
    else:
        said = f"{place} refuses it ({status})."
    return Outcome(False, said + _excerpt(reply.body), seconds, status, wait)


def _excerpt(body: bytes) -> str:
    """What the receiver says about it, in one line."""
    text = " ".join(body.decode("utf-8", "replace").split())
    text = "".join(letter for letter in text if letter.isprintable())
    if not text or text.startswith("<"):
        return ""
    return f" It says “{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”."
