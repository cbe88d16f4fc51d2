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
    ImporterError,
    LoadConflict,
    NotItsTurn,
    StateProblem,
    StoreProblem,
)
from importers.models import Ingestion
from importers.pipeline import ledger
from importers.pipeline.examine import examine
from importers.pipeline.load import load as load_staged
from importers.pipeline.load import take_turn
from importers.pipeline.read import read
from importers.pipeline.stage import part_key
from importers.services import (
    cursors,
    lateness,
    leases,
    limits,
    mappings,
    turns,
    verdicts,
)
from importers.services.bordereaux import bordereau_for
from importers.services.leases import Lease
from importers.services.states import arrive, move, say
from importers.services.tables import table_of
from importers.values import Severity, Status
from reinsurance.resources.cells import CellOptions

NEEDS_PERIOD = (
    "The paid amounts are of the bordereau's period alone, so the period must be "
    "known. Hand the file in again and fill in the end of the period."
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
    used = set(matches.used)
    if ledger.needs_period(used) and not (record.period_end or "period_end" in used):
        verdicts.reject(lease, NEEDS_PERIOD, "missing_period", **known)
        return
    examined = examine(
        spilled,
        kind,
        matches,
        options=CellOptions(
            record.source.date_order,
            record.source.decimal_mark,
            cedants=limits.cedants_for(record),
        ),
        period_end=record.period_end,
        prefix=verdicts.staging_folder(lease),
        folder=folder,
        alive=lease.check,
    )
    if said := lateness.overtaken(record, kind):
        examined.note_file(lateness.CODE, Severity.WARNING, said)
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


def _load(lease: Lease, patience: float | None) -> None:
    files = Ingestion.objects.select_related("source", "submitted_by")
    record = files.get(pk=lease.key)
    kind = record_types.get(record.record_type)
    began = time.monotonic()
    with turns.passing_on(kind.slug), transaction.atomic():
        take_turn(kind, patience=patience)
        bordereau = bordereau_for(record, kind)
        rows = load_staged(
            (part_key(record.staged, n) for n in range(record.staged_parts)),
            kind,
            ingestion=record.pk,
            bordereau=bordereau.pk if bordereau else None,
            period_end=record.period_end,
        )
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
            bordereau=bordereau,
            seconds=seconds,
            loaded_at=timezone.now(),
            rows_created=rows["created"],
            rows_updated=rows["updated"],
            rows_unchanged=rows["unchanged"],
        )
        cursors.advance(record.pk)
