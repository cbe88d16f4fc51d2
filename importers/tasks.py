"""What the cluster runs: thin functions, named by dotted path, that return nothing."""

import logging

from importers.exceptions import StateProblem
from importers.services import (
    collecting,
    deliveries,
    fetching,
    inboxes,
    syncs,
    undoing,
    work,
)

logger = logging.getLogger(__name__)


def check(ingestion: int) -> None:
    """Check a received ingestion."""
    work.check(ingestion)


def load(ingestion: int) -> None:
    """Load an approved ingestion."""
    work.load(ingestion)


def undo(ingestion: int) -> None:
    """Take a loaded ingestion back."""
    undoing.undo(ingestion)


def deliver(delivery: int) -> None:
    """Tell a webhook of a move."""
    deliveries.deliver(delivery)


def run_sync(sync: int) -> None:
    """Fetch a sync that was asked for."""
    fetching.run(sync)


def sync_feed(feed: int) -> None:
    """Sync a feed at its time, unless it is being synced, switched off or paused."""
    try:
        sync = syncs.request(int(feed), door=syncs.SCHEDULE, enqueue=False)
    except StateProblem as reason:
        logger.info("Feed %s is not synced: %s", feed, reason)
        return
    fetching.run(sync.pk)


def collect_inboxes() -> None:
    """Have every inbox looked into whose time has come."""
    inboxes.ask_due()


def collect_inbox(inbox: int) -> None:
    """Look into one inbox."""
    collecting.collect(inbox)
