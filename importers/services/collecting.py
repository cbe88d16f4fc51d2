"""Looking into an inbox: what is at rest there is handed in, each file once.

A file is handed in in the transaction that says so of its arrival, under a lock on that
row: two workers never take one twice, and a worker that is killed has taken it or not.
Only then it is moved; a move that was interrupted is finished by the next look.
"""

import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from importers.exceptions import DuplicateFile, FileMoved, ImporterError, StoreProblem
from importers.models import Arrival, Inbox
from importers.pipeline import storage
from importers.places.values import Found, Place, is_plain
from importers.services import arrivals, inbox_places, ingestions
from importers.services.duplicates import same_file
from importers.values import ArrivalStatus, Status

logger = logging.getLogger(__name__)

DOOR = "inbox"
ALREADY_IN = "The same file is already in, as number {}."


@dataclass(slots=True)
class Look:
    """What one look found: files by what became of them in it."""

    seen: int = 0
    waiting: int = 0
    taken: int = 0
    rejected: int = 0
    duplicate: int = 0
    unreadable: int = 0


def collect(inbox: int) -> Look | None:
    """Look into an inbox, and hand in what is at rest; None where it cannot be done.

    What went wrong is said at the inbox; what will not pass by itself pauses it.
    """
    rows = Inbox.objects.select_related("source__party", "mapping")
    record = rows.filter(pk=inbox, is_active=True).first()
    if record is None:
        return None
    Inbox.objects.filter(pk=inbox).update(last_look_at=timezone.now())
    try:
        with inbox_places.opened(record) as place:
            look = _look(record, place)
    except ImporterError as problem:
        _tell(record, problem)
        return None
    _tell_well(record, look)
    logger.info("Inbox %s: %s", record.code, asdict(look))
    return look


def _look(record: Inbox, place: Place) -> Look:
    look = Look()
    arrivals.put_away_all(record, place)
    there = list(place.look())
    look.unreadable = sum(not is_plain(file.name) for file in there)
    wanted = [file for file in there if arrivals.is_wanted(file.name, record.pattern)]
    look.seen = len(wanted) - sum(not is_plain(file.name) for file in wanted)
    # The queue ends every task at its time: what is left is for the next look.
    ends = time.monotonic() + settings.Q_TIMEOUT / 2
    for arrival, file in arrivals.note(record, wanted):
        if time.monotonic() > ends:
            break
        _take(record, place, arrival, file, look)
    left = Arrival.objects.filter(inbox=record, status=ArrivalStatus.WAITING)
    look.waiting = left.count()
    return look


# ------------------------------------------------------------------------- one file
def _take(
    record: Inbox, place: Place, arrival: Arrival, file: Found, look: Look
) -> None:
    most = int(settings.MAX_UPLOAD_MB)
    if file.size > most << 20:
        said = f"At most {most:,} MB can be handed in. Split the file."
        taken = _settle(arrival, ArrivalStatus.REJECTED, said)
    else:
        with tempfile.TemporaryDirectory(prefix="inbox-") as folder:
            path = Path(folder) / "bytes"
            try:
                sha256, _ = storage.hash_into(path, _as_listed(place, file))
            except FileMoved:
                return  # what is there now begins anew at the next look
            taken = _hand_in(record, arrival, path, sha256)
    if taken is None:
        return
    arrivals.put_away(taken, place)
    setattr(look, taken.status, getattr(look, taken.status) + 1)


def _as_listed(place: Place, file: Found) -> Iterator[bytes]:
    """The bytes of the file, as many as it was listed with."""
    size = 0
    for block in place.read(file):
        size += len(block)
        if size > file.size:
            break
        yield block
    if size != file.size:
        raise FileMoved("The file is another by now.", is_passing=True)


def _hand_in(
    record: Inbox, arrival: Arrival, path: Path, sha256: str
) -> Arrival | None:
    """Hand the bytes in and say so of the arrival, together.

    None where another worker was faster, or has the same bytes in hand just now.
    """
    with transaction.atomic():
        if not _held(arrival):
            return None
        same = same_file(
            sha256=sha256,
            record_type=record.record_type,
            source=record.source,
            sheet=record.sheet,
        )
        loaded = same.filter(status=Status.LOADED).first()
        if loaded is not None:
            return _settle(
                arrival,
                ArrivalStatus.DUPLICATE,
                ALREADY_IN.format(loaded.pk),
                loaded.pk,
            )
        try:
            ingestion = ingestions.submit(
                blocks=storage.blocks_of(path),
                file_name=name_of(arrival.key),
                record_type=record.record_type,
                source=record.source,
                door=DOOR,
                mapping=record.mapping,
                sheet=record.sheet,
                loads_itself=record.loads_itself,
            )
        except DuplicateFile as problem:
            if problem.ingestion is None:
                return None
            said = ALREADY_IN.format(problem.ingestion)
            return _settle(arrival, ArrivalStatus.DUPLICATE, said, problem.ingestion)
        except StoreProblem:
            raise  # ours, not the file's
        except ImporterError as problem:
            return _settle(arrival, ArrivalStatus.REJECTED, problem.message)
        said = f"Handed in as number {ingestion.pk}."
        return _settle(arrival, ArrivalStatus.TAKEN, said, ingestion.pk)


def _held(arrival: Arrival) -> bool:
    """Whether the arrival still waits, and is ours until the transaction ends."""
    rows = Arrival.objects.select_for_update(skip_locked=True)
    return rows.filter(pk=arrival.pk, status=ArrivalStatus.WAITING).exists()


def _settle(
    arrival: Arrival, status: ArrivalStatus, said: str, ingestion: int | None = None
) -> Arrival | None:
    """Say what became of a file that waits; None where somebody else has said so."""
    changed = Arrival.objects.filter(
        pk=arrival.pk, status=ArrivalStatus.WAITING
    ).update(status=status, message=said, ingestion=ingestion, taken_at=timezone.now())
    return Arrival.objects.get(pk=arrival.pk) if changed else None


def name_of(key: str) -> str:
    """The file's name as people read it: without what cannot be printed."""
    return "".join(c for c in key if c.isprintable()) or "file"


# --------------------------------------------------------------------------- telling
def _tell(record: Inbox, problem: ImporterError) -> None:
    logger.warning("Inbox %s: %s", record.code, problem.message)
    now = timezone.now()
    changes = {"problem": problem.message}
    rows = Inbox.objects.filter(pk=record.pk)
    rows.filter(failing_since=None).update(failing_since=now)
    rows.update(**changes)
    if not getattr(problem, "is_passing", False):
        rows.filter(paused_at=None).update(paused_at=now)


def _tell_well(record: Inbox, look: Look) -> None:
    said = ""
    if look.unreadable:
        said = (
            f"{look.unreadable} files have names that cannot be read and are left "
            "where they are. Have the sender rename them."
        )
    # Who paused it meanwhile has the last word.
    same = Inbox.objects.filter(pk=record.pk, paused_at=record.paused_at)
    same.update(problem=said, failing_since=None, paused_at=None)
    Inbox.objects.filter(pk=record.pk).update(last_collected_at=timezone.now())
