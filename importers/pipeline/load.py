"""Loading: staged rows into the books, with lineage and ledger, set by set.

All of it happens in the caller's transaction.  New rows are copied straight into
their table under keys drawn from its sequence; changed rows go through a temporary
table and one UPDATE; every record created or changed leaves a RowChange.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Any

import polars as pl
from django.db import OperationalError, connection
from psycopg2.errors import LockNotAvailable

from importers.exceptions import BooksMoved, NotItsTurn
from importers.pipeline import foreign_keys, storage
from importers.pipeline.changes import ACTION, walk
from importers.pipeline.effects import Effect, lists_year
from importers.pipeline.frames import no_issues
from importers.pipeline.records import Loader
from importers.pipeline.registers import Register
from importers.pipeline.settling import (
    settle_rows,
    write_settlement,
    year_listing,
)
from importers.pipeline.staged_settlements import books_version, kept, key_of
from importers.pipeline.together import judge_together
from importers.pipeline.whole_files import WholeFile
from importers.record_types import RecordType
from reinsurance.ledger.following import followed
from reinsurance.ledger.held_out import as_json
from reinsurance.ledger.premium_restating import restate
from reinsurance.ledger.recompute import recompute
from reinsurance.ledger.spoken_for import by_end, spoken_for
from reinsurance.ledger.statistics import keep_statistics, refresh_statistics
from reinsurance.ledger.triggers import resting
from reinsurance.models import Load, LoadPeriod
from reinsurance.resources.conventions import FileContext

HELD_OUT_SINCE = (
    "The books changed since the file was checked, and some of its rows do not hold "
    "together with them any more. Nothing was loaded; it is checked anew."
)


def take_turn(record_type: RecordType, *, patience: float | None = None) -> None:
    """Wait till no other load of the record type is on; keep it so until the commit.

    After ``patience`` seconds (None: never) raises NotItsTurn.
    """
    with connection.cursor() as cursor:
        milliseconds = 0 if patience is None else max(1, round(patience * 1000))
        cursor.execute("SET LOCAL lock_timeout = %s", [milliseconds])
        try:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s))",
                [f"load {record_type.slug}"],
            )
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise NotItsTurn("Another file of this kind is being loaded.") from error
        cursor.execute("SET LOCAL lock_timeout = 0")


def load(
    parts: Iterable[str],
    record_type: RecordType,
    *,
    context: FileContext,
    effect: Effect | None = None,
    settled_at: str = "",
) -> Counter[str]:
    """Load staged parts; rows by action as they turned out.

    Only where it is this load's turn (:func:`take_turn`), so that two loads neither
    deadlock nor both create a record.  ``effect`` takes up what the load does, to be
    held against what was approved.  ``settled_at``: the version of the books that the
    rows were settled against; as long as it is the same, they are written as settled.
    """
    take_turn(record_type)
    refresh_statistics(record_type.ledger)
    done = effect if effect is not None else Effect()
    is_same = bool(settled_at) and settled_at == books_version()
    with connection.cursor() as cursor:
        keep_statistics(cursor, record_type.ledger)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        mine = Load.objects.create(
            number=context.number,
            first_number=context.first_number,
            record_type=record_type.slug,
            sender=context.conventions.sender,
            is_correction=context.conventions.is_correction,
            told=[],
        )
        if record_type.ledger is not None:
            if is_same and not context.conventions.is_correction:
                _write_settled(cursor, parts, record_type, mine, done)
            else:
                _load_ledger(cursor, parts, record_type, context, mine, done)
            _note_periods(mine, done, context)
            if context.conventions.is_correction or lists_year(record_type, context):
                mine.held_out = as_json(context.held_out)
                mine.save(update_fields=["held_out"])
            if context.conventions.is_correction:
                _leave_out(cursor, record_type, context, mine, done)
            judge_together(done, record_type, context, is_loaded=True)
        else:
            with followed() if record_type.is_register else nullcontext():
                _load_records(cursor, parts, record_type, context, mine, done)
    return done.rows


def _frames(parts: Iterable[str]) -> Iterator[pl.DataFrame]:
    for part in parts:
        with storage.local(part) as path:
            yield pl.read_parquet(path).drop(ACTION)


def _load_ledger(
    cursor: Any,
    parts: Iterable[str],
    record_type: RecordType,
    context: FileContext,
    mine: Load,
    done: Effect,
) -> None:
    """Statements and entries; of a correction also what it leaves out."""
    for frame in _frames(parts):
        settled = settle_rows(cursor, record_type, frame, context=context, headers={})
        if settled.held_out.len():
            raise BooksMoved(HELD_OUT_SINCE)
        foreign_keys.hold_parents(cursor, record_type, frame)
        with resting(cursor):
            write_settlement(cursor, record_type, settled.settlement, load=mine.pk)
        done.note(settled, frame)


def _write_settled(
    cursor: Any,
    parts: Iterable[str],
    record_type: RecordType,
    mine: Load,
    done: Effect,
) -> None:
    """The books are as they were at the check: what was settled then is written."""
    for part in parts:
        with storage.local(part) as path:
            frame = pl.read_parquet(path)
        folder, _, name = part.rpartition("/")
        number = int(name.removeprefix("part-").removesuffix(".parquet"))
        settlement = kept(record_type, key_of(folder, number))
        foreign_keys.hold_parents(cursor, record_type, frame)
        with resting(cursor):
            write_settlement(cursor, record_type, settlement, load=mine.pk)
        done.count(frame)
        done.note_periods(frame)


def _note_periods(mine: Load, done: Effect, context: FileContext) -> None:
    own = done.speaks_for(context)
    LoadPeriod.objects.bulk_create(
        LoadPeriod(
            load=mine,
            treaty_id=treaty,
            period_start=start,
            period_end=end,
            row_count=count,
            leaves_out=(treaty, start, end) in own,
        )
        for (treaty, start, end), count in by_end(done.periods).items()
    )


def _leave_out(
    cursor: Any,
    record_type: RecordType,
    context: FileContext,
    mine: Load,
    done: Effect,
) -> None:
    is_claims = record_type.ledger == "claims"
    found = done.find_lacking(cursor, record_type, context)
    keys = pl.Series([lacked.key for lacked in found], dtype=pl.Int64).unique()
    if is_claims:
        recompute(cursor, keys)
    else:
        # Words that do not stand, too: they may be what fills in a later one.
        listing = year_listing()
        restate(cursor, spoken_for(cursor, mine.pk, listing=listing), listing=listing)


def _load_records(
    cursor: Any,
    parts: Iterable[str],
    record_type: RecordType,
    context: FileContext,
    mine: Load,
    done: Effect,
) -> None:
    """Records of other kinds: created and updated, with their lineage."""
    loader = Loader(cursor, record_type, context.number, mine.pk)
    register = Register() if record_type.is_register else None
    whole = WholeFile(record_type)
    for frame in _frames(parts):
        if register is not None:
            register.add(frame, context)
        for change in walk(
            cursor, record_type, frame, context=context, write=loader.write
        ):
            if isinstance(change, pl.DataFrame):
                done.note_changes(change, no_issues())
            else:
                done.note_change(change)
        whole.add(frame)
    done.note_changes(None, whole.issues())
    if register is not None:
        done.note_register(register.issues(cursor, context))
        register.leave(cursor, context)
