"""Who is told of moves, and what: announcing, and keeping webhooks.

What is told is a row of the log, written in the transaction of the move and queued
with it; :mod:`importers.services.deliveries` sends it.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from importers import queue
from importers.exceptions import StateProblem
from importers.models import Delivery, Event, Ingestion, Webhook
from importers.models.secrets import cipher
from importers.services import permissions
from importers.services.connections import allowed_hosts
from importers.values import DeliveryStatus, Secret
from importers.webservices.problems import ServiceProblem
from importers.webservices.signing import new_secret

DELIVER = "importers.tasks.deliver"
OFFERED = timedelta(minutes=10)
"""How long a task may wait in the queue before its delivery is offered anew."""
OVERLAP = timedelta(hours=24)
"""How long the secret before the last one still signs."""
NO_KEYS = (
    "Secrets cannot be kept on this server yet. Have an operator set "
    "FIELD_ENCRYPTION_KEYS, then try again."
)
SWITCHED_OFF = "The webhook was switched off before this could be delivered."


# --------------------------------------------------------------------- announcing
def announce(event: Event) -> None:
    """Have every webhook that listens told of a move; one query where none does.

    Called in the transaction of the move.
    """
    source = Ingestion.objects.filter(pk=event.ingestion_id).values("source_id")
    listening = Webhook.objects.filter(
        Q(source=None) | Q(source__in=source),
        Q(statuses=[]) | Q(statuses__contains=[str(event.status)]),
        is_active=True,
    )
    webhooks = list(listening)
    if not webhooks:
        return
    payload = _payload(event)
    for webhook in webhooks:
        now = timezone.now()
        # One that fails is not asked by all workers at once: the reaper offers its
        # deliveries one by one.
        is_offered = webhook.failing_since is None
        delivery = Delivery.objects.create(
            webhook=webhook,
            ingestion_id=event.ingestion_id,
            event=event,
            identifier=new_identifier(),
            payload=payload,
            next_try_at=now,
            offered_until=now + OFFERED if is_offered else None,
        )
        if is_offered:
            offer(delivery.pk)


def offer(delivery: int) -> None:
    """Put a delivery into the queue."""
    queue.enqueue(DELIVER, delivery, name=f"deliver {delivery}")


def new_identifier() -> str:
    """The id of a message; the receiver knows by it what it has had already."""
    return f"msg_{uuid.uuid4().hex}"


def _payload(event: Event) -> dict[str, Any]:
    record = Ingestion.objects.select_related("source").get(pk=event.ingestion_id)
    return {
        "type": f"ingestion.{str(event.status).replace(' ', '_')}",
        "timestamp": event.at.isoformat(),
        "data": {
            "event": event.pk,
            "number": record.pk,
            "status": str(event.status),
            "record_type": record.record_type,
            "source": record.source.code,
            "file_name": record.file_name,
            "rows": {
                "read": record.rows_read,
                "created": record.rows_created,
                "updated": record.rows_updated,
                "unchanged": record.rows_unchanged,
                "rejected": record.rows_rejected,
            },
            "message": event.message,
            "url": f"{settings.PUBLIC_URL}/api/v1/ingestions/{record.pk}/",
        },
    }


# ------------------------------------------------------------------------ keeping
def problem_of_url(url: str) -> str:
    """What keeps the address from being told anything; empty: nothing."""
    try:
        allowed_hosts().may_be_private(url)
    except ServiceProblem as problem:
        return problem.message
    return "Take “#” and what follows it out of the address." if "#" in url else ""


def register(*, webhook: Webhook, user: User | None) -> str:
    """Save a new webhook; its secret, which is told this once only.

    Raises NotAllowed, and StateProblem where no secret can be kept.
    """
    permissions.require_keep_webhooks(user)
    secret = _made()
    webhook.secret = Secret(secret)
    webhook.created_by = user
    webhook.save()
    return secret


def renew_secret(webhook: int, *, user: User | None) -> str:
    """Another secret, told this once only; the old one signs as well for a day."""
    permissions.require_keep_webhooks(user)
    secret = _made()
    with transaction.atomic():
        row = Webhook.objects.select_for_update().get(pk=webhook)
        permissions.require_seen(user, row)
        row.old_secret, row.old_secret_until = row.secret, timezone.now() + OVERLAP
        row.secret = Secret(secret)
        row.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return secret


def why_no_secret() -> str:
    """What keeps a secret from being kept; empty: nothing."""
    try:
        cipher()
    except (ImproperlyConfigured, ValueError):
        return NO_KEYS
    return ""


def _made() -> str:
    if said := why_no_secret():
        raise StateProblem(said)
    return new_secret()


def switch_on(webhook: int, *, user: User | None) -> None:
    """Tell the webhook of moves from now on; what failed is sent again by hand."""
    permissions.require_keep_webhooks(user)
    permissions.require_seen(user, Webhook.objects.get(pk=webhook))
    Webhook.objects.filter(pk=webhook).update(
        is_active=True, switched_off_reason="", failing_since=None
    )


def switch_off(webhook: int, *, user: User | None, reason: str) -> None:
    """Tell the webhook of nothing more; what waits for it has failed."""
    permissions.require_keep_webhooks(user)
    permissions.require_seen(user, Webhook.objects.get(pk=webhook))
    if not reason.strip():
        raise StateProblem("Say why the webhook is switched off.")
    shut(webhook, reason.strip())


def shut(webhook: int, reason: str) -> None:
    """Switch a webhook off, whoever wants it."""
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook).update(
            is_active=False, switched_off_reason=reason
        )
        Delivery.objects.filter(webhook=webhook, status=DeliveryStatus.WAITING).update(
            status=DeliveryStatus.FAILED,
            next_try_at=None,
            offered_until=None,
            last_problem=SWITCHED_OFF,
        )
