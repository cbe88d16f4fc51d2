"""The staged rows of an ingestion, for whoever wants to look at them."""

from importers import record_types
from importers.models import Ingestion
from importers.pipeline.staged import Place, StagedFile, StagedRow
from importers.services import retention

__all__ = ["Place", "StagedRow", "staged_file"]


def staged_file(ingestion: Ingestion) -> StagedFile:
    """What checking left of the ingestion's file; empty before it was checked.

    Raises Cleared where it is no longer kept.
    """
    retention.require_rows(ingestion)
    return StagedFile(
        record_types.get(ingestion.record_type),
        ingestion.staged,
        ingestion.staged_parts if ingestion.staged else 0,
        ingestion.rejected,
    )
