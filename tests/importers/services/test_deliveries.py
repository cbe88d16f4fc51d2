"""Sending: once at a time, at least once, with growing pauses, not for ever."""

import threading
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from importers import queue
from importers.exceptions import StateProblem
from importers.models import Delivery, Webhook
from importers.services import deliveries, reaper, webhooks
from importers.services.deliveries import MOST_TRIES, PAUSES
from tests.flows.webhooks import (
    PATH,
    Receiver,
    a_file,
    a_source,
    a_webhook,
    is_due_now,
    is_signed_with,
)
from tests.partner import faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(receiver: Receiver) -> Delivery:
    """A message that waits to be sent."""
    a_webhook(receiver)
    a_file(a_source())
    return Delivery.objects.get()


def again(delivery: Delivery) -> Delivery:
    delivery.refresh_from_db()
    return delivery


def pause_of(delivery: Delivery) -> float:
    """Seconds from the last try to the next."""
    again(delivery)
    assert delivery.next_try_at is not None
    assert delivery.last_at is not None
    return (delivery.next_try_at - delivery.last_at).total_seconds()


# ----------------------------------------------------------------------------- sending
def test_a_message_is_signed_and_taken(receiver: Receiver) -> None:
    _, secret = a_webhook(receiver)
    a_file(a_source())
    delivery = Delivery.objects.get()
    deliveries.deliver(delivery.pk)
    (message,) = receiver.messages
    assert message.method == "POST"
    assert message.headers["Content-Type"] == "application/json"
    assert message.headers["webhook-id"] == delivery.identifier
    assert abs(time.time() - int(message.headers["webhook-timestamp"])) < 30
    assert is_signed_with(secret, message)
    assert b'"type":"ingestion.received"' in message.body
    assert again(delivery).status == "delivered"
    assert (delivery.attempts, delivery.last_answer) == (1, 204)
    assert (delivery.last_problem, delivery.next_try_at) == ("", None)
    assert delivery.seconds is not None
    assert [line["said"] for line in delivery.story] == [
        "127.0.0.1/hooks took it (204)."
    ]


def test_what_was_delivered_is_not_sent_by_a_second_task(
    receiver: Receiver, delivery: Delivery
) -> None:
    for _ in range(2):
        deliveries.deliver(delivery.pk)
    assert len(receiver.messages) == 1


def test_growing_pauses_and_then_no_more(
    receiver: Receiver, delivery: Delivery
) -> None:
    receiver.fail(path=PATH, fault=faults.status(500), times="always")
    for pause in PAUSES:
        deliveries.deliver(delivery.pk)
        assert again(delivery).status == "waiting"
        assert 0.9 * pause <= pause_of(delivery) <= 1.2 * pause + 5
        deliveries.deliver(delivery.pk)  # not due yet
        is_due_now(delivery)
    deliveries.deliver(delivery.pk)
    assert again(delivery).status == "failed"
    assert (delivery.attempts, len(receiver.messages)) == (MOST_TRIES, MOST_TRIES)
    assert delivery.last_problem == (
        "127.0.0.1/hooks has a fault of its own (500). "
        'It says “{"error":"Status 500"}”.'
    )
    assert delivery.story[-1]["said"].endswith("That was the last try.")
    assert len({message.body for message in receiver.messages}) == 1
    assert {m.headers["webhook-id"] for m in receiver.messages} == {delivery.identifier}
    assert Webhook.objects.get().failing_since is not None


@pytest.mark.parametrize(
    ("code", "asked", "least"), [(429, 300, 300), (503, 900, 900), (429, 10**6, 86400)]
)
def test_retry_after_is_obeyed(
    code: int, asked: int, least: int, receiver: Receiver, delivery: Delivery
) -> None:
    receiver.fail(path=PATH, fault=faults.too_many(asked, code=code))
    deliveries.deliver(delivery.pk)
    assert least - 1 <= pause_of(delivery) <= least + 5
    assert delivery.last_problem.startswith(f"127.0.0.1/hooks asks us to wait ({code})")


def test_a_redirect_is_not_followed(receiver: Receiver, delivery: Delivery) -> None:
    receiver.fail(path=PATH, fault=faults.redirect("/page/total"))
    deliveries.deliver(delivery.pk)
    assert [request.path for request in receiver.requests] == [PATH]
    assert again(delivery).status == "waiting"
    assert "redirects (302), which is not followed" in delivery.last_problem


@pytest.mark.parametrize("fault", [faults.close(), faults.flood(1 << 24)])
def test_broken_and_endless_answers(
    fault: object, receiver: Receiver, delivery: Delivery
) -> None:
    """Nobody waits for the end of an answer that says “taken” in its first line."""
    receiver.fail(path=PATH, fault=fault)  # type: ignore[arg-type]
    deliveries.deliver(delivery.pk)
    assert again(delivery).attempts == 1


def test_gone_switches_the_webhook_off(receiver: Receiver, delivery: Delivery) -> None:
    a_file(a_source("other"))
    receiver.fail(path=PATH, fault=faults.status(410))
    deliveries.deliver(delivery.pk)
    webhook = Webhook.objects.get()
    assert (webhook.is_active, webhook.switched_off_reason) == (False, deliveries.GONE)
    assert again(delivery).status == "failed"
    assert delivery.last_problem.startswith("127.0.0.1/hooks says that it is gone")
    assert set(Delivery.objects.values_list("status", flat=True)) == {"failed"}


def test_five_days_of_failures_switch_it_off(
    receiver: Receiver, delivery: Delivery
) -> None:
    receiver.fail(path=PATH, fault=faults.status(500), times="always")
    almost = timezone.now() - timedelta(days=4, hours=23)
    Webhook.objects.update(failing_since=almost)
    deliveries.deliver(delivery.pk)
    assert Webhook.objects.get().is_active
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=5))
    is_due_now(delivery)
    deliveries.deliver(delivery.pk)
    webhook = Webhook.objects.get()
    assert not webhook.is_active
    assert webhook.switched_off_reason.startswith(
        "Nothing could be delivered for five days. The last try: 127.0.0.1/hooks has"
    )
    assert again(delivery).status == "failed"


def test_what_comes_through_ends_the_failing(
    receiver: Receiver, delivery: Delivery
) -> None:
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=6))
    deliveries.deliver(delivery.pk)
    assert Webhook.objects.get().failing_since is None


# ------------------------------------------------------------------------------- safety
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://169.254.169.254/latest", "leads into a private network"),
        ("https://localhost/hooks", "leads into a private network"),
        ("https://[::ffff:127.0.0.1]/hooks", "leads into a private network"),
        ("http://billing.example/hooks", "without encryption"),
        ("ftp://billing.example/hooks", "no web address"),
    ],
)
def test_private_addresses_are_not_asked(
    url: str, said: str, receiver: Receiver, delivery: Delivery, settings: Settings
) -> None:
    settings.WEB_SERVICE_HOSTS = ["*"]
    Webhook.objects.update(url=url)
    deliveries.deliver(delivery.pk)
    assert again(delivery).status == "waiting"
    assert said in delivery.last_problem
    assert receiver.requests == []


def test_a_host_that_is_not_allowed(
    receiver: Receiver, delivery: Delivery, settings: Settings
) -> None:
    settings.WEB_SERVICE_HOSTS = ["billing.example"]
    deliveries.deliver(delivery.pk)
    assert again(delivery).last_problem == (
        "The host “127.0.0.1” is not allowed. Have an operator add it to "
        "WEB_SERVICE_HOSTS if it is a partner's."
    )
    assert receiver.requests == []


def test_a_lost_key_is_said_and_nothing_is_sent(
    receiver: Receiver, delivery: Delivery, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["A" * 43 + "="]
    deliveries.deliver(delivery.pk)
    assert "FIELD_ENCRYPTION_KEYS" in again(delivery).last_problem
    assert (delivery.status, receiver.requests) == ("waiting", [])


# ------------------------------------------------------------------------ one at a time
@pytest.mark.django_db(transaction=True)
def test_two_tasks_at_once_send_once(receiver: Receiver, delivery: Delivery) -> None:
    receiver.latency = 0.3
    together = threading.Barrier(2)

    def run() -> None:
        together.wait()
        deliveries.deliver(delivery.pk)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.messages) == 1
    assert (again(delivery).status, delivery.attempts) == ("delivered", 1)


@pytest.mark.django_db(transaction=True)
def test_two_reapers_at_once_offer_once(receiver: Receiver, delivery: Delivery) -> None:
    OrmQ.objects.all().delete()
    is_due_now(delivery)
    together = threading.Barrier(2)
    counts: list[int] = []

    def run() -> None:
        together.wait()
        counts.append(deliveries.offer_due())
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(counts), queue.pending()) == ([0, 1], 1)


def test_a_worker_that_dies_costs_a_minute(
    receiver: Receiver, delivery: Delivery
) -> None:
    """Its claim runs out; what it would write later is not written."""
    claim = deliveries._claim(delivery.pk)
    assert claim is not None
    deliveries.deliver(delivery.pk)
    assert receiver.messages == []
    assert 59 <= pause_of(delivery) <= 61
    OrmQ.objects.all().delete()
    assert deliveries.offer_due() == 0
    is_due_now(delivery)
    assert deliveries.offer_due() == 1
    deliveries.deliver(delivery.pk)
    assert again(delivery).status == "delivered"
    deliveries._close(claim, deliveries.DeliveryStatus.FAILED, "Too late.")
    assert (again(delivery).status, delivery.attempts) == ("delivered", 2)


def test_a_message_that_kills_workers_ends(
    receiver: Receiver, delivery: Delivery
) -> None:
    Delivery.objects.update(attempts=MOST_TRIES)
    deliveries.deliver(delivery.pk)
    assert (again(delivery).status, receiver.messages) == ("failed", [])
    assert delivery.last_problem == "The worker stopped during the last try."


def test_the_reaper_offers_what_is_due(receiver: Receiver, delivery: Delivery) -> None:
    OrmQ.objects.all().delete()
    assert reaper.reap() == 0  # it has its task
    is_due_now(delivery)
    assert reaper.reap() == 1
    assert reaper.reap() == 0
    (task,) = OrmQ.objects.all()
    assert (task.task["func"], task.task["args"]) == (
        "importers.tasks.deliver",
        (delivery.pk,),
    )
    lost = timezone.now() - timedelta(seconds=1)
    Delivery.objects.update(offered_until=lost)
    assert reaper.reap() == 1


def test_of_a_failing_webhook_one_at_a_time(receiver: Receiver) -> None:
    failing, _ = a_webhook(receiver)
    a_webhook(receiver, name="Well")
    Webhook.objects.filter(pk=failing.pk).update(failing_since=timezone.now())
    source = a_source()
    for number in range(3):
        a_file(source, f"a\n{number}\n")
    of_failing = Delivery.objects.filter(webhook=failing)
    assert of_failing.filter(offered_until=None).count() == 3
    assert queue.pending() == 3 + 3  # checks, and the other's
    assert deliveries.offer_due() == 1
    assert deliveries.offer_due() == 0
    (first,) = of_failing.exclude(offered_until=None)
    deliveries.deliver(first.pk)
    assert deliveries.offer_due() == 2


# ------------------------------------------------------------------------------ again
@pytest.mark.parametrize("status", ["delivered", "failed"])
def test_sent_again_it_is_the_same_message(
    status: str, receiver: Receiver, delivery: Delivery, manager: User
) -> None:
    deliveries.deliver(delivery.pk)
    Delivery.objects.update(status=status, attempts=MOST_TRIES)
    OrmQ.objects.all().delete()
    deliveries.send_again(delivery.pk, user=manager)
    assert again(delivery).status == "waiting"
    assert queue.pending() == 1
    with pytest.raises(StateProblem, match="about to be sent already"):
        deliveries.send_again(delivery.pk, user=manager)
    receiver.fail(path=PATH, fault=faults.status(500))
    deliveries.deliver(delivery.pk)
    assert 9 <= pause_of(delivery) <= 17  # the pauses begin anew
    is_due_now(delivery)
    deliveries.deliver(delivery.pk)
    first, _, third = receiver.messages
    assert first.body == third.body
    assert first.headers["webhook-id"] == third.headers["webhook-id"]
    assert (again(delivery).status, delivery.attempts) == ("delivered", MOST_TRIES + 2)
    assert [(line["said"], line["by"]) for line in delivery.story][1:2] == [
        ("Asked to be sent again.", "manager")
    ]


def test_not_to_one_that_is_switched_off(
    receiver: Receiver, delivery: Delivery, manager: User
) -> None:
    webhooks.switch_off(delivery.webhook_id, user=None, reason="So.")
    with pytest.raises(StateProblem, match="“Billing” is switched off"):
        deliveries.send_again(delivery.pk, user=manager)


def test_the_story_does_not_grow_for_ever(
    delivery: Delivery, manager: User, receiver: Receiver
) -> None:
    for _ in range(deliveries.MOST_LINES):
        deliveries.deliver(delivery.pk)
        deliveries.send_again(delivery.pk, user=manager)
    assert len(again(delivery).story) == deliveries.MOST_LINES
