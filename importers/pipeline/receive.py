"""Stage one: keep the bytes as they came, under a name made of their content."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from importers.pipeline import storage


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are kept: storage key, SHA-256 in hexadecimal, size in bytes."""

    key: str
    sha256: str
    size: int


def receive(blocks: Iterable[bytes]) -> Received:
    """Store the bytes once and for ever; the same bytes are stored once."""
    with tempfile.TemporaryDirectory(prefix="receive-") as folder:
        path = Path(folder) / "bytes"
        sha256, size = storage.hash_into(path, blocks)
        key = f"originals/{sha256[:2]}/{sha256}"
        storage.put(key, path)
    return Received(key, sha256, size)
