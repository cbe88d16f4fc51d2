"""The machine's pages: the log, uploads, mappings, senders, services, feeds, syncs."""

from importers.admin import feeds, ingestions, sources, syncs, webservices

__all__ = ["feeds", "ingestions", "sources", "syncs", "webservices"]
