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
from importers.exceptions import ImporterError, LoadConflict, StateProblem
from importers.models import Ingestion
from importers.models.sources import Policy
from importers.pipeline import ledger
from importers.pipeline.examine import Examined, examine
from importers.pipeline.load import load as load_staged
from importers.pipeline.match import Matches
from importers.pipeline.read import read
from importers.pipeline.record import record_issues
from importers.pipeline.stage import part_key
from importers.record_types import RecordType
from importers.services import cursors, ingestions, leases, mappings
from importers.services.bordereaux import bordereau_for
from importers.services.ingestions import nothing_loaded
from importers.services.leases import Lease
from importers.services.states import move, say
from importers.services.syncs import DOOR
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
        began=partial(say, ingestion, "Checking began.", status=Status.CHECKING),
    )
    if lease is None:
        return
    with lease.beating():
        try:
            with tempfile.TemporaryDirectory(prefix="check-") as folder:
                _check(lease, Path(folder))
        except StateProblem:
            return
        except ImporterError as problem:
            _reject(lease, str(problem), problem.code)
        except Exception:
            _fail(lease, Status.CHECKING, OUR_FAULT.format("Checking"))
            raise


def _check(lease: Lease, folder: Path) -> None:
    record = Ingestion.objects.select_related("source", "mapping").get(pk=lease.key)
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
        _ask(lease, kind, matches, known)
        return
    used = set(matches.used)
    if ledger.needs_period(used) and not (record.period_end or "period_end" in used):
        _reject(lease, NEEDS_PERIOD, "missing_period", **known)
        return
    examined = examine(
        spilled,
        kind,
        matches,
        options=CellOptions(record.source.date_order, record.source.decimal_mark),
        period_end=record.period_end,
        prefix=staging_folder(lease),
        folder=folder,
        alive=lease.check,
    )
    seconds = {
        "read": round(read_seconds, 3),
        "check": round(time.monotonic() - began - read_seconds, 3),
    }
    _conclude(lease, record, examined, {**known, "seconds": seconds})


def staging_folder(lease: Lease) -> str:
    """Where this attempt keeps its rows, so that two attempts never share a file."""
    return f"staged/{lease.key}/{lease.token.rpartition(':')[2]}"


def _ask(
    lease: Lease, kind: RecordType, matches: Matches, known: dict[str, Any]
) -> None:
    asked = [f"“{m.header}”" for m in matches.columns if m.decision == "ask"]
    lacking = [f"“{kind.columns[name].column_name}”" for name in matches.missing]
    parts = []
    if lacking:
        parts.append(f"No column was found for {', '.join(lacking)}.")
    if asked:
        parts.append(f"Say what {', '.join(asked)} means.")
    message = " ".join(parts)
    move(
        lease.key,
        from_=[Status.CHECKING],
        to=Status.NEEDS_MAPPING,
        lease=lease.token,
        event=message,
        message=message,
        **known,
    )


def _conclude(
    lease: Lease, record: Ingestion, examined: Examined, known: dict[str, Any]
) -> None:
    rows = examined.staged.rows
    read_rows = sum(rows.values())
    bad, good = rows["rejected"], read_rows - rows["rejected"]
    changes: dict[str, Any] = {
        **known,
        "staged": staging_folder(lease),
        "staged_parts": len(examined.staged.parts),
        "rejected": examined.rejected,
        "totals": examined.staged.totals,
        "preview": examined.staged.preview,
        "issue_counts": {
            **{s.value: examined.by_severity[s.value] for s in Severity},
            "by_code": dict(examined.by_code),
        },
        "checked_at": timezone.now(),
        "rows_read": read_rows,
    }
    if bad and (not good or record.policy == Policy.ALL_OR_NOTHING):
        to = Status.REJECTED
        event = (
            f"None of the {read_rows:,} rows can be loaded. "
            if not good
            else f"{bad:,} of {read_rows:,} rows have errors, and this source loads "
            "all or nothing. "
        ) + "Download the rejected rows, correct them and hand the file in again."
        changes |= nothing_loaded(read_rows, event)
    else:
        to = Status.READY
        event = f"{read_rows:,} rows checked, {bad:,} held out."
        changes |= {
            "message": "",
            "rows_created": rows["created"],
            "rows_updated": rows["updated"],
            "rows_unchanged": rows["unchanged"],
            "rows_rejected": bad,
        }
    with transaction.atomic():
        record_issues(record.pk, examined.issues)
        move(
            record.pk,
            from_=[Status.CHECKING],
            to=to,
            lease=lease.token,
            event=event,
            **changes,
        )
        if to == Status.READY and _needs_nobody(record, examined):
            ingestions.approve(record.pk)


def _needs_nobody(record: Ingestion, examined: Examined) -> bool:
    """Whether the file is loaded without asking: its source's rates, or nothing new.

    A sync that brings nothing but what is in the books already asks nobody.
    """
    rows = examined.staged.rows
    if record.door == DOOR and set(+rows) == {"unchanged"}:
        return True
    is_clean = not rows["rejected"] and not examined.by_severity[Severity.BREACH.value]
    return record.loads_itself and is_clean


def _reject(lease: Lease, message: str, code: str, **known: Any) -> None:
    record = Ingestion.objects.get(pk=lease.key)
    nothing = nothing_loaded(record.rows_read, message)
    counts = {"error": 1, "warning": 0, "breach": 0, "by_code": {code: 1}}
    move(
        lease.key,
        from_=[Status.CHECKING],
        to=Status.REJECTED,
        lease=lease.token,
        event=message,
        issue_counts=counts,
        checked_at=timezone.now(),
        **nothing,
        **known,
    )


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


# ---------------------------------------------------------------------- loading
def load(ingestion: int) -> None:
    """Load an approved ingestion: all of it in one transaction, once.

    Ends at *loaded* or *failed* (re-raised).  Does nothing where another worker is at
    it or it has moved on.
    """
    lease = leases.take(
        Ingestion,
        ingestion,
        from_=Status.APPROVED,
        to=Status.LOADING,
        began=partial(say, ingestion, "Loading began.", status=Status.LOADING),
    )
    if lease is None:
        return
    with lease.beating():
        try:
            _load(lease)
        except StateProblem:
            return
        except IntegrityError as error:
            # What was staged does not fit any more: retry checks the file anew, and
            # what comes of it has to be approved anew.
            _fail(lease, Status.LOADING, CONFLICT, approved_by=None, approved_at=None)
            raise LoadConflict(CONFLICT) from error
        except Exception:
            _fail(lease, Status.LOADING, OUR_FAULT.format("Loading"))
            raise


def _load(lease: Lease) -> None:
    record = Ingestion.objects.select_related("source").get(pk=lease.key)
    kind = record_types.get(record.record_type)
    began = time.monotonic()
    with transaction.atomic():
        bordereau = bordereau_for(record, kind)
        rows = load_staged(
            (part_key(record.staged, n) for n in range(record.staged_parts)),
            kind,
            ingestion=record.pk,
            bordereau=bordereau.pk if bordereau else None,
            period_end=record.period_end,
        )
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
