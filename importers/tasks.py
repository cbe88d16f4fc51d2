"""What the cluster runs: thin functions, named by dotted path, that return nothing."""

import logging

from django.conf import settings

from importers import log_context
from importers.exceptions import NotItsTurn, StateProblem
from importers.services import (
    collecting,
    deliveries,
    fetching,
    inboxes,
    offers,
    retention,
    syncs,
    undoing,
    work,
)

logger = logging.getLogger(__name__)


def check(ingestion: int) -> None:
    """Check a received ingestion."""
    with log_context.task("check", ingestion=ingestion):
        work.check(ingestion)


def load(ingestion: int) -> None:
    """Load an approved ingestion, once it is its turn."""
    with log_context.task("load", ingestion=ingestion):
        work.load(ingestion, patience=settings.LOAD_TURN_SECONDS)


def undo(ingestion: int) -> None:
    """Take a loaded ingestion back; if it has to wait, it holds up no quick work."""
    with log_context.task("undo", ingestion=ingestion):
        try:
            undoing.undo(ingestion, patience=settings.LOAD_TURN_SECONDS)
        except NotItsTurn:
            logger.info("Undoing waits for its turn.")
            offers.offer_undo(ingestion, is_patient=True)


def undo_in_turn(ingestion: int) -> None:
    """Take a loaded ingestion back, however long another file of its kind takes."""
    with log_context.task("undo", ingestion=ingestion):
        undoing.undo(ingestion)


def prune() -> None:
    """Clear what was kept long enough."""
    with log_context.task("prune"):
        for pruned in retention.prune():
            if pruned.count:
                logger.info("Cleared: %d %s.", pruned.count, pruned.what)


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
    heavy = offers.is_heavy_feed(int(feed))
    with log_context.task("sync feed", feed=int(feed)):
        try:
            sync = syncs.request(int(feed), door=syncs.SCHEDULE, enqueue=heavy)
        except StateProblem as reason:
            logger.info("Feed %s is not synced: %s", feed, reason)
            return
        if not heavy:
            with log_context.bound(sync=sync.pk):
                fetching.run(sync.pk)


def collect_inboxes() -> None:
    """Have every inbox looked into whose time has come."""
    with log_context.task("collect inboxes"):
        inboxes.ask_due()


def collect_inbox(inbox: int) -> None:
    """Look into one inbox."""
    with log_context.task("collect", inbox=inbox):
        collecting.collect(inbox)
