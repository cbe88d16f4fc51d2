"""What the machine remembers: ingestions and their story, sources and mappings."""

from importers.models.answers import Answer
from importers.models.beats import Beat
from importers.models.inboxes import Arrival, Inbox
from importers.models.ingestions import Event, Ingestion, Issue, RowChange
from importers.models.sources import Mapping, Source
from importers.models.syncs import Sync
from importers.models.webhooks import Delivery, Webhook
from importers.models.webservices import Feed, WebService

__all__ = [
    "Answer",
    "Arrival",
    "Beat",
    "Delivery",
    "Event",
    "Feed",
    "Inbox",
    "Ingestion",
    "Issue",
    "Mapping",
    "RowChange",
    "Source",
    "Sync",
    "WebService",
    "Webhook",
]
