"""The machine's pages: the ingestion log, uploads, mappings, senders."""

from importers.admin import ingestions, sources

__all__ = ["ingestions", "sources"]
