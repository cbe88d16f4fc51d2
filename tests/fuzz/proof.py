"""What must be true of a file whatever is in it, from the moment it is handed in."""

import csv
import io
import json
import os
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from importers.models import Ingestion, RowChange
from importers.processes import processes
from importers.services import ingestions, undoing, work
from importers.services.changes_of import changes_of
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    LossEvent,
    Party,
)

INGESTIONS = "/api/v1/ingestions/"
CHECKED = ("needs mapping", "ready", "rejected")
MOST_SECONDS = 10.0
"""Of processor time, ours and our children's, that an input may take."""
PATIENCE = 120
TAKEN = 202
REFUSALS = {400, 413, 415, 422}
BOOKS = (Claim, ClaimPosition, LossEvent, Party)


class Hangs(Exception):  # noqa: N818 (what is found)
    """An input does not come to its end."""


@contextmanager
def no_hang(name: str) -> Iterator[None]:
    """The input ends within its time."""

    def stop(*_: object) -> None:
        raise Hangs(f"{name} is not through after {PATIENCE} seconds.")

    before, handler = _processor_seconds(), signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
    took = _processor_seconds() - before
    assert took < MOST_SECONDS, f"{name} took {took:.1f} s of processor time."


def _processor_seconds() -> float:
    """Ours, our children's and, of those that go on, their children's (Linux)."""
    used = (
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    ended = sum(each.ru_utime + each.ru_stime for each in used)
    ticks = 0
    for process in processes():
        if process.parent == os.getpid():
            stat = Path(f"/proc/{process.pid}/stat").read_text()
            # utime, stime, cutime, cstime, behind a name that may hold anything
            ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ended + ticks / os.sysconf("SC_CLK_TCK")


def handed_in(
    caller: Client, content: bytes, name: str, record_type: str
) -> Ingestion | None:
    """The file's ingestion; None where it was refused, and nothing kept of it."""
    before = Ingestion.objects.count()
    file = SimpleUploadedFile(name, content)
    form = {"file": file, "record_type": record_type, "source": "fuzz"}
    answer = caller.post(INGESTIONS, form)
    if answer.status_code == TAKEN:
        return Ingestion.objects.get(pk=answer.json()["id"])
    assert answer.status_code in REFUSALS, answer.content
    assert answer.json()["detail"]
    assert Ingestion.objects.count() == before
    return None


def prove(caller: Client, ingestion: Ingestion) -> str:
    """Check, look at, load and take back; where the file stands after its check."""
    books = _books()
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    if ingestion.status == "needs mapping":
        _map(caller, ingestion)
    status = ingestion.status
    assert status in CHECKED, (status, ingestion.message)
    assert ingestion.message or status == "ready"
    assert _books() == books
    pages = [_get(caller, ingestion, part) for part in ("", "columns/", "issues/")]
    assert all(pages)
    _every_row_is_there(caller, ingestion)
    if status == "ready":
        _load_and_undo(caller, ingestion, books)
    return status


def _map(caller: Client, ingestion: Ingestion) -> None:
    """Say what a clerk would: what was proposed is right, the rest means nothing."""
    columns = {
        header: {"field": match["field"] or ""}
        for header, match in ingestion.matches["columns"].items()
    }
    answer = caller.post(
        f"{INGESTIONS}{ingestion.pk}/map/",
        json.dumps({"columns": columns, "constants": {}}),
        content_type="application/json",
    )
    assert answer.status_code in {TAKEN, 200, 409, *REFUSALS}, answer.content
    work.check(ingestion.pk)
    ingestion.refresh_from_db()


def _every_row_is_there(caller: Client, ingestion: Ingestion) -> None:
    """What was read is created, updated, unchanged or held out, each row once."""
    wanted = {
        action: getattr(ingestion, f"rows_{action}")
        for action in ("created", "updated", "unchanged", "rejected")
    }
    assert ingestion.rows_read == sum(wanted.values())
    if ingestion.status != "ready":
        return
    # As bytes: a text would be cut at U+2028 and its like as well.
    rows = _get(caller, ingestion, "rows/?format=jsonl").splitlines()
    found = [json.loads(row) for row in rows]
    assert Counter(row["action"] for row in found) == Counter(
        {action: count for action, count in wanted.items() if count}
    )
    assert len({row["row"] for row in found}) == ingestion.rows_read
    if wanted["rejected"]:
        sheet = _get(caller, ingestion, "rejected-rows").decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(sheet, newline="")))
        assert len(lines) == 1 + wanted["rejected"]


def _load_and_undo(caller: Client, ingestion: Ingestion, books: Any) -> None:
    """Loaded as the check said; taken back, the books are as before."""
    counts = _counts(ingestion)
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert (ingestion.status, _counts(ingestion)) == ("loaded", counts)
    is_changed = ingestion.rows_created + ingestion.rows_updated > 0
    assert changes_of(ingestion).exists() == is_changed
    if ingestion.record_type == "claims":
        told = ClaimStatement.objects.filter(load__number=ingestion.pk)
        rows = ingestion.rows_created + ingestion.rows_updated
        assert (told.count(), told.values("row").distinct().count()) == (rows, rows)
        assert not RowChange.objects.filter(ingestion=ingestion).exists()
    assert _get(caller, ingestion, "changes/")
    ingestions.undo(ingestion.pk, user=None, reason="Tried.", enqueue=False)
    undoing.undo(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "undone"
    assert _books() == books


def _counts(ingestion: Ingestion) -> tuple[int, ...]:
    return (
        ingestion.rows_read,
        ingestion.rows_created,
        ingestion.rows_updated,
        ingestion.rows_unchanged,
        ingestion.rows_rejected,
    )


def _books() -> list[list[dict[str, Any]]]:
    """What the books say; when a record was last changed is not compared."""
    return [
        [
            {name: value for name, value in row.items() if name != "updated_at"}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in BOOKS
    ]


def _get(caller: Client, ingestion: Ingestion, part: str) -> bytes:
    answer = caller.get(f"{INGESTIONS}{ingestion.pk}/{part}")
    assert answer.status_code == 200, (part, answer.status_code)
    if answer.streaming:
        return b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return answer.content
