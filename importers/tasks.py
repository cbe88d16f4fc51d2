"""What the cluster runs: thin functions, named by dotted path, that return nothing."""

import logging

from importers import log_context
from importers.exceptions import StateProblem
from importers.services import deliveries, fetching, syncs, undoing, work

logger = logging.getLogger(__name__)


def check(ingestion: int) -> None:
    """Check a received ingestion."""
    with log_context.task("check", ingestion=ingestion):
        work.check(ingestion)


def load(ingestion: int) -> None:
    """Load an approved ingestion."""
    with log_context.task("load", ingestion=ingestion):
        work.load(ingestion)


def undo(ingestion: int) -> None:
    """Take a loaded ingestion back."""
    with log_context.task("undo", ingestion=ingestion):
        undoing.undo(ingestion)


def deliver(delivery: int) -> None:
    """Tell a webhook of a move."""
    with log_context.task("deliver", delivery=delivery):
        deliveries.deliver(delivery)


def run_sync(sync: int) -> None:
    """Fetch a sync that was asked for."""
    with log_context.task("sync", sync=sync):
        fetching.run(sync)


def sync_feed(feed: int) -> None:
    """Sync a feed at its time, unless it is being synced, switched off or paused."""
    with log_context.task("sync feed", feed=int(feed)):
        try:
            sync = syncs.request(int(feed), door=syncs.SCHEDULE, enqueue=False)
        except StateProblem as reason:
            logger.info("Feed %s is not synced: %s", feed, reason)
            return
        with log_context.bound(sync=sync.pk):
            fetching.run(sync.pk)
