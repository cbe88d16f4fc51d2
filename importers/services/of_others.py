"""What other senders told of the claims or premiums of a file, for the same period."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from importers.models import Ingestion
from importers.pipeline.settling import year_listing
from importers.record_types import RecordType
from reinsurance.ledger.others import counted_beside, told_beside, told_by_others
from reinsurance.models import LoadPeriod

MOST_NAMED = 20
_SAID = {
    "claims": ("claims and periods", "section, risk code or currency"),
    "premiums": (
        "premiums and periods",
        "section, risk code, certificate, instalment or currency",
    ),
}


def told_alike(
    record: Ingestion, kind: RecordType, present: Iterable[Any]
) -> Iterator[str]:
    """Sentences: files that told the same; the later word counts."""
    what, _ = _SAID[kind.ledger or ""]
    found = told_by_others(
        present, sender=record.source_id, most=MOST_NAMED, listing=year_listing
    )
    for number, count, who in _named(found):
        yield (
            f"{count:,} of the {what} in this file of {record.source.name} "
            f"were told by {who} in number {number} already. The later word counts: "
            "approve it only if that is meant."
        )


def told_apart(
    record: Ingestion,
    kind: RecordType,
    periods: Mapping[tuple[Any, Any, Any], int],
    beside: Iterable[Any],
) -> Iterator[str]:
    """Sentences: files that told the same under another key; both words count."""
    what, key = _SAID[kind.ledger or ""]
    if kind.ledger == "premiums":
        found = counted_beside(beside, most=MOST_NAMED)
    elif _told_elsewhere(record, kind, periods):
        found = told_beside(beside, sender=record.source_id, most=MOST_NAMED)
    else:
        return
    for number, count, who in _named(found):
        yield (
            f"{count:,} of the {what} in this file of {record.source.name} "
            f"were told by {who} in number {number} under another {key}. This file "
            "stands beside that, and if they mean the same, it counts twice: approve "
            "it only if they do not; else have one of the two files corrected."
        )


def _told_elsewhere(
    record: Ingestion, kind: RecordType, periods: Mapping[tuple[Any, Any, Any], int]
) -> bool:
    """Whether another sender told any of the contracts of the file for its periods."""
    pairs = {(t, e) for t, _, e in periods if t is not None and e is not None}
    rows = LoadPeriod.objects.filter(
        load__record_type=kind.slug,
        load__undone_at=None,
        load__user=None,
        treaty__in={treaty for treaty, _ in pairs},
        period_end__in={end for _, end in pairs},
    ).exclude(load__sender=record.source_id)
    return rows.exists()


def _named(found: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Number of a file, how many records, and whose it is."""
    files = Ingestion.objects.select_related("source").in_bulk([n for n, _ in found])
    for number, count in found:
        other = files.get(number)
        yield number, count, other.source.name if other else "another sender"
