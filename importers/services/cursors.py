"""The cursor of a feed: it moves when what was fetched is in the books, and back."""

from importers.models import Feed, Sync


def advance(ingestion: int) -> None:
    """What the ingestion's sync fetched is loaded: the next one asks for what follows.

    In the load's transaction.  A cursor that was set otherwise meanwhile stays.
    """
    for sync in Sync.objects.filter(ingestion=ingestion):
        Feed.objects.filter(pk=sync.feed_id, cursor=sync.cursor_before).update(
            cursor=sync.cursor_after
        )


def take_back(ingestion: int) -> None:
    """The load is undone: the next sync asks for the same once more."""
    for sync in Sync.objects.filter(ingestion=ingestion):
        Feed.objects.filter(pk=sync.feed_id, cursor=sync.cursor_after).update(
            cursor=sync.cursor_before
        )
