"""Who is at work on an ingestion: a lease with a heartbeat, and taking it over.

A worker writes its attempt down before it works, beats while it works, and can end
the work only while the lease is still its own.  Whoever finds the heart stopped may
take the ingestion over; the first worker, should it still live, then fails to commit.
"""

import contextlib
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from importers.exceptions import LeaseLost
from importers.models import Ingestion
from importers.services.states import say
from importers.values import Status

LONGEST_BEAT_SECONDS = 5.0
MOST_ATTEMPTS = 3


def beat_seconds() -> float:
    """The pause between two beats: a heart may miss two before it counts as stopped."""
    return min(LONGEST_BEAT_SECONDS, settings.LEASE_STALE_SECONDS / 3)


def stale() -> Q:
    """Ingestions whose worker has not been heard of for a while."""
    limit = timezone.now() - timedelta(seconds=settings.LEASE_STALE_SECONDS)
    return Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=limit)


class Lease:
    """One worker's hold on one ingestion."""

    def __init__(self, ingestion: int, token: str) -> None:
        self.ingestion = ingestion
        self.token = token
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def check(self) -> None:
        """Raise LeaseLost when another worker has taken the ingestion over."""
        if self._lost.is_set():
            raise LeaseLost("Another worker has taken this file over.")

    def _beat(self) -> None:
        try:
            while not self._stop.wait(beat_seconds()):
                try:
                    alive = Ingestion.objects.filter(
                        pk=self.ingestion, lease=self.token
                    ).update(heartbeat_at=timezone.now())
                except Exception:  # noqa: BLE001 - the database may be away a while
                    close_old_connections()
                    continue
                if not alive:
                    self._lost.set()
                    return
        finally:
            connection.close()

    @contextlib.contextmanager
    def beating(self) -> Iterator["Lease"]:
        """Beat until the work is done."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()


def take(ingestion: int, *, from_: Status, to: Status, message: str) -> Lease | None:
    """Begin work on an ingestion at ``from_``, or take it over from a dead worker.

    None where there is nothing to do: it has moved on, a live worker has it, or it has
    ended so many workers that only the reaper may touch it.
    """
    token = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    with transaction.atomic():
        orphaned = Q(status=to, attempts__lt=MOST_ATTEMPTS) & stale()
        free = Q(status=from_) | orphaned
        taken = Ingestion.objects.filter(free, pk=ingestion).update(
            status=to,
            lease=token,
            heartbeat_at=timezone.now(),
            attempts=F("attempts") + 1,
        )
        if not taken:
            return None
        say(ingestion, message, status=to)
    return Lease(ingestion, token)
