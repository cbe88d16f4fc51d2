"""Files in and out of the configured storage, whole or not at all."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import Storage, default_storage

BLOCK = 1 << 20


def _local_path(storage: Storage, key: str) -> Path | None:
    try:
        return Path(storage.path(key))
    except NotImplementedError:
        return None


def put(key: str, source: Path) -> None:
    """Store the file ``source`` under ``key``; a key that is there is kept as it is.

    In a local folder the file appears under its name only when all of it is on disk.
    """
    if default_storage.exists(key):
        return
    target = _local_path(default_storage, key)
    if target is None:
        with source.open("rb") as stream:
            default_storage.save(key, File(stream))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with source.open("rb") as stream, partial.open("wb") as out:
            shutil.copyfileobj(stream, out, BLOCK)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def is_there(key: str) -> bool:
    """Whether a file is stored under the key."""
    return bool(default_storage.exists(key))


def remove_folder(folder: str) -> None:
    """Take all files below ``folder`` away, and in a local folder itself."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in folders:
        remove_folder(f"{folder}/{name}")
    remove(f"{folder}/{name}" for name in files)
    if (path := _local_path(default_storage, folder)) is not None:
        with contextlib.suppress(OSError):  # something came into it meanwhile
            path.rmdir()


def remove(keys: Iterable[str]) -> None:
    """Take files away that are of no use any more."""
    for key in keys:
        default_storage.delete(key)


@contextlib.contextmanager
def local(key: str) -> Iterator[Path]:
    """A path on this machine where the stored file can be read."""
    path = _local_path(default_storage, key)
    if path is not None:
        yield path
        return
    with tempfile.NamedTemporaryFile() as copy, default_storage.open(key) as stream:
        shutil.copyfileobj(stream, copy, BLOCK)
        copy.flush()
        yield Path(copy.name)


def hash_into(path: Path, blocks: Iterable[bytes]) -> tuple[str, int]:
    """Write the blocks to ``path``; their SHA-256 in hexadecimal and their length."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as out:
        for block in blocks:
            digest.update(block)
            size += len(block)
            out.write(block)
    return digest.hexdigest(), size


def blocks_of(path: Path) -> Iterator[bytes]:
    """The file's bytes in blocks."""
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block
