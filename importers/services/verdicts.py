"""What checking a file ends with: a question, a rejection, or rows to be loaded."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from importers import record_types
from importers.exceptions import NilReturn
from importers.models import Ingestion
from importers.models.sources import Policy
from importers.pipeline.effects import Effect
from importers.pipeline.examine import Examined
from importers.pipeline.fingerprints import as_plain, fingerprint
from importers.pipeline.match import Matches
from importers.pipeline.record import record_issues
from importers.pipeline.stage import Staged
from importers.record_types import RecordType
from importers.services import ingestions, sequence
from importers.services.ingestions import nothing_loaded
from importers.services.leases import Lease
from importers.services.states import move
from importers.services.syncs import DOOR
from importers.values import Declared, Severity, Status

NIL_BESIDE_ROWS = "nil_beside_rows"
NIL_CORRECTS_NOTHING = (
    "The file says that there is nothing to report, and rows of its sender for the "
    "period are in the books: {}. A nil return names no contract, so it corrects "
    "nothing: they stay. If they do not hold, have their files undone, or hand in a "
    "correction that names the contract."
)


def staging_folder(lease: Lease) -> str:
    """Where this attempt keeps its rows, so that two attempts never share a file."""
    return f"staged/{lease.key}/{lease.token.rpartition(':')[2]}"


def ask(
    lease: Lease, kind: RecordType, matches: Matches, known: dict[str, Any]
) -> None:
    """Ask a clerk what the columns mean, and which one brings what is required."""
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


def conclude(
    lease: Lease, record: Ingestion, examined: Examined, known: dict[str, Any]
) -> None:
    """Ready to be approved; or rejected, where no row or not every row may be loaded.

    What needs nobody's approval is approved at once, in the same transaction.
    """
    kind = record_types.get(record.record_type)
    second: list[str] = []
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
        **_effect_of(record, examined, known),
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
        noun = "row" if read_rows == 1 else "rows"
        event = f"{read_rows:,} {noun} checked, {bad:,} held out."
        second = (
            []
            if record.declared or _is_sync_of_nothing_new(record, rows)
            else sequence.second_of(record, kind, examined.staged.effect.periods)
        )
        changes |= {
            "needs_declaration": bool(second),
            "message": _ask_which(second),
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
        if to == Status.READY and _needs_nobody(
            record, examined, needs_declaration=bool(second)
        ):
            ingestions.approve(record.pk)


def _is_sync_of_nothing_new(record: Ingestion, rows: Mapping[str, int]) -> bool:
    """Whether a sync brought nothing but what is in the books already."""
    return record.door == DOOR and set(+Counter(rows)) == {"unchanged"}


def _ask_which(second: list[str]) -> str:
    """What to ask of a second file of a contract and period."""
    if not second:
        return ""
    return (
        f"In the books already: {named(second)}. Is this file additional to it, or a "
        "correction that takes its place? Nothing is loaded before somebody says so."
    )


def named(second: list[str]) -> str:
    """The first of the contracts and periods, in one line."""
    return "; ".join(second[:3]) + ("; …" if len(second) > 3 else "")


def _effect_of(
    record: Ingestion, examined: Examined, known: dict[str, Any]
) -> dict[str, Any]:
    """What the approval is of: content, mapping, and what loading does."""
    effect = examined.staged.effect
    parts = {
        "effect": as_plain(effect),
        "warnings": dict(sorted(examined.by_code.items())),
        "totals": examined.staged.totals,
    }
    mapping = [known["matches"], record.declared, record.contracts]
    held_out: dict[str, Any] = {"lines": [line.as_json() for line in effect.lines()]}
    if record.declared == Declared.CORRECTION or record.source.premium_lists == "year":
        held_out["rejected"] = [
            [treaty, text, end and end.isoformat()]
            for treaty, text, end in effect.rejected()
        ]
    return {
        "effect": fingerprint(record.sha256, mapping, parts),
        "effect_parts": {**parts, "held_out": held_out, "books": examined.books},
    }


def _needs_nobody(
    record: Ingestion, examined: Examined, *, needs_declaration: bool
) -> bool:
    """Whether the file is loaded without asking: its source's rates, or nothing new.

    A sync that brings nothing but what is in the books already asks nobody.
    """
    rows = examined.staged.rows
    if needs_declaration:
        return False
    if _is_sync_of_nothing_new(record, rows):
        return True
    is_clean = not rows["rejected"] and not examined.by_severity[Severity.BREACH.value]
    return record.loads_itself and is_clean


def nil(lease: Lease, message: str) -> None:
    """The file says that there is nothing to report: a nil return, to be approved.

    Of a kind that is no bordereau there is none.
    """
    record = Ingestion.objects.get(pk=lease.key)
    if record_types.get(record.record_type).bordereau is None:
        reject(lease, message, NilReturn.code)
        return
    beside = sequence.beside_nil(record, record_types.get(record.record_type))
    stays = Examined(Staged())
    if beside and record.declared:
        said = NIL_CORRECTS_NOTHING.format(named(beside))
        stays.note_file(NIL_BESIDE_ROWS, Severity.WARNING, said)
    parts = {"effect": as_plain(Effect()), "nil": True, "beside_nil": beside}
    with transaction.atomic():
        record_issues(record.pk, stays.issues)
        move(
            lease.key,
            from_=[Status.CHECKING],
            to=Status.READY,
            lease=lease.token,
            event=message,
            message=message if record.declared else _ask_which(beside) or message,
            needs_declaration=bool(beside) and not record.declared,
            checked_at=timezone.now(),
            issue_counts={
                **{s.value: stays.by_severity[s.value] for s in Severity},
                "by_code": dict(stays.by_code),
            },
            effect=fingerprint(record.sha256, record.declared, parts),
            effect_parts=parts,
            staged="",
            staged_parts=0,
            rows_read=0,
            **{n: c for n, c in nothing_loaded(0, message).items() if n != "message"},
        )


def reject(lease: Lease, message: str, code: str, **known: Any) -> None:
    """The whole file is wrong: nothing of it is loaded."""
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
