"""Where a sync keeps what it fetched: pieces in storage, named beside its progress."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from importers.models import Sync
from importers.pipeline import storage
from importers.services.leases import Lease
from importers.webservices.fetch import Progress


class Parts:
    """Collects pages in ``folder`` and makes them durable now and then.

    The pieces and the progress after them are written down in one update: whoever
    goes on later finds both or neither.
    """

    def __init__(self, lease: Lease, sync: Sync, folder: Path) -> None:
        self._lease = lease
        self._folder = folder
        self._attempt = lease.token.rpartition(":")[2]
        self.keys: list[str] = list(sync.parts)
        self.discarded_keys: list[str] = list(sync.discarded_parts)
        self._good = _Piece(folder / "good")
        self._held_out = _Piece(folder / "held-out")
        self._kept_at = time.monotonic()

    def write(self, lines: bytes) -> None:
        """Take the records of a page."""
        self._good.add(lines)

    def discard(self, lines: bytes) -> None:
        """Take records that the contract holds out."""
        self._held_out.add(lines)

    def page_done(self, progress: Progress) -> None:
        """Keep everything so far if enough time has passed or enough has come."""
        is_late = time.monotonic() - self._kept_at > settings.SYNC_KEEP_SECONDS
        if is_late or self._good.size > settings.SYNC_KEEP_BYTES:
            self.keep(progress)
        else:
            self._lease.check()

    def keep(self, progress: Progress) -> None:
        """Make the pages durable, and where to go on after them."""
        self._store(self._good, self.keys, "part")
        self._store(self._held_out, self.discarded_keys, "discarded")
        self._lease.update(
            parts=self.keys,
            discarded_parts=self.discarded_keys,
            progress=progress.as_json(),
            deviations=progress.deviations,
            **asdict(progress.counts),
        )
        self._kept_at = time.monotonic()

    def drop(self) -> None:
        """Forget everything fetched so far."""
        self._good.empty()
        self._held_out.empty()
        gone = [*self.keys, *self.discarded_keys]
        self.keys, self.discarded_keys = [], []
        self._lease.update(parts=[], discarded_parts=[], progress={})
        storage.remove(gone)

    def blocks(self) -> Iterator[bytes]:
        """Everything fetched, in order."""
        return blocks_of(self.keys)

    def _store(self, piece: "_Piece", keys: list[str], name: str) -> None:
        if not piece.size:
            return
        path = piece.close()
        folder = f"syncs/{self._lease.key}/{self._attempt}"
        key = f"{folder}/{name}-{len(keys):05d}.jsonl"
        storage.put(key, path)
        keys.append(key)
        piece.empty()


class _Piece:
    """A file that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.size = 0

    def add(self, lines: bytes) -> None:
        if lines:
            self._file = self._file or self._path.open("wb")
            self._file.write(lines)
            self.size += len(lines)

    def close(self) -> Path:
        if self._file is not None:
            self._file.close()
            self._file = None
        return self._path

    def empty(self) -> None:
        self.close().unlink(missing_ok=True)
        self.size = 0


def blocks_of(keys: Iterable[str]) -> Iterator[bytes]:
    """The bytes of stored pieces, one after the other."""
    for key in keys:
        with storage.local(key) as path:
            yield from storage.blocks_of(path)


def keep_payload(sync: int, attempt: str, payload: bytes, folder: Path) -> str:
    """Storage key of the answer that is to blame; empty for none."""
    if not payload:
        return ""
    path: Any = folder / "payload"
    path.write_bytes(payload)
    key = f"syncs/{sync}/{attempt}/answer-to-blame"
    storage.put(key, path)
    return key
