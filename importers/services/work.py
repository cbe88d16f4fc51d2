"""The two pieces of work on an ingestion, checking and loading, under a lease."""

import tempfile
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from importers import record_types
from importers.exceptions import (
    BooksMoved,
    ImporterError,
    LoadConflict,
    NilReturn,
    NotItsTurn,
    StateProblem,
    StoreProblem,
)
from importers.models import Ingestion
from importers.pipeline.effects import Effect
from importers.pipeline.examine import examine
from importers.pipeline.fingerprints import as_plain, difference
from importers.pipeline.load import load as load_staged
from importers.pipeline.load import take_turn
from importers.pipeline.read import read
from importers.pipeline.stage import part_key
from importers.services import (
    bordereaux,
    cursors,
    leases,
    limits,
    mappings,
    offers,
    sequence,
    terms,
    turns,
    verdicts,
)
from importers.services.conventions import context_of
from importers.services.leases import Lease
from importers.services.states import arrive, move, say
from importers.services.tables import table_of
from importers.values import Status
from reinsurance.resources.cells import CellOptions

BOOKS_MOVED = (
    "The books changed since this file was checked, so that loading it would do "
    "something else than what was approved. Nothing was loaded and the approval is "
    "withdrawn. What is different: {}. Look at it again."
)
NOT_THE_FIRST = (
    "Since this file was checked another one of its sender was loaded: {}. Nothing was "
    "loaded and the approval is withdrawn. Say whether this file is additional or a "
    "correction."
)
OUR_FAULT = "{} failed through a fault of the program. Nothing was loaded."
CONFLICT = (
    "The books changed since the file was checked. Nothing was loaded; take it up "
    "again, and it is checked anew."
)


# --------------------------------------------------------------------- checking
def check(ingestion: int) -> None:
    """Read, match, clean, check and stage a received file.

    Ends at *needs mapping*, *ready*, *rejected* (the file's fault) or *failed* (ours,
    re-raised).  Does nothing where another worker is at it or it has moved on.
    """
    lease = leases.take(
        Ingestion,
        ingestion,
        from_=Status.RECEIVED,
        to=Status.CHECKING,
        began=partial(arrive, ingestion, "Checking began.", status=Status.CHECKING),
    )
    if lease is None:
        return
    with lease.beating():
        try:
            with tempfile.TemporaryDirectory(prefix="check-") as folder:
                _check(lease, Path(folder))
        except StateProblem:
            return
        except StoreProblem as problem:
            _wait_for_store(lease, Status.CHECKING, problem)
        except NilReturn as problem:
            verdicts.nil(lease, problem.message)
        except ImporterError as problem:
            verdicts.reject(lease, str(problem), problem.code)
        except Exception:
            _fail(lease, Status.CHECKING, OUR_FAULT.format("Checking"))
            raise


def _check(lease: Lease, folder: Path) -> None:
    record = Ingestion.objects.select_related("source", "mapping", "submitted_by").get(
        pk=lease.key
    )
    kind = record_types.get(record.record_type)
    began = time.monotonic()
    spilled = read(record.original, folder, name=record.file_name, sheet=record.sheet)
    read_seconds = time.monotonic() - began
    lease.check()
    matches, mapping = mappings.matches_for(
        spilled.header, kind, record.source, record.mapping
    )
    known = {
        "table": table_of(spilled),
        "matches": matches.as_json(),
        "mapping": mapping,
    }
    if not matches.is_settled:
        verdicts.ask(lease, kind, matches, known)
        return
    record.table = table_of(spilled)
    # What rows that were held out at an earlier check name is no matter any more.
    record.effect_parts = {}
    context = context_of(record)
    examined = examine(
        spilled,
        kind,
        matches,
        options=CellOptions(
            record.source.date_order,
            record.source.decimal_mark,
            cedants=context.conventions.cedants,
        ),
        context=context,
        prefix=verdicts.staging_folder(lease),
        folder=folder,
        alive=lease.check,
    )
    effect = examined.staged.effect
    for issue in (
        *sequence.look(record, kind, effect.periods, effect.present, effect.beside),
        *mappings.constants_used(kind, matches, mapping),
    ):
        examined.note_file(issue.code, issue.severity, issue.message)
    seconds = {
        "read": round(read_seconds, 3),
        "check": round(time.monotonic() - began - read_seconds, 3),
    }
    verdicts.conclude(lease, record, examined, {**known, "seconds": seconds})


def _fail(lease: Lease, from_: Status, message: str, **changes: Any) -> None:
    try:
        move(
            lease.key,
            from_=[from_],
            to=Status.FAILED,
            lease=lease.token,
            event=message,
            details=traceback.format_exc(),
            message=message,
            **changes,
        )
    except StateProblem:
        return


def _wait_for_store(lease: Lease, status: Status, problem: StoreProblem) -> None:
    """Let go: the reaper hands the work on after a while, as often as need be.

    What does not pass by itself fails, until somebody takes it up again.
    """
    if not problem.is_passing:
        _fail(lease, status, problem.message)
        return
    with transaction.atomic():
        if leases.let_go(lease):
            say(lease.key, f"{problem.message} It is tried by itself.", status=status)


# ---------------------------------------------------------------------- loading
def load(ingestion: int, *, patience: float | None = None) -> None:
    """Load an approved ingestion: all of it in one transaction, once.

    Ends at *loaded* or *failed* (re-raised).  Does nothing where another worker is at
    it or it has moved on.  Stands back where another file of its kind is being loaded
    for longer than ``patience`` seconds (None: waits).
    """
    if patience is not None and turns.must_stand_back(ingestion):
        turns.stand_back(ingestion)
        return
    lease = leases.take(
        Ingestion,
        ingestion,
        from_=Status.APPROVED,
        to=Status.LOADING,
        began=partial(arrive, ingestion, "Loading began.", status=Status.LOADING),
    )
    if lease is None:
        return
    with lease.beating():
        try:
            _load(lease, patience)
        except NotItsTurn:
            turns.stand_back(ingestion, lease=lease.token)
        except StateProblem:
            return
        except StoreProblem as problem:
            _wait_for_store(lease, Status.LOADING, problem)
        except BooksMoved as moved:
            _withdraw(lease, str(moved), enqueue=patience is not None)
        except LoadConflict as conflict:
            _fail(
                lease,
                Status.LOADING,
                str(conflict),
                approved_by=None,
                approved_at=None,
            )
            raise
        except IntegrityError as error:
            # What was staged does not fit any more: retry checks the file anew, and
            # what comes of it has to be approved anew.
            _fail(lease, Status.LOADING, CONFLICT, approved_by=None, approved_at=None)
            raise LoadConflict(CONFLICT) from error
        except Exception:
            _fail(lease, Status.LOADING, OUR_FAULT.format("Loading"))
            raise


def _withdraw(lease: Lease, message: str, *, enqueue: bool) -> None:
    """The file is checked anew and has to be approved anew, with what was different."""
    with transaction.atomic():
        move(
            lease.key,
            from_=[Status.LOADING],
            to=Status.RECEIVED,
            lease=lease.token,
            event=message,
            approved_by=None,
            approved_at=None,
            approved_effect="",
            message=message,
            attempts=0,
        )
        if enqueue:
            offers.offer(lease.key, called="again")


def _load(lease: Lease, patience: float | None) -> None:
    files = Ingestion.objects.select_related("source", "submitted_by")
    record = files.get(pk=lease.key)
    kind = record_types.get(record.record_type)
    began = time.monotonic()
    with turns.passing_on(kind.slug), transaction.atomic():
        take_turn(kind, patience=patience)
        effect = Effect()
        rows = load_staged(
            (part_key(record.staged, n) for n in range(record.staged_parts)),
            kind,
            context=context_of(record),
            effect=effect,
            settled_at=record.effect_parts.get("books", ""),
        )
        if kind.ledger is not None:
            terms.require_same(record, (treaty for treaty, _, _ in effect.periods))
        approved = record.effect_parts.get("effect")
        is_anew = effect.is_settled
        moved = difference(approved, as_plain(effect)) if approved and is_anew else ""
        if record.effect_parts.get("nil"):
            moved = sequence.moved_beside_nil(record, kind)
        if moved:
            raise BooksMoved(BOOKS_MOVED.format(moved))
        if is_anew and not record.declared:
            second = sequence.second_of(record, kind, effect.periods)
            if second:
                raise BooksMoved(NOT_THE_FIRST.format("; ".join(second[:3])))
        if record.effect_parts.get("nil"):
            bordereaux.receive_nil(record, kind)
        bordereaux.receive(record, kind, effect.periods)
        limits.require_within(record, kind)
        took = round(time.monotonic() - began, 3)
        seconds = {**record.seconds, "load": took}
        seconds["total"] = round(sum(seconds.values()), 3)
        move(
            record.pk,
            from_=[Status.LOADING],
            to=Status.LOADED,
            lease=lease.token,
            event=(
                f"Loaded: {rows['created']:,} created, {rows['updated']:,} updated, "
                f"{rows['unchanged']:,} unchanged, {record.rows_rejected:,} held out."
            ),
            seconds=seconds,
            loaded_at=timezone.now(),
            rows_created=rows["created"],
            rows_updated=rows["updated"],
            rows_unchanged=rows["unchanged"],
        )
        cursors.advance(record.pk)
