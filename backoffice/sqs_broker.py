"""Amazon SQS as the place where tasks wait, for Django-Q.

A task is written to the database first, in the transaction of what it is about, and
sent to SQS once that is committed; what could not be sent is sent later
(:meth:`SqsBroker.send_kept`). Django-Q's own SQS broker is not used: it sends before
the commit, its processes share one connection after a fork, a failing request ends
the process (and so the cluster), and it remembers the first length it was told.
"""

import logging
import os
import time
from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.models import OrmQ

logger = logging.getLogger(__name__)

AWAY = (BotoCoreError, ClientError)
PAUSE_SECONDS = 5.0
KEPT_SECONDS = 20
"""After so long a task that is still in the database has not been sent."""
MOST_SENT = 500
RETENTION_SECONDS = 14 * 24 * 3600
KEPT = "to send: "


class SqsBroker(Broker):
    """One queue of SQS; made if it is not there."""

    def __init__(self, list_key: str | None = None) -> None:
        self._client: Any = None
        self._url = ""
        self._made_by = 0
        super().__init__(list_key)

    @property
    def _sqs(self) -> Any:
        """The client; each process has its own, since connections are no use to two."""
        if self._made_by != os.getpid():
            place = settings.QUEUE_SQS
            self._client = boto3.Session().client(
                "sqs",
                region_name=place["region"],
                endpoint_url=place["endpoint"],
                config=Config(
                    retries={"mode": "standard", "max_attempts": 4},
                    connect_timeout=3,
                    read_timeout=10,
                ),
            )
            self._url = self._queue_url()
            self._made_by = os.getpid()
        return self._client

    def _queue_url(self) -> str:
        ours = self.list_key.removeprefix(settings.QUICK_QUEUE)
        name = settings.QUEUE_SQS["name"] + ours
        try:
            found = self._client.get_queue_url(QueueName=name)
        except self._client.exceptions.QueueDoesNotExist:
            found = self._client.create_queue(
                QueueName=name,
                Attributes={"MessageRetentionPeriod": str(RETENTION_SECONDS)},
            )
        return str(found["QueueUrl"])

    # ---------------------------------------------------------------------- sending
    def enqueue(self, task: str) -> int:
        """Keep the task, and send it once the transaction is committed."""
        kept = OrmQ.objects.create(
            key=KEPT + self.list_key, payload=task, lock=timezone.now()
        )

        def send() -> None:
            self._send(kept.pk, task)

        transaction.on_commit(send, robust=True)
        return int(kept.pk)

    def _send(self, kept: int, task: str) -> None:
        self._sqs.send_message(QueueUrl=self._url, MessageBody=task)
        OrmQ.objects.filter(pk=kept).delete()

    def send_kept(self) -> int:
        """Send what was committed some time ago and not sent; how many tasks."""
        late = timezone.now() - timedelta(seconds=KEPT_SECONDS)
        waiting = OrmQ.objects.filter(key=KEPT + self.list_key, lock__lt=late)
        sent = 0
        for key in list(
            waiting.order_by("pk").values_list("pk", flat=True)[:MOST_SENT]
        ):
            with transaction.atomic():
                rows = OrmQ.objects.select_for_update(skip_locked=True).filter(pk=key)
                if row := rows.first():
                    self._send(row.pk, row.payload)
                    sent += 1
        return sent

    # -------------------------------------------------------------------- receiving
    def dequeue(self) -> list[tuple[str, str]] | None:
        """The next task and what it is acknowledged by; None where there is none.

        A queue that does not answer is asked again after a pause.
        """
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(Conf.BULK, 10),
                VisibilityTimeout=Conf.RETRY,
                WaitTimeSeconds=settings.QUEUE_SQS["wait_seconds"],
            )
        except AWAY as error:
            logger.warning("SQS does not answer: %s", error)
            time.sleep(PAUSE_SECONDS)
            return None
        return [(m["ReceiptHandle"], m["Body"]) for m in answer.get("Messages", ())]

    def delete(self, task_id: str) -> None:
        """Take a task out; one that stays is delivered again, which does no harm."""
        try:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=task_id)
        except AWAY as error:
            logger.warning("SQS did not take out a task that is done: %s", error)

    def acknowledge(self, task_id: str) -> None:
        """Take a task out that is done."""
        self.delete(task_id)

    def fail(self, task_id: str) -> None:
        """Take a task out that cannot be read."""
        self.delete(task_id)

    # ------------------------------------------------------------------ how it stands
    def _count(self, name: str) -> int:
        asked = self._sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=[name]
        )
        return int(asked["Attributes"][name])

    def queue_size(self) -> int:
        """About how many tasks wait, with those that are not sent yet."""
        kept = OrmQ.objects.filter(key=KEPT + self.list_key).count()
        return kept + self._count("ApproximateNumberOfMessages")

    def lock_size(self) -> int:
        """About how many tasks were taken by workers."""
        return self._count("ApproximateNumberOfMessagesNotVisible")

    def purge_queue(self) -> None:
        """Throw all tasks away (SQS allows it once a minute)."""
        OrmQ.objects.filter(key=KEPT + self.list_key).delete()
        self._sqs.purge_queue(QueueUrl=self._url)

    def delete_queue(self) -> None:
        """Remove the queue with all tasks."""
        self._sqs.delete_queue(QueueUrl=self._url)

    def ping(self) -> bool:
        """Whether the queue answers."""
        try:
            self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])
        except AWAY:
            return False
        return True

    def info(self) -> str:
        """What Django-Q's pages call it."""
        return "Amazon SQS"
