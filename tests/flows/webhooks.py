"""What tests of webhooks start from: a receiver, a webhook, and a file that moves."""

import base64
import hashlib
import hmac
from typing import Any

from django.utils import timezone

from importers.models import Delivery, Ingestion, Source, Webhook
from importers.services import ingestions, webhooks
from tests.partner.server import Partner
from tests.partner.values import Answer, Request

PATH = "/hooks"


class Receiver(Partner):
    """A partner that takes what it is sent at /hooks."""

    def __init__(self) -> None:
        super().__init__(1)
        self.add(PATH, lambda request: Answer(b"", 204))

    @property
    def messages(self) -> list[Request]:
        """What came, also what was refused."""
        return self.calls(PATH)


def a_webhook(receiver: Receiver, **changes: Any) -> tuple[Webhook, str]:
    """A webhook of the receiver, and its secret."""
    settled = {"name": "Billing", "url": receiver.url + PATH, **changes}
    webhook = Webhook(**settled)
    return webhook, webhooks.register(webhook=webhook, user=None)


def a_source(code: str = "andes", **more: Any) -> Source:
    """A sender."""
    return Source.objects.create(code=code, name=code.capitalize(), **more)


def a_file(source: Source, text: str = "a,b\n1,2\n", **more: Any) -> Ingestion:
    """A file that was handed in and waits to be checked."""
    return ingestions.submit(
        **{
            "blocks": [text.encode()],
            "file_name": "claims.csv",
            "record_type": "claims",
            "source": source,
            "door": "test",
            **more,
        }
    )


def is_due_now(delivery: Delivery) -> None:
    """Let the time of its next try come."""
    Delivery.objects.filter(pk=delivery.pk).update(
        next_try_at=timezone.now(), offered_until=None
    )


def is_signed_with(secret: str, message: Request) -> bool:
    """Whether one of the signatures is that of the secret: computed independently."""
    key = base64.b64decode(secret.split("_", 1)[1])
    head = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}."
    made = hmac.new(key, head.encode("ascii") + message.body, hashlib.sha256)
    wanted = "v1," + base64.b64encode(made.digest()).decode("ascii")
    return wanted in message.headers["webhook-signature"].split(" ")
