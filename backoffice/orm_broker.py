"""The table of tasks as a queue whose first is served first, for Django-Q.

Django-Q's own broker takes any task that is free. Under load these are the newest ones,
in whose place on the page an old one was just deleted: files were checked for minutes
while others waited to be loaded.
"""

from time import sleep

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ


class OrmBroker(ORM):
    """Django-Q's broker, but for the order."""

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The tasks that have waited longest; None, after a pause, where none waits."""
        waiting = self.get_connection().filter(
            key=self.list_key, lock__lt=timezone.now()
        )
        found = list(waiting.order_by("pk")[: Conf.BULK])
        if not found:
            sleep(Conf.POLL)
            return None
        return [(task.pk, task.payload) for task in found if self._take(task)]

    def _take(self, task: OrmQ) -> bool:
        """Whether no other cluster was faster."""
        still = self.get_connection().filter(pk=task.pk, lock=task.lock)
        return bool(still.update(lock=self.timeout(task)))
