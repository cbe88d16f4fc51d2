"""Webhooks are told of the moves they listen to, in the transaction of the move."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from importers import queue
from importers.exceptions import NotAllowed, StateProblem
from importers.models import Delivery, Event, Webhook
from importers.services import deliveries, ingestions, webhooks, work
from importers.services.states import say
from tests.flows.webhooks import (
    Receiver,
    a_file,
    a_source,
    a_webhook,
    is_signed_with,
)

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    rows = Delivery.objects.order_by("pk")
    return [row.payload["type"] for row in rows]


def test_every_move_is_told_with_what_it_says(receiver: Receiver) -> None:
    webhook, _ = a_webhook(receiver)
    record = a_file(a_source())
    delivery = Delivery.objects.get()
    event = Event.objects.get()
    assert delivery.payload == {
        "type": "ingestion.received",
        "timestamp": event.at.isoformat(),
        "data": {
            "event": event.pk,
            "number": record.pk,
            "status": "received",
            "record_type": "claims",
            "source": "andes",
            "file_name": "claims.csv",
            "rows": {
                "read": 0,
                "created": 0,
                "updated": 0,
                "unchanged": 0,
                "rejected": 0,
            },
            "message": "claims.csv received (test).",
            "url": f"/api/v1/ingestions/{record.pk}/",
        },
    }
    assert (delivery.webhook, delivery.ingestion) == (webhook, record)
    assert (delivery.status, delivery.attempts) == ("waiting", 0)
    assert delivery.identifier.startswith("msg_")
    work.check(record.pk)
    assert told() == [
        "ingestion.received",
        "ingestion.checking",
        "ingestion.needs_mapping",
    ]
    assert queue.pending() == 4  # to check, and three to tell


def test_a_line_that_moves_nothing_is_not_told(receiver: Receiver) -> None:
    a_webhook(receiver)
    record = a_file(a_source())
    say(record.pk, "Undo asked for.", status="received")
    assert told() == ["ingestion.received"]


def test_told_of_chosen_statuses_of_one_sender_only(receiver: Receiver) -> None:
    andes, other = a_source(), a_source("other")
    a_webhook(receiver, source=andes, statuses=["cancelled", "needs mapping"])
    a_webhook(receiver, name="Off", is_active=False)
    for source in (andes, other):
        record = a_file(source)
        ingestions.cancel(record.pk, user=None)
    assert told() == ["ingestion.cancelled"]
    assert Delivery.objects.get().ingestion.source == andes


def test_one_query_where_nobody_listens(
    receiver: Receiver, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    a_webhook(receiver, statuses=["loaded"])
    record = a_file(a_source())
    event = record.events.get()
    with django_assert_num_queries(1):
        webhooks.announce(event)
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_told_to_nobody(receiver: Receiver) -> None:
    a_webhook(receiver)
    source = a_source()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        a_file(source)
        assert Delivery.objects.count() == 1
        raise ZeroDivisionError
    assert (Delivery.objects.count(), queue.pending()) == (0, 0)


def test_the_address_of_the_resource_can_be_in_full(
    receiver: Receiver, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://backoffice.example"
    a_webhook(receiver)
    record = a_file(a_source())
    url = Delivery.objects.get().payload["data"]["url"]
    assert url == f"https://backoffice.example/api/v1/ingestions/{record.pk}/"


# ------------------------------------------------------------------------- the secret
def test_the_secret_is_encrypted_at_rest(receiver: Receiver) -> None:
    webhook, secret = a_webhook(receiver)
    assert secret.startswith("whsec_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM importers_webhook")
        row = str(cursor.fetchall())
    assert secret not in row
    assert secret.removeprefix("whsec_") not in row
    assert Webhook.objects.get(pk=webhook.pk).secret.reveal() == secret


def test_for_a_day_the_old_secret_signs_as_well(receiver: Receiver) -> None:
    webhook, old = a_webhook(receiver)
    new = webhooks.renew_secret(webhook.pk, user=None)
    assert new != old
    deliveries.test(webhook.pk, user=None)
    assert is_signed_with(new, receiver.messages[0])
    assert is_signed_with(old, receiver.messages[0])
    Webhook.objects.update(old_secret_until=timezone.now())
    deliveries.test(webhook.pk, user=None)
    assert is_signed_with(new, receiver.messages[1])
    assert not is_signed_with(old, receiver.messages[1])
    deliveries.prune()
    webhook.refresh_from_db()
    assert (bool(webhook.old_secret), webhook.old_secret_until) == (False, None)


def test_without_keys_no_webhook_is_kept(
    receiver: Receiver, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = []
    with pytest.raises(StateProblem, match="FIELD_ENCRYPTION_KEYS"):
        a_webhook(receiver)
    assert not Webhook.objects.exists()


# ---------------------------------------------------------------------------- by people
def test_a_test_tells_what_came_back(receiver: Receiver) -> None:
    webhook, secret = a_webhook(receiver, is_active=False)
    outcome = deliveries.test(webhook.pk, user=None)
    assert (outcome.is_good, outcome.status) == (True, 204)
    assert outcome.said == "127.0.0.1/hooks took it (204)."
    (message,) = receiver.messages
    body = json.loads(message.body)
    assert (body["type"], body["data"]) == ("ping", {"webhook": "Billing"})
    assert is_signed_with(secret, message)
    assert not Delivery.objects.exists()


def test_who_may_not_keep_or_send_is_told_so(receiver: Receiver, clerk: User) -> None:
    webhook, _ = a_webhook(receiver)
    a_file(a_source())
    Delivery.objects.update(status="failed", next_try_at=None)
    delivery = Delivery.objects.get()
    for asked in (
        lambda: webhooks.renew_secret(webhook.pk, user=clerk),
        lambda: webhooks.switch_on(webhook.pk, user=clerk),
        lambda: webhooks.switch_off(webhook.pk, user=clerk, reason="So."),
        lambda: webhooks.register(webhook=Webhook(name="x"), user=clerk),
        lambda: deliveries.test(webhook.pk, user=clerk),
        lambda: deliveries.send_again(delivery.pk, user=clerk),
    ):
        with pytest.raises(NotAllowed, match="Only a manager or an operator"):
            asked()
    assert receiver.messages == []


def test_switched_off_it_is_told_nothing_more(
    receiver: Receiver, manager: User
) -> None:
    webhook, _ = a_webhook(receiver)
    record = a_file(a_source())
    with pytest.raises(StateProblem, match="Say why"):
        webhooks.switch_off(webhook.pk, user=manager, reason=" ")
    webhooks.switch_off(webhook.pk, user=manager, reason="Moved.")
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_problem) == ("failed", webhooks.SWITCHED_OFF)
    deliveries.deliver(delivery.pk)
    ingestions.cancel(record.pk, user=manager)
    assert (receiver.messages, Delivery.objects.count()) == ([], 1)
    webhooks.switch_on(webhook.pk, user=manager)
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.switched_off_reason) == (True, "")


def test_delivered_messages_are_forgotten_after_a_month(
    receiver: Receiver, settings: Settings
) -> None:
    a_webhook(receiver)
    source = a_source()
    for number in range(3):
        a_file(source, f"a\n{number}\n")
    old, failed, fresh = Delivery.objects.order_by("pk")
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS, minutes=1)
    done = {"next_try_at": None, "last_at": long_ago}
    Delivery.objects.filter(pk=old.pk).update(status="delivered", **done)
    Delivery.objects.filter(pk=failed.pk).update(status="failed", **done)
    deliveries.deliver(fresh.pk)
    assert deliveries.prune() == 1
    assert set(Delivery.objects.all()) == {failed, fresh}
