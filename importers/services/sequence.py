"""A file among the others: late, a second one of its period, or somebody else's.

By contract, not by sender: a file counts for each contract and period that it has rows
for, whoever told the period, the form, a column or the row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max
from django.utils.formats import date_format

from importers.models import Ingestion
from importers.models.sources import PremiumLists
from importers.record_types import RecordType
from importers.services.follow_up_parents import parts_of_one_file
from importers.services.of_others import told_alike, told_apart
from importers.services.other_starts import of_other_starts
from importers.values import Declared, Severity, Status
from reinsurance.ledger.contract_names import contract_names
from reinsurance.ledger.periods import snapped
from reinsurance.models import LoadPeriod

LATER = "later_period_loaded"
FOREIGN = "period_of_another_sender"
SAME_BYTES = "same_file_of_another_sender"
SAME_OF_PERIOD = "same_file_of_another_period"
NOTHING = "corrects_nothing"
MOST_NAMED = 20

Periods = Mapping[tuple[Any, Any, Any], int]
"""Contract, start and end of the period, to the rows of the file."""


@dataclass(frozen=True, slots=True)
class FileIssue:
    """Something to know of the whole file before it is approved."""

    code: str
    severity: Severity
    message: str


def look(
    record: Ingestion,
    kind: RecordType,
    periods: Periods,
    present: Iterable[Any] = (),
    beside: Iterable[Any] = (),
) -> list[FileIssue]:
    """What stands in the books already for the contracts and periods of the file.

    ``present``: positions of the books that its rows are about, with their period, or
    premium entries that they tell again; ``beside``: what others may have told beside.
    """
    if kind.ledger is None:
        return []
    return [
        *_later(record, kind, periods),
        *_of_others(record, kind, periods, present, beside),
        *_same_bytes(record),
        *_of_another_period(record, kind, periods),
        *_corrects_nothing(record, kind, periods),
    ]


def _latest(periods: Periods) -> dict[int, date]:
    """The last period end of the file for each contract."""
    found: dict[int, date] = {}
    for treaty, _, end in periods:
        if end is not None and treaty is not None:
            found[treaty] = max(end, found.get(treaty, end))
    return found


def _standing(kind: RecordType) -> Any:
    return LoadPeriod.objects.filter(
        load__record_type=kind.slug,
        load__undone_at=None,
        load__user=None,
        period_end__isnull=False,
    )


def _later(
    record: Ingestion, kind: RecordType, periods: Periods
) -> Iterable[FileIssue]:
    """Contracts of which a later period is in the books already."""
    latest = _latest(periods)
    rows = (
        _standing(kind)
        .filter(treaty_id__in=latest)
        .exclude(load__number=record.pk)
        .select_related("load")
        .order_by("-period_end", "-load__number")
    )
    told: set[int] = set()
    names = contract_names(latest)
    for row in rows:
        own = latest[row.treaty_id]
        if row.treaty_id in told or row.period_end <= own:
            continue
        told.add(row.treaty_id)
        if len(told) > MOST_NAMED:
            return
        yield FileIssue(
            LATER,
            Severity.WARNING,
            f"Contract {names[row.treaty_id]}: this file goes up to {_day(own)}, and "
            f"number {row.load.number}, up to {_day(row.period_end)}, is in the books "
            "already. This file changes what stood at the end of its own periods; what "
            "was told for later ones stays.",
        )


def _of_others(
    record: Ingestion,
    kind: RecordType,
    periods: Periods,
    present: Iterable[Any],
    beside: Iterable[Any],
) -> Iterable[FileIssue]:
    """Another sender told of the same claims or premiums for the same period."""
    for message in (
        *told_alike(record, kind, present),
        *told_apart(record, kind, periods, beside),
    ):
        yield FileIssue(FOREIGN, Severity.BREACH, message)


def _same_bytes(record: Ingestion) -> Iterable[FileIssue]:
    """The very same file was loaded as somebody else's."""
    others = (
        Ingestion.objects.filter(
            sha256=record.sha256, record_type=record.record_type, status=Status.LOADED
        )
        .exclude(source=record.source_id)
        .select_related("source")
        .order_by("pk")[:MOST_NAMED]
    )
    for other in others:
        yield FileIssue(
            SAME_BYTES,
            Severity.BREACH,
            f"The same file was loaded as number {other.pk}, from {other.source.name}; "
            f"this one was handed in as from {record.source.name}. It would count "
            "under both.",
        )


_COUNTS_TWICE = (
    "Is it last period's file once more? What it says was paid or due in the period "
    "would count twice."
)
_LIST_AGAIN = (
    "Is it the earlier list once more, or is there nothing new? The year is told again "
    "as it was."
)


def _of_another_period(
    record: Ingestion, kind: RecordType, periods: Periods
) -> Iterable[FileIssue]:
    """The very same file was loaded as of another period: last month's, once more."""
    ends = {end for _, _, end in periods if end is not None}
    others = Ingestion.objects.filter(
        sha256=record.sha256,
        record_type=record.record_type,
        source=record.source_id,
        sheet=record.sheet,
        status=Status.LOADED,
    )
    told = LoadPeriod.objects.filter(
        load__number__in=others, load__user=None, period_end__isnull=False
    )
    lists = _lists_year(record, kind)
    years = {end.year for end in ends if lists}
    for number, end in (
        told.values_list("load__number").annotate(Max("period_end")).order_by("-load")
    )[:MOST_NAMED]:
        if ends and end not in ends:
            same = (
                f"The same file was loaded as number {number}, up to {_day(end)}; this "
                f"one goes up to {_day(max(ends))}. "
            )
            is_of_year = end.year in years
            yield FileIssue(
                SAME_OF_PERIOD,
                Severity.WARNING if is_of_year else Severity.BREACH,
                same + (_LIST_AGAIN if is_of_year else _COUNTS_TWICE),
            )


def _corrects_nothing(
    record: Ingestion, kind: RecordType, periods: Periods
) -> Iterable[FileIssue]:
    """Contracts of a correction of which its sender told nothing for the period.

    Where it told of others, the rows may have gone to another contract than before.
    """
    if record.declared != Declared.CORRECTION:
        return
    spoken = {(t, e) for t, _, e in periods if t is not None and e is not None}
    ends = {e for _, e in spoken}
    if not ends:
        return
    lists = _lists_year(record, kind)
    first = min(ends).replace(month=1, day=1) if lists else min(ends)
    earlier = (
        _of_sender(record, kind)
        .filter(load__number__lt=record.pk, period_end__range=(first, max(ends)))
        .exclude(load__number__in=parts_of_one_file(record))
    )
    if kind.ledger == "premiums" and not lists:
        for message in of_other_starts(
            earlier.filter(treaty__in=dict(spoken)), periods
        ):
            yield FileIssue(NOTHING, Severity.WARNING, message)
    told: set[tuple[int, date]] = set()
    left: dict[date, LoadPeriod] = {}
    for row in earlier:
        own = {end for end in ends if _is_within(row.period_end, end, lists=lists)}
        told.update((row.treaty_id, end) for end in own)
        if not any((row.treaty_id, end) in spoken for end in own):
            left.update(dict.fromkeys(own, row))
    new = sorted((pair for pair in spoken if pair not in told), key=lambda p: p[::-1])
    names = contract_names({t for t, _ in new} | {r.treaty_id for r in left.values()})
    for treaty, end in [pair for pair in new if pair[1] in left][:MOST_NAMED]:
        yield FileIssue(
            NOTHING,
            Severity.WARNING,
            f"Contract {names[treaty]}: {record.source.name} told nothing of it for "
            f"the period to {_day(end)} before, so there is nothing to correct; it "
            f"told of {_named(left[end], names)}, of which this correction does not "
            "speak. That stays: if the rows were moved, correct the other contract as "
            "well.",
        )


def _lists_year(record: Ingestion, kind: RecordType) -> bool:
    """Whether the sender lists premium of the year to date."""
    is_set = record.source.premium_lists == PremiumLists.YEAR_TO_DATE
    return kind.ledger == "premiums" and is_set


def _is_within(told: date, end: date, *, lists: bool) -> bool:
    """Whether what was told for a period is of that to ``end``; a list's is the year.

    ``told``: the end of the one.
    """
    return told == end or (lists and told.year == end.year and told < end)


def second_of(record: Ingestion, kind: RecordType, periods: Periods) -> list[str]:
    """Contracts and periods of which a file of the sender is in the books already.

    In words; such a file has to be declared additional or a correction.  What goes on
    with rows of another file is a part of that one, not a second.
    """
    if kind.ledger is None:
        return []
    wanted = {(t, e) for t, _, e in periods if t is not None and e is not None}
    if not wanted:
        return []
    rows = (
        _of_sender(record, kind)
        .filter(
            treaty_id__in={treaty for treaty, _ in wanted},
            period_end__in={end for _, end in wanted},
        )
        .exclude(load__number__in=parts_of_one_file(record))
    )
    return _all_named(r for r in rows if (r.treaty_id, r.period_end) in wanted)


def beside_nil(record: Ingestion, kind: RecordType) -> list[str]:
    """The same of a nil return: it names no contract, so all of its period count."""
    day = record.period_end
    if day is None or kind.ledger is None:
        return []
    ends = {day, snapped(day, record.source.frequency)} - {None}
    return _all_named(_of_sender(record, kind).filter(period_end__in=ends))


def moved_beside_nil(record: Ingestion, kind: RecordType) -> str:
    """In words: what is beside a nil return otherwise than at its check; else empty."""
    beside = beside_nil(record, kind)
    if beside == record.effect_parts.get("beside_nil", []):
        return ""
    return f"of the period in the books: {'; '.join(beside[:3]) or 'nothing'}"


def _of_sender(record: Ingestion, kind: RecordType) -> Any:
    """What stands of the sender's files, in the order in which they were received."""
    rows = _standing(kind).filter(load__sender=record.source_id)
    return rows.select_related("load").order_by("load__number", "treaty_id")


def _all_named(rows: Iterable[LoadPeriod]) -> list[str]:
    told = list(rows)
    names = contract_names(row.treaty_id for row in told)
    return [_named(row, names) for row in told]


def _named(row: LoadPeriod, names: Mapping[int, str]) -> str:
    return (
        f"{names[row.treaty_id]} to {_day(row.period_end)} (number {row.load.number})"
    )


def _day(day: date | None) -> str:
    return date_format(day, "j F Y") if day else ""
