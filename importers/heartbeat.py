"""The beat of a machine's clusters, in a thread of their watchdog."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from importers.services import beats

logger = logging.getLogger(__name__)


class Heartbeat:
    """Beats every few seconds while the clusters are alive; says when they end."""

    def __init__(self, is_alive: Callable[[], bool], queues: Sequence[str]) -> None:
        self._is_alive = is_alive
        self._queues = queues
        self._started_at = timezone.now()
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a database that does not answer is not waited for."""
        self._is_ending.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        said = ""
        while not self._is_ending.is_set():
            try:
                if self._is_alive():
                    beats.beat(self._started_at, self._queues)
                said = ""
            except Exception as error:  # noqa: BLE001 the database may be away a while
                if str(error) != said:
                    logger.warning("No sign of life can be given: %s", error)
                said = str(error)
            finally:
                connections.close_all()
            self._is_ending.wait(settings.BEAT_SECONDS)
        with suppress(DatabaseError):
            beats.leave()
        connections.close_all()
