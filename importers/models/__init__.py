"""What the machine remembers: ingestions and their story, sources and mappings."""

from importers.models.ingestions import Event, Ingestion, Issue, RowChange
from importers.models.sources import Mapping, Source

__all__ = ["Event", "Ingestion", "Issue", "Mapping", "RowChange", "Source"]
