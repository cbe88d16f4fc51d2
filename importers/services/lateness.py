"""A bordereau that comes after a later one of its sender: said before its approval."""

from datetime import date

from django.utils.formats import date_format

from importers.models import Ingestion
from importers.record_types import RecordType
from importers.values import Status

CODE = "later_period_loaded"


def overtaken(record: Ingestion, kind: RecordType) -> str:
    """What to say of a file whose period ends before that of one in the books.

    Empty where there is none, or the period is not known.
    """
    if kind.bordereau is None or record.period_end is None:
        return ""
    later = (
        Ingestion.objects.filter(
            source=record.source_id,
            record_type=record.record_type,
            status=Status.LOADED,
            period_end__gt=record.period_end,
        )
        .order_by("-period_end", "-pk")
        .first()
    )
    if later is None:
        return ""
    return (
        f"This file ends on {_day(record.period_end)}, and number {later.pk} of the "
        f"same sender, up to {_day(later.period_end)}, is in the books already. Where "
        "both hold a record, the older file would replace what is newer. Approve it "
        "only if that is meant."
    )


def _day(day: date | None) -> str:
    return date_format(day, "j F Y") if day else ""
