"""What the pages of webhooks and deliveries show, in words; nothing is changed here."""

import json
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from importers.admin.page import named
from importers.admin.shown import duration
from importers.admin.words import moment
from importers.models import Delivery, Webhook
from importers.services.deliveries import MOST_TRIES
from importers.values import DeliveryStatus

COLOURS = {
    DeliveryStatus.WAITING: "moving",
    DeliveryStatus.DELIVERED: "good",
    DeliveryStatus.FAILED: "bad",
}


def state_of(webhook: Webhook) -> tuple[str, str]:
    """Where a webhook stands: a word, and the badge's colour."""
    if not webhook.is_active:
        return "Off", "quiet"
    return ("Failing", "bad") if webhook.failing_since else ("Active", "good")


def what_next(webhook: Webhook) -> str:
    """One or two sentences: where the webhook stands and what happens next."""
    if not webhook.is_active:
        reason = webhook.switched_off_reason.rstrip(".")
        return (
            f"Switched off{f': {reason}' if reason else ''}. It is told of nothing "
            "until somebody switches it on."
        )
    if webhook.failing_since:
        return (
            f"Nothing has come through since {moment(webhook.failing_since)}. It is "
            "tried again by itself; after five days it is switched off."
        )
    return "It is told as soon as a file moves on."


def told_of(webhook: Webhook) -> str:
    """The statuses in words."""
    return ", ".join(webhook.statuses).capitalize() or "Everything"


def last_delivered(webhook: Webhook) -> datetime | None:
    """When it took something last; None: never, or long ago."""
    done = webhook.deliveries.filter(status=DeliveryStatus.DELIVERED)
    return done.order_by("-last_at").values_list("last_at", flat=True).first()


def facts(webhook: Webhook) -> list[tuple[str, str, str]]:
    """The head's facts: label, value, and the page it leads to."""
    log = reverse("admin:importers_delivery_changelist")
    of_it = f"{log}?webhook__id__exact={webhook.pk}"
    counts = {
        status: webhook.deliveries.filter(status=status).count()
        for status in (DeliveryStatus.WAITING, DeliveryStatus.FAILED)
    }
    until = webhook.old_secret_until
    is_old_good = until is not None and until > now()
    found = [
        ("Last delivered", moment(last_delivered(webhook)) or "Nothing lately", of_it),
        *(
            (status.capitalize(), f"{count:,}", f"{of_it}&status__exact={status}")
            for status, count in counts.items()
        ),
        ("Old secret signs until", moment(until) if is_old_good else "", ""),
        ("Added by", named(webhook.created_by), ""),
        ("Added", moment(webhook.created_at), ""),
    ]
    return [fact for fact in found if fact[1]]


# -------------------------------------------------------------------------- deliveries
def colour_of(delivery: Delivery) -> str:
    """Name of the badge's colour."""
    return COLOURS[DeliveryStatus(delivery.status)]


def happened(delivery: Delivery) -> str:
    """What it tells of: the status that the file came to."""
    status = str(delivery.payload.get("data", {}).get("status", ""))
    return status.capitalize()


def where_it_stands(delivery: Delivery) -> str:
    """Where a delivery stands and what happens next."""
    if delivery.status == DeliveryStatus.DELIVERED:
        return "The receiver took it."
    if delivery.status == DeliveryStatus.FAILED:
        return (
            f"{delivery.last_problem} It is not tried again by itself; send it again "
            "once the receiver is ready."
        )
    tries = delivery.attempts - delivery.attempts_before
    if not tries:
        return "It is about to be sent."
    said = f"{delivery.last_problem} " if delivery.last_problem else ""
    return (
        f"{said}The next try is at {moment(delivery.next_try_at)}; it was tried "
        f"{tries} of {MOST_TRIES} times."
    )


def facts_of(delivery: Delivery) -> list[tuple[str, str, str]]:
    """The head's facts: label, value, and the page it leads to."""
    webhook = reverse("admin:importers_webhook_change", args=[delivery.webhook_id])
    file = reverse("admin:importers_ingestion_change", args=[delivery.ingestion_id])
    found = [
        ("Webhook", delivery.webhook.name, webhook),
        ("File", f"No. {delivery.ingestion_id}", file),
        ("Message id", delivery.identifier, ""),
        ("Tries", f"{delivery.attempts}", ""),
        ("First try", moment(delivery.first_at), ""),
        ("Last try", moment(delivery.last_at), ""),
        ("Last answer", str(delivery.last_answer or ""), ""),
        ("Took", duration(delivery.seconds), ""),
    ]
    return [fact for fact in found if fact[1]]


def story(delivery: Delivery) -> list[dict[str, Any]]:
    """What came of each try, and who had it sent again: the oldest first."""
    return [
        {
            "at": parse_datetime(line.get("at", "")),
            "said": line.get("said", ""),
            "number": line.get("try", 0),
            "by": line.get("by", ""),
        }
        for line in delivery.story
    ]


def payload_of(delivery: Delivery) -> str:
    """What is sent, laid out in lines."""
    return json.dumps(delivery.payload, indent=2, ensure_ascii=False)
