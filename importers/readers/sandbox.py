"""Read a file from outside in a child process with limits, into Arrow chunks.

A crafted workbook of 1.4 KB can make a reader abort the whole process, which no
``except`` catches. So the file is looked over first, then parsed by a child that may
die without harm.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from importers.exceptions import FileProblem, HostileFile
from importers.readers import nursery
from importers.readers.handover import CHUNKS, LAST_WORDS, PROBLEM, TABLE
from importers.readers.limits import Limits
from importers.readers.precheck import check
from importers.readers.table import widen

__all__ = ["Limits", "Spilled", "spill"]

_NAMES = (TABLE, PROBLEM, LAST_WORDS)
#: How often the child's memory is looked at.
_LOOK_SECONDS = 0.05
_SAID_BYTES = 8_000
_TOO_MUCH = (
    "The file is damaged or hostile: reading it takes more memory than is allowed. "
    "Split it and send the pieces."
)


@dataclass(frozen=True, slots=True)
class Spilled:
    """A file as the child left it: what is known of the table, and its chunks.

    ``header_rows`` are record numbers from 0; ``skipped`` the first 1,000 rows left
    out, as (source row number, reason, text).
    """

    folder: Path
    header: tuple[str, ...]
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[str, ...]
    width: int
    header_rows: tuple[int, ...]
    row_count: int
    skipped_count: int
    skipped: tuple[tuple[int, str, str], ...]
    repairs: tuple[str, ...]
    chunk_count: int

    @classmethod
    def load(cls, folder: Path) -> Spilled:
        """What an earlier :func:`spill` left in the folder."""
        table = json.loads((folder / TABLE).read_text("utf-8"))
        skipped = tuple((row, why, text) for row, why, text in table.pop("skipped"))
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table.items()
        }
        return cls(folder=folder, skipped=skipped, **values)

    def chunks(self) -> Iterator[pl.DataFrame]:
        """One frame after the other: ``row`` (Int64), ``c0`` … (String, never null).

        All are as wide as the widest, whatever the rows before it needed.
        """
        for path in sorted(self.folder.glob(CHUNKS)):
            yield widen(pl.read_ipc(path), self.width)


def spill(
    path: str | Path,
    folder: str | Path,
    *,
    sheet: str | None = None,
    name: str | None = None,
    limits: Limits | None = None,
) -> Spilled:
    """Check a file, read it in a child process and return the chunks it wrote.

    ``name`` is the sender's file name, for its extension; the path itself may be a
    hash. Raises a FileProblem with a sentence for the clerk, or RuntimeError with the
    child's traceback where the fault is ours.
    """
    path, folder, limits = Path(path), Path(folder), limits or Limits()
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob(CHUNKS), *(folder / name for name in _NAMES)]:
        old.unlink(missing_ok=True)
    kind = check(path, name, limits)
    code, errors = _run(path.resolve(), kind, folder.resolve(), sheet, limits)
    if (folder / PROBLEM).exists():
        problem = json.loads((folder / PROBLEM).read_text("utf-8"))
        raise FileProblem.rebuild(**problem)
    if code == 0 and (folder / TABLE).exists():
        return Spilled.load(folder)
    raise _death(code, errors)


def _run(
    path: Path, kind: str, folder: Path, sheet: str | None, limits: Limits
) -> tuple[int, str]:
    """Exit code and last words of the child; it and its group are killed at the end."""
    environment = {
        "POLARS_MAX_THREADS": str(limits.threads),
        "RAYON_NUM_THREADS": str(limits.threads),
        "TMPDIR": str(folder),
    }
    with nursery.child(
        path=str(path),
        kind=kind,
        folder=str(folder),
        sheet=sheet,
        limits=limits.to_json(),
        environment=environment,
    ) as child:
        code = _watch(child, limits)
    try:
        words = (folder / LAST_WORDS).read_bytes()[-_SAID_BYTES:]
    except FileNotFoundError:  # it ended before it could write
        words = b""
    (folder / LAST_WORDS).unlink(missing_ok=True)
    return code, words.decode("utf-8", "replace")


def _watch(child: nursery.Child, limits: Limits) -> int:
    """The child's exit code. Raises HostileFile where it takes too long or too much."""
    end = time.monotonic() + limits.wall_seconds
    while True:
        left = max(0.0, end - time.monotonic())
        if (code := child.wait(min(_LOOK_SECONDS, left))) is not None:
            return code
        if _memory_of(child.pid) > limits.memory:
            raise HostileFile(_TOO_MUCH)
        if time.monotonic() >= end:
            raise HostileFile(
                "The file is damaged or hostile: reading it took longer than "
                f"{limits.wall_seconds:,.0f} seconds. Split it and send the pieces."
            )


def _memory_of(process: int) -> int:
    """Bytes of memory the process has in use; 0 where the system does not say."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _death(code: int, errors: str) -> Exception:
    """What to raise for a child that left no answer."""
    if code < 0:
        name = signal.Signals(-code).name
        return HostileFile(
            f"The file is damaged or hostile: the reader was stopped ({name}). Open it "
            "in Excel, save it anew and send it again."
        )
    if "MemoryError" in errors or "memory allocation" in errors:
        return HostileFile(_TOO_MUCH)
    return RuntimeError(f"The reader failed with code {code}:\n{errors}")
