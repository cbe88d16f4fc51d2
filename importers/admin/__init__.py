"""The machine's pages: the log, uploads, senders, services, feeds, webhooks."""

from importers.admin import (
    deliveries,
    feeds,
    ingestions,
    sources,
    syncs,
    webhooks,
    webservices,
)

__all__ = [
    "deliveries", "feeds", "ingestions", "sources", "syncs", "webhooks", "webservices",
]  # fmt: skip
