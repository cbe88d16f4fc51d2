"""``manage.py sync``: a feed fetched and checked, for people and scripts."""

import json
import traceback
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importers.exceptions import ImporterError
from importers.management.following import GOOD, follow, in_words, rows_of, wait
from importers.models import Feed, Sync
from importers.services import fetching, leases, reaper, syncs
from importers.services.syncs import SyncRunning
from importers.values import RUNNING, SyncStatus

TAKEN = "A worker of the cluster has taken this sync just now (number {}). Wait for it."


def outcome(sync: Sync) -> dict[str, Any]:
    """What became of a sync, as the command prints it."""
    ingestion = sync.ingestion
    is_bad = ingestion is not None and ingestion.status not in GOOD
    return {
        "feed": sync.feed.code,
        "status": sync.status,
        "pages": sync.pages,
        "records": sync.records,
        "bytes": sync.bytes,
        "retries": sync.retries,
        "waited_seconds": round(sync.waited_seconds, 3),
        "ingestion": ingestion.pk if ingestion else None,
        "rows": rows_of(ingestion),
        "message": ingestion.message if ingestion and is_bad else sync.message,
    }


def is_good(sync: Sync) -> bool:
    """Whether the sync brought nothing new, or records that are ready or loaded."""
    if sync.status != SyncStatus.HANDED_IN:
        return sync.status == SyncStatus.NOTHING_NEW
    return sync.ingestion is not None and sync.ingestion.status in GOOD


class Command(BaseCommand):
    """Sync one feed and say what became of it."""

    help = "Sync a feed: 0 nothing new, ready or loaded, 1 not, 2 bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("feed", help="code of the feed")
        parser.add_argument("--approve", action="store_true", help="load what is good")
        parser.add_argument(
            "--queue", action="store_true", help="let the cluster do the work, and wait"
        )
        parser.add_argument("--timeout", type=float, default=3600, help="with --queue")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sync; ends with the exit code that the help text names."""
        feed = self._feed(options["feed"])
        sync: Sync | None = None
        try:
            sync = _fetched_by_cluster(feed) if options["queue"] else _asked_for(feed)
            self._work(sync, options)
        except ImporterError as problem:
            self.stderr.write(str(problem))
        except Exception:  # noqa: BLE001 - the sync is "failed", and says so
            self.stderr.write(traceback.format_exc())
        if sync is None:
            raise SystemExit(1)
        sync = Sync.objects.select_related("feed", "ingestion").get(pk=sync.pk)
        self._say(outcome(sync), options["json"])
        raise SystemExit(0 if is_good(sync) else 1)

    def _feed(self, code: str) -> Feed:
        feed = Feed.objects.filter(code=code).first()
        if feed is None:
            known = ", ".join(
                Feed.objects.order_by("code").values_list("code", flat=True)
            )
            self.stderr.write(f"There is no feed “{code}”. Known: {known or 'none'}.")
            raise SystemExit(2)
        return feed

    def _work(self, sync: Sync, options: dict[str, Any]) -> None:
        queue, timeout = options["queue"], options["timeout"]
        if not queue:
            fetching.run(sync.pk, enqueue=False)
        wait(sync, RUNNING if queue else (), timeout)
        if sync.status in RUNNING:
            raise SyncRunning(TAKEN.format(sync.pk), sync=sync.pk)
        if sync.ingestion is not None:
            follow(
                sync.ingestion,
                queue=queue,
                approve=options["approve"],
                timeout=timeout,
            )

    def _say(self, told: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(
            f"{told['feed']}: {told['status']}. {told['pages']:,} pages, "
            f"{told['records']:,} records, {told['bytes']:,} bytes, "
            f"{told['retries']:,} retries, {told['waited_seconds']:.1f} s waited. "
            f"{in_words(told['rows'])}."
        )
        if told["message"]:
            self.stdout.write(told["message"])


def _fetched_by_cluster(feed: Feed) -> Sync:
    return syncs.request(feed.pk, door="cluster command")


def _asked_for(feed: Feed) -> Sync:
    """A sync to be fetched here: a new one, or one that a dead process has left.

    Raises SyncRunning where a worker that lives is at it.
    """
    try:
        return syncs.request(feed.pk, door="command", enqueue=False)
    except SyncRunning as running:
        if running.sync is None:
            raise
        left = Sync.objects.get(pk=running.sync)
        if left.status == SyncStatus.WAITING:
            return left
        leases.bury(Sync, left.pk)
        if not Sync.objects.filter(leases.stale(), pk=left.pk).exists():
            raise
        if left.attempts < leases.MOST_ATTEMPTS:
            return left
        reaper.reap()  # it ends as failed, and the next one goes on from there
        return syncs.request(feed.pk, door="command", enqueue=False)
