"""Who is at work on a file or sync: a lease with a heartbeat, and taking it over.

A worker writes its attempt down before it works, beats while it works, and can end
the work only while the lease is still its own.  Whoever finds the heart stopped may
take the ingestion over; the first worker, should it still live, then fails to commit.
"""

import contextlib
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from importers.exceptions import LeaseLost
from importers.models import Ingestion, Sync

LONGEST_BEAT_SECONDS = 5.0
MOST_ATTEMPTS = 3
NOBODY = ""
"""The lease of work that was let go."""


def beat_seconds() -> float:
    """The pause between two beats: a heart may miss two before it counts as stopped."""
    return min(LONGEST_BEAT_SECONDS, settings.LEASE_STALE_SECONDS / 3)


def stale() -> Q:
    """Work whose worker has not been heard of for a while."""
    limit = timezone.now() - timedelta(seconds=settings.LEASE_STALE_SECONDS)
    return Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=limit)


Work = type[Ingestion] | type[Sync]


class Lease:
    """One worker's hold on one piece of work: a row of ``model``, by its ``key``."""

    def __init__(self, model: Work, key: int, token: str) -> None:
        self.model = model
        self.key = key
        self.token = token
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def check(self) -> None:
        """Raise LeaseLost when another worker has taken the work over."""
        if self._lost.is_set():
            raise LeaseLost("Another worker has taken this over.")

    def update(self, **changes: Any) -> None:
        """Write down where the work stands; raises LeaseLost as :meth:`check` does."""
        held = self.model._default_manager.filter(pk=self.key, lease=self.token)
        if not held.update(**changes):
            self._lost.set()
            self.check()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(beat_seconds()):
                try:
                    self.update(heartbeat_at=timezone.now())
                except LeaseLost:
                    return
                except Exception:  # noqa: BLE001 - the database may be away a while
                    close_old_connections()
                    continue
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


def take(
    model: Work,
    key: int,
    *,
    from_: StrEnum,
    to: StrEnum,
    began: Callable[[], None],
) -> Lease | None:
    """Begin work that stands at ``from_``, or take it over from a dead worker.

    ``began`` writes the story's line in the same transaction.  None where there is
    nothing to do: it has moved on, a live worker has it, or it has ended so many
    workers that only the reaper may touch it.
    """
    token = f"{settings.MACHINE_NAME}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    with transaction.atomic():
        orphaned = Q(status=to, attempts__lt=MOST_ATTEMPTS) & stale()
        taken = model._default_manager.filter(Q(status=from_) | orphaned, pk=key)
        if not taken.update(
            status=to,
            lease=token,
            heartbeat_at=timezone.now(),
            attempts=F("attempts") + 1,
        ):
            return None
        began()
    return Lease(model, key, token)


def let_go(lease: Lease) -> bool:
    """Leave work that cannot go on just now, to whoever finds it silent next.

    The attempt does not count, as nothing in the work is to blame.  Whether it was
    still this worker's.
    """
    held = lease.model._default_manager.filter(pk=lease.key, lease=lease.token)
    return bool(
        held.update(
            lease=NOBODY, heartbeat_at=timezone.now(), attempts=F("attempts") - 1
        )
    )


def bury(model: Work, key: int) -> bool:
    """Whether the work's worker was of this machine and its process is gone.

    Its heart then counts as stopped at once, not only when it is found silent.
    """
    held = model._default_manager.filter(pk=key).values_list("lease", flat=True)
    token = held.first() or ""
    host, _, rest = token.partition(":")
    pid = rest.partition(":")[0]
    if host != settings.MACHINE_NAME or not pid.isdecimal() or _is_alive(int(pid)):
        return False
    orphan = model._default_manager.filter(pk=key, lease=token)
    return bool(orphan.update(heartbeat_at=None))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
