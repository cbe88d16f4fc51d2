"""Files seen in an inbox: noted at each look, and put away when it is known where."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import groupby

from django.db.models import Q
from django.utils import timezone

from importers.exceptions import FileMoved
from importers.models import Arrival, Inbox
from importers.places.values import Found, Place, is_plain
from importers.values import ArrivalStatus, Status

PROCESSED, REJECTED = "processed", "rejected"
REASON = ".reason.txt"
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp")
EMPTY_WAITS = timedelta(hours=1)
"""An empty file is often one that is about to be written."""
MOST_LEAF = 200
"""Bytes of a file's name where it is put away: the longest is 255 on most systems."""
SETTLED = {
    Status.LOADED: ArrivalStatus.PROCESSED,
    Status.UNDONE: ArrivalStatus.PROCESSED,
    Status.CANCELLED: ArrivalStatus.PROCESSED,
    Status.REJECTED: ArrivalStatus.REJECTED,
}
_ODD = re.compile(r"[^\w.()+=@, -]")


def is_wanted(name: str, pattern: str) -> bool:
    """Whether a file of that name is to be taken: no hidden, no unfinished one."""
    small = name.lower()
    is_hidden = small.startswith((".", "~")) or small.endswith("~")
    if is_hidden or small.endswith((*UNFINISHED, REASON)):
        return False
    return fnmatchcase(small, (pattern or "*").lower())


# ------------------------------------------------------------------------ sightings
def note(inbox: Inbox, files: Iterable[Found]) -> list[tuple[Arrival, Found]]:
    """Write down what is there; those that are at rest and may be taken.

    A file is at rest when two looks, ``settle_seconds`` apart or more, found the same.
    """
    now = timezone.now()
    found = {file.name: file for file in files if is_plain(file.name)}
    known = _known(inbox, found)
    fresh, ripe, still = [], [], []
    for name, file in found.items():
        last = known.get((name, file.etag))
        if last is None or last.moved_at is not None:
            fresh.append(
                Arrival(
                    inbox=inbox,
                    key=name,
                    etag=file.etag,
                    size=file.size,
                    turn=last.turn + 1 if last else 1,
                    seen_at=now,
                )
            )
        elif last.status == ArrivalStatus.WAITING:
            still.append(last.pk)
            if _is_at_rest(last, inbox, now):
                ripe.append((last, file))
    # Gone, or changed since: what is there now begins anew.
    waiting = Arrival.objects.filter(inbox=inbox, status=ArrivalStatus.WAITING)
    waiting.exclude(pk__in=still).delete()
    Arrival.objects.bulk_create(fresh, ignore_conflicts=True)
    return ripe


def _known(inbox: Inbox, found: Iterable[str]) -> dict[tuple[str, str], Arrival]:
    """The last turn of each file and etag that was noted before."""
    rows = Arrival.objects.filter(inbox=inbox, key__in=list(found))
    ordered = rows.order_by("key", "etag", "turn")
    grouped = groupby(ordered, key=lambda arrival: (arrival.key, arrival.etag))
    return {which: list(turns)[-1] for which, turns in grouped}


def _is_at_rest(arrival: Arrival, inbox: Inbox, now: datetime) -> bool:
    waits = timedelta(seconds=inbox.settle_seconds)
    if not arrival.size:
        waits = max(waits, EMPTY_WAITS)
    return now - arrival.seen_at >= waits


# ----------------------------------------------------------------------- put away
def put_away_all(inbox: Inbox, place: Place) -> None:
    """Finish moves that were interrupted, and follow files that are settled now."""
    rows = Arrival.objects.filter(inbox=inbox).select_related("ingestion")
    handled = ~Q(status=ArrivalStatus.WAITING)
    for arrival in rows.filter(handled, moved_at=None).order_by("pk"):
        put_away(arrival, place)
    settled = rows.filter(
        status=ArrivalStatus.TAKEN, ingestion__status__in=[s.value for s in SETTLED]
    )
    for arrival in settled.order_by("pk"):
        _settle(arrival, place)
    lost = rows.filter(status=ArrivalStatus.TAKEN, ingestion=None)
    lost.update(status=ArrivalStatus.PROCESSED)


def put_away(arrival: Arrival, place: Place) -> None:
    """Move a file that was handled out of the way; done twice it is done once."""
    is_refused = arrival.status == ArrivalStatus.REJECTED
    target = target_of(arrival, REJECTED if is_refused else PROCESSED)
    try:
        place.move(arrival.key, target, arrival.etag)
        if is_refused:
            place.write(target + REASON, reason_of(arrival))
    except FileMoved:
        target = ""  # the sender took it away or wrote another one in its place
    Arrival.objects.filter(pk=arrival.pk).update(
        moved_at=timezone.now(), moved_to=target
    )


def _settle(arrival: Arrival, place: Place) -> None:
    """The ingestion has come to its end: a rejected file goes back to its sender."""
    assert arrival.ingestion is not None  # noqa: S101 for the type checker
    status = SETTLED[Status(arrival.ingestion.status)]
    arrival.message = arrival.ingestion.message
    target = arrival.moved_to
    if status == ArrivalStatus.REJECTED and target:
        target = target_of(arrival, REJECTED)
        try:
            place.move(arrival.moved_to, target)
            place.write(target + REASON, reason_of(arrival))
        except FileMoved:
            target = ""
    Arrival.objects.filter(pk=arrival.pk).update(
        status=status, message=arrival.message, moved_to=target
    )


def target_of(arrival: Arrival, folder: str) -> str:
    """Where a file is put: by day, under its number and what is harmless of its name.

    The same each time it is asked, so that an interrupted move is found again.
    """
    day = (arrival.taken_at or arrival.seen_at).date()
    return f"{folder}/{day}/{arrival.pk}-{harmless(arrival.key)}"


def harmless(name: str) -> str:
    """The name without what a file system or a terminal might take amiss, and short."""
    plain = _ODD.sub("_", "".join(c if c.isprintable() else "_" for c in name))
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = plain, ""
    room = MOST_LEAF - len(dot + ending)
    short = stem.encode()[:room].decode(errors="ignore")
    return f"{short}{dot if ending else ''}{ending}"


def reason_of(arrival: Arrival) -> str:
    """What is written beside a file that was refused, for who sent it."""
    lines = [f"{harmless(arrival.key)} was not taken in.", "", arrival.message]
    if arrival.ingestion_id:
        lines += ["", f"It is number {arrival.ingestion_id} in our ingestion log."]
    lines += ["", "Mend the file and put it into the inbox once more.", ""]
    return "\n".join(lines)
