"""A file through a real cluster, and what a receiver is told of it; kills included."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from importers.models import Delivery, Ingestion
from importers.services import ingestions
from importers.webservices.signing import new_secret
from reinsurance.models import Claim
from tests.clusters import Cluster, end, start, wait_until
from tests.flows.syncs import a_treaty
from tests.flows.webhooks import (
    PATH,
    Receiver,
    a_file,
    a_source,
    a_webhook,
    is_signed_with,
)
from tests.partner import faults

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

CLAIMS = (
    "UMR,Claim Ref,Date of Loss,Currency,Paid to date\n"
    "B1526HCL26001,C-1,2026-03-01,GBP,5\n"
    "B1526HCL26001,C-2,2026-03-02,GBP,7\n"
)
STORY = ["received", "checking", "ready", "approved", "loading", "loaded"]


@pytest.fixture
def cluster(
    process_environment: dict[str, str], tmp_path: Path, receiver: Receiver
) -> Iterator[Cluster]:
    running = start(
        process_environment,
        tmp_path,
        queue="quick",
        Q_REAP_SECONDS="0.3",
        WEB_SERVICE_HOSTS="http://127.0.0.1",
        FIELD_ENCRYPTION_KEYS=",".join(settings.FIELD_ENCRYPTION_KEYS),
    )
    try:
        wait_until(running.is_whole, "a whole cluster")
        yield running
    finally:
        end(running)


def workers_of(cluster: Cluster) -> set[int]:
    """The living workers of this cluster, and nobody else's process."""
    named = re.findall(r"ready for work at (\d+)\b", cluster.log)
    return {int(pid) for pid in named} & cluster.members()


def delivered() -> int:
    return Delivery.objects.filter(status="delivered").count()


def test_each_move_of_a_file_is_told_once_and_signed(
    cluster: Cluster, receiver: Receiver
) -> None:
    a_treaty()
    _, secret = a_webhook(receiver)
    record = a_file(a_source(), CLAIMS)

    def status() -> str:
        return Ingestion.objects.values_list("status", flat=True).get(pk=record.pk)

    wait_until(lambda: status() == "ready", "the check")
    ingestions.approve(record.pk)
    wait_until(lambda: status() == "loaded", "the load")
    wait_until(lambda: delivered() == len(STORY), "all messages")
    assert Claim.objects.count() == 2
    bodies = [json.loads(message.body) for message in receiver.messages]
    bodies.sort(key=lambda body: body["data"]["event"])
    assert [body["data"]["status"] for body in bodies] == STORY
    assert bodies[-1]["data"]["rows"] == {
        "read": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
    }
    assert all(is_signed_with(secret, message) for message in receiver.messages)
    assert not is_signed_with(new_secret(), receiver.messages[0])
    assert len({m.headers["webhook-id"] for m in receiver.messages}) == len(STORY)


def test_what_fails_is_tried_again_by_the_cluster(
    cluster: Cluster, receiver: Receiver
) -> None:
    a_webhook(receiver, statuses=["received"])
    receiver.fail(path=PATH, fault=faults.status(503))
    a_file(a_source())
    wait_until(lambda: Delivery.objects.filter(last_answer=503).exists(), "a failure")
    Delivery.objects.update(next_try_at=timezone.now())  # ten seconds later
    wait_until(lambda: delivered() == 1, "the next try")
    first, second = receiver.messages
    assert first.body == second.body
    assert Delivery.objects.get().attempts == 2


def test_a_worker_that_is_killed_while_it_sends(
    cluster: Cluster, receiver: Receiver
) -> None:
    a_webhook(receiver, statuses=["received"])
    receiver.fail(path=PATH, fault=faults.silence())
    a_file(a_source())
    wait_until(lambda: receiver.messages, "the first try")
    # A file whose check is killed goes back to "received", which is told as well.
    checked = Ingestion.objects.filter(status="needs mapping")
    wait_until(checked.exists, "the check")
    before, workers = cluster.members(), workers_of(cluster)
    assert len(workers) == 2
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("waiting", 1)
    assert delivery.next_try_at is not None
    left = (delivery.next_try_at - timezone.now()).total_seconds()
    assert 40 < left <= 60
    # Who is started in the place of a dead worker may be stopped with the rest.
    wait_until(lambda: not before & cluster.members(), "all processes to be new")
    wait_until(cluster.is_whole, "a whole cluster")
    Delivery.objects.update(next_try_at=timezone.now(), offered_until=None)
    wait_until(lambda: delivered() == 1, "the next worker's try")
    first, second = receiver.messages
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Delivery.objects.get().attempts == 2
