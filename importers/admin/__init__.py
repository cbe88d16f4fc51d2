"""The machine's pages: the log, uploads, senders, services, inboxes, webhooks."""

from importers.admin import (
    arrivals,
    deliveries,
    feeds,
    inboxes,
    ingestions,
    sources,
    syncs,
    webhooks,
    webservices,
)

__all__ = [
    "arrivals", "deliveries", "feeds", "inboxes", "ingestions", "sources", "syncs",
    "webhooks", "webservices",
]  # fmt: skip
