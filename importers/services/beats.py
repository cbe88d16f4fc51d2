"""Signs of life of the clusters: given by their watchdogs, read by whoever wonders."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from importers import queue
from importers.models import Beat

FORGOTTEN = timedelta(days=1)


def own_name() -> str:
    """What this process is called among the clusters."""
    return f"{settings.MACHINE_NAME[:100]}:{os.getpid()}"


def beat(started_at: datetime, queues: Sequence[str]) -> None:
    """Say that the clusters of this process, which serve ``queues``, are at work."""
    now = timezone.now()
    told = {
        "host": settings.MACHINE_NAME[:100],
        "queues": list(queues),
        "workers": sum(map(queue.workers_of, queues)),
        "started_at": started_at,
        "beat_at": now,
    }
    Beat.objects.update_or_create(name=own_name(), defaults=told)
    Beat.objects.filter(beat_at__lt=now - FORGOTTEN).delete()


def leave() -> None:
    """Say that the cluster of this process has stopped of its own will."""
    Beat.objects.filter(name=own_name()).delete()


def living() -> QuerySet[Beat]:
    """The clusters that were heard of a moment ago."""
    stale = timezone.now() - timedelta(seconds=settings.BEAT_STALE_SECONDS)
    return Beat.objects.filter(beat_at__gte=stale)


def unserved() -> list[str]:
    """The queues that no cluster was heard of for."""
    served = {
        name for queues in living().values_list("queues", flat=True) for name in queues
    }
    return [name for name in queue.QUEUES if name not in served]
