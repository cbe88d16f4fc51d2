"""Files in and out of the configured storage, whole or not at all."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from django.core.files.storage import Storage, default_storage

if TYPE_CHECKING:  # boto3 is loaded only where a bucket is configured
    from importers.pipeline.bucket import Bucket

BLOCK = 1 << 20


def _local_path(storage: Storage, key: str) -> Path | None:
    try:
        return Path(storage.path(key))
    except NotImplementedError:
        return None


def _bucket() -> "Bucket":
    """The configured store, where it is no folder."""
    return cast("Bucket", default_storage)


def put(key: str, source: Path) -> None:
    """Store the file ``source`` under ``key``; a key that is there is kept as it is.

    In a local folder the file appears under its name only when all of it is on disk.
    """
    if default_storage.exists(key):
        return
    target = _local_path(default_storage, key)
    if target is None:
        _bucket().put(key, source)
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
    with tempfile.TemporaryDirectory(prefix="stored-") as folder:
        copy = Path(folder) / "bytes"
        _bucket().fetch(key, copy)
        yield copy


def link(key: str, file_name: str) -> str:
    """An address where the file can be fetched for a short while; empty: none.

    A bucket hands files out itself, unless it is configured not to.  Whoever is given
    the address may have the file: ask who it is first.  Raises FileNotFoundError.
    """
    if _local_path(default_storage, key) is not None or not _bucket().is_direct:
        return ""
    return _bucket().link(key, file_name)


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
