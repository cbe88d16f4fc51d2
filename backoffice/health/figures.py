"""Figures of files, queue, feeds, webhooks, backups and clusters, from the database.

Asked every few seconds at most, and never of the books themselves: rows are counted
from the log of ingestions, by its indexes.
"""

from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, OuterRef, Subquery, Sum
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backoffice.backups.standing import standing
from importers import queue
from importers.models import Delivery, Feed, Ingestion, Sync
from importers.services import beats
from importers.values import DeliveryStatus, Status, SyncStatus

KEPT_SECONDS = 10
_KEY = "health:figures"
_STAGES = """
    SELECT stage, count(*), sum(took::float8), max(took::float8)
    FROM importers_ingestion, jsonb_each_text(seconds) AS each (stage, took)
    WHERE loaded_at >= now() - interval '1 day'
    GROUP BY stage ORDER BY stage
"""
OUTCOMES = ("created", "updated", "unchanged", "rejected")
GOOD_SYNCS = (SyncStatus.HANDED_IN.value, SyncStatus.NOTHING_NEW.value)

Sample = tuple[tuple[str, ...], float]
Family = tuple[str, str, tuple[str, ...], list[Sample]]
"""Name, help, names of the labels, and values by labels."""


class Figures(Collector):
    """The figures as Prometheus reads them."""

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        known: list[Family] | None = cache.get(_KEY)
        if known is None:
            known = families()
            cache.set(_KEY, known, KEPT_SECONDS)
        for name, told, labels, samples in known:
            family = GaugeMetricFamily(f"backoffice_{name}", told, labels=labels)
            for values, figure in samples:
                family.add_metric(values, figure)
            yield family


def families() -> list[Family]:
    """All figures as they are now; a dozen small queries."""
    return [*_files(), *_queues(), *_feeds(), *_webhooks(), *_backups(), *_clusters()]


def _files() -> Iterator[Family]:
    files = Ingestion.objects.order_by().values_list("status")
    found = dict(files.annotate(Count("pk")))
    yield (
        "ingestions",
        "Files by status.",
        ("status",),
        [((str(status),), found.get(str(status), 0)) for status in Status],
    )
    sums = [Sum(f"rows_{word}") for word in OUTCOMES]
    loaded = Ingestion.objects.filter(status=Status.LOADED.value).order_by()
    lines = loaded.values_list("record_type").annotate(*sums)
    rows: list[Sample] = [
        ((kind, word), count)
        for kind, *counts in lines
        for word, count in zip(OUTCOMES, counts, strict=True)
    ]
    labels = ("record_type", "outcome")
    yield "rows_loaded", "Rows of loaded files, by what became of them.", labels, rows
    with connection.cursor() as cursor:
        cursor.execute(_STAGES)
        stages = cursor.fetchall()
    for word, told, place in (
        ("files", "Files loaded in the last day that went through a stage.", 1),
        ("seconds_sum", "Seconds that a stage took for them, all together.", 2),
        ("seconds_max", "Seconds that a stage took for the slowest of them.", 3),
    ):
        took: list[Sample] = [((line[0],), float(line[place])) for line in stages]
        yield f"stage_{word}", told, ("stage",), took


def _queues() -> Iterator[Family]:
    samples: list[Sample] = []
    for name in queue.QUEUES:
        depth = queue.depth(name)
        samples.append(((name, "waiting"), depth.waiting))
        samples.append(((name, "taken"), depth.taken))
    yield "queue_tasks", "Tasks in the queue.", ("queue", "state"), samples


def _feeds() -> Iterator[Family]:
    good = Sync.objects.filter(feed=OuterRef("pk"), status__in=GOOD_SYNCS)
    last = good.order_by("-pk").values("ended_at")[:1]
    feeds: list[Any] = list(
        Feed.objects.order_by("code")
        .annotate(last_good=Subquery(last))
        .values("code", "last_good", "paused_at")
    )
    yield (
        "feed_last_success_timestamp_seconds",
        "When a feed's last good sync ended.",
        ("feed",),
        [
            ((feed["code"],), feed["last_good"].timestamp())
            for feed in feeds
            if feed["last_good"]
        ],
    )
    yield (
        "feed_paused",
        "1: the feed is paused.",
        ("feed",),
        [((feed["code"],), float(feed["paused_at"] is not None)) for feed in feeds],
    )
    failed = Sync.objects.filter(status=SyncStatus.FAILED.value).order_by()
    counts = failed.values_list("feed__code").annotate(Count("pk"))
    yield (
        "sync_failures",
        "Syncs that failed and were not taken up again.",
        ("feed",),
        [((code,), count) for code, count in counts],
    )


def _webhooks() -> Iterator[Family]:
    wanted = (DeliveryStatus.WAITING, DeliveryStatus.FAILED)
    rows = Delivery.objects.filter(status__in=[status.value for status in wanted])
    found = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    yield (
        "webhook_messages",
        "Messages to webhooks that wait or could not be delivered.",
        ("status",),
        [((str(status),), found.get(str(status), 0)) for status in wanted],
    )


def _backups() -> Iterator[Family]:
    stands = standing()
    for name, told, figure in (
        (
            "backup_last_success_timestamp_seconds",
            "When the last good backup was made.",
            stands.backup_at and stands.backup_at.timestamp(),
        ),
        (
            "drill_last_success_timestamp_seconds",
            "When a backup was last proved by restoring it.",
            stands.drill_at and stands.drill_at.timestamp(),
        ),
        ("backup_bytes", "Size of the last good backup.", stands.size),
        ("backup_seconds", "What the last good backup took.", stands.seconds),
        ("restore_seconds", "What its restore took.", stands.restore_seconds),
        ("backup_failed", "1: the newest try failed.", bool(stands.backup_problem)),
        ("drill_failed", "1: the newest drill failed.", bool(stands.drill_problem)),
    ):
        # No backup: a time long ago, so that a rule about its age speaks up.
        yield name, told, (), [((), float(figure or 0))]


def _clusters() -> Iterator[Family]:
    alive = list(beats.living())
    yield (
        "cluster_beat_timestamp_seconds",
        "When a cluster that is at work was last heard of.",
        ("cluster",),
        [((cluster.name,), cluster.beat_at.timestamp()) for cluster in alive],
    )
    workers = float(sum(cluster.workers for cluster in alive))
    yield "cluster_workers", "Workers of all clusters.", (), [((), workers)]
