"""Files whose rows go on as follow-ups, and what such a follow-up does not lack.

Parent and follow-ups are parts of one file: none of them is a second file of another,
and a correction does not leave out what another part of it tells.
"""

import csv
from collections.abc import Collection, Iterator
from datetime import date

from importers import record_types
from importers.models import Ingestion
from importers.pipeline import storage
from importers.pipeline.held_out import REFERENCES
from importers.pipeline.stage import part_key
from importers.pipeline.staged import told_of
from importers.values import Declared, Status
from reinsurance.ledger.held_out import HeldOut
from reinsurance.models import LoadPeriod
from reinsurance.resources.formats import harmless

STAGED = (Status.READY, Status.APPROVED, Status.LOADING, Status.LOADED)
"""Where a file stands whose good rows are in the books, or may come to be."""


def parts_of_one_file(ingestion: Ingestion) -> set[int]:
    """Numbers of all files that have rows of the file that was received at first."""
    first = ingestion
    while first.parent is not None:
        first = first.parent
    found, newest = {first.pk}, {first.pk}
    while newest:
        children = Ingestion.objects.filter(parent__in=newest)
        newest = set(children.values_list("pk", flat=True)) - found
        found |= newest
    return found


def spoken_by_parents(
    follow_up: Ingestion,
) -> tuple[tuple[int, date | None, date], ...]:
    """Contract, start and end of what the parents speak for that stand as corrections.

    The follow-up leaves nothing out of that by itself: what the undo of its parent
    brings back, it would keep out, and nobody was asked about it at its approval.
    """
    if follow_up.declared != Declared.CORRECTION:
        return ()
    numbers: list[int] = []
    parent = follow_up.parent
    while parent is not None:
        numbers.append(parent.pk)
        parent = parent.parent
    spoken = LoadPeriod.objects.filter(
        load__number__in=numbers,
        load__user=None,
        load__undone_at=None,
        load__is_correction=True,
        leaves_out=True,
        period_end__isnull=False,
    ).order_by("treaty", "period_end", "period_start")
    rows = spoken.values_list("treaty", "period_start", "period_end")
    return tuple((treaty, start, end) for treaty, start, end in rows if end is not None)


def told_by_parents(follow_up: Ingestion) -> set[HeldOut]:
    """Contract, reference and period's end of what other parts of a correction tell.

    Claims or policies of the parents' rows for the contracts of the follow-up: their
    good rows, and those held out that do not go on in it.
    """
    found: set[HeldOut] = set()
    if follow_up.declared != Declared.CORRECTION:
        return found
    contracts = {int(key) for key in follow_up.contracts.values()}
    child = follow_up
    while child.parent is not None:
        parent = child.parent
        name = _reference_of(parent)
        found |= set(_good(parent, name, contracts))
        ends = _ends_of_rejected(parent)
        for text in set(_held_out(parent, name, set(child.contracts))):
            then = ends.get(text, {None})
            found |= {(key, text, end) for key in contracts for end in then}
        child = parent
    return found


def _reference_of(ingestion: Ingestion) -> str:
    """The column that tells what a row of the file is about."""
    columns = record_types.get(ingestion.record_type).columns
    return next(name for name in REFERENCES if name in columns)


def _good(
    parent: Ingestion, name: str, contracts: Collection[int]
) -> Iterator[HeldOut]:
    if parent.status in STAGED and parent.staged:
        parts = (part_key(parent.staged, n) for n in range(parent.staged_parts))
        yield from told_of(parts, name, contracts)


def _ends_of_rejected(parent: Ingestion) -> dict[str, set[date | None]]:
    """Ends of the periods that rows held out at the check are of, by reference."""
    found: dict[str, set[date | None]] = {}
    held_out = parent.effect_parts.get("held_out", {})
    for _, text, end in held_out.get("rejected", ()):
        if text is not None:
            found.setdefault(text, set()).add(end and date.fromisoformat(end))
    return found


def _held_out(parent: Ingestion, name: str, answered: Collection[str]) -> Iterator[str]:
    of_contract, of_record = (
        column_of(parent, column) for column in ("treaty_reference", name)
    )
    if of_record is None or not parent.rejected or parent.cleared_at:
        return
    for _, cells in held_out_rows(parent.rejected):
        goes_on = of_contract is not None and cells[of_contract].strip() in answered
        if not goes_on and cells[of_record].strip():
            yield cells[of_record].strip()


def column_of(ingestion: Ingestion, field: str) -> int | None:
    """Where the file has the field; None where no column is matched with it."""
    found = [
        name
        for name, match in ingestion.matches.get("columns", {}).items()
        if match.get("field") == field and match["decision"] != "ignore"
    ]
    header = list(ingestion.table.get("header", ()))
    return header.index(found[0]) if found else None


def held_out_rows(key: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of all rows held out, as the sender wrote them."""
    with (
        storage.local(key) as path,
        path.open(newline="", encoding="utf-8-sig") as stream,
    ):
        lines = csv.reader(stream)
        next(lines)
        for *cells, number, _problem in lines:
            yield int(number), [as_written(cell) for cell in cells]


def as_written(cell: str) -> str:
    """The cell without the apostrophe that keeps it from being a formula."""
    bare = cell[1:]
    return bare if cell.startswith("'") and harmless(bare) == cell else cell
