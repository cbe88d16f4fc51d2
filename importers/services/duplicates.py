"""The same file again: found by its bytes, and what is said of it."""

from django.db.models import QuerySet

from importers.exceptions import DuplicateFile
from importers.models import Ingestion, Source
from importers.values import OPEN


def same_file(
    *, sha256: str, record_type: str, source: Source, sheet: str
) -> QuerySet[Ingestion]:
    """Ingestions of the same bytes as the same kind of record, sender and sheet."""
    return Ingestion.objects.filter(
        sha256=sha256, record_type=record_type, source=source, sheet=sheet
    )


def same_as(record: Ingestion) -> QuerySet[Ingestion]:
    """Ingestions of the same file, itself among them."""
    return same_file(
        sha256=record.sha256,
        record_type=record.record_type,
        source=record.source,
        sheet=record.sheet,
    )


def already_open(same: QuerySet[Ingestion]) -> DuplicateFile:
    """What to raise where one of them is on its way, with its number."""
    first = same.filter(status__in=[s.value for s in OPEN]).first()
    if first is None:
        return DuplicateFile("This file was being handled just now. Try once more.")
    return DuplicateFile(
        f"This file is already on its way as number {first.pk} ({first.status}). "
        "Go on there, or cancel it first.",
        ingestion=first.pk,
    )
