"""Backups in their storage: a dump and its manifest, whole or not at all.

The manifest is written last: a dump without one is what a backup left that was killed.
"""

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages

from backoffice.backups.manifests import Manifest, parse
from backoffice.backups.problems import BackupProblem, Damaged, NoStorage, NoSuchBackup

BLOCK = 1 << 20
DUMP, MANIFEST, PART = ".dump", ".json", ".part"
NO_ROOM = (
    "There is no room left where backups are kept. Make room, or keep fewer of them."
)


def new_key(at: datetime) -> str:
    """A name that no other backup has."""
    return f"backup-{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _storage() -> Storage:
    return storages["backups"]


def _path(name: str) -> Path | None:
    """Where a file lies on this machine; None in a bucket."""
    try:
        return Path(_storage().path(name))
    except NotImplementedError:
        return None


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Say in words what the storage refuses."""
    try:
        yield
    except BackupProblem:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoStorage(NO_ROOM) from error
        said = error.strerror or type(error).__name__
        raise NoStorage(f"The backup storage could not {doing}: {said}.") from error
    except Exception as error:
        said = f"The backup storage could not {doing}: {type(error).__name__}."
        raise NoStorage(said) from error


def put_dump(key: str, stream: Any) -> None:
    """Store what ``stream`` reads; raises NoStorage, and what reading raises.

    A dump that breaks off is not there afterwards: a folder shows the file when all of
    it is on disk, a bucket when its upload is completed.
    """
    with _told("take the dump"):
        _put(key + DUMP, stream)


def put_manifest(manifest: Manifest) -> None:
    """Make the backup count."""
    with _told("take the manifest"):
        _put(manifest.key + MANIFEST, ContentFile(manifest.as_json().encode()))


def _put(name: str, stream: Any) -> None:
    target = _path(name)
    if target is None:
        _storage().save(name, File(stream, name))
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(f".{name}{PART}")
    try:
        partial.touch(mode=0o600, exist_ok=False)
        with partial.open("wb") as out:
            while block := stream.read(BLOCK):
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def fetch(manifest: Manifest, path: Path) -> None:
    """Copy the dump to ``path``; raises Damaged unless it is what was backed up."""
    digest, size = hashlib.sha256(), 0
    with _told("give the dump"):
        if not _storage().exists(manifest.key + DUMP):
            message = f"The dump of {manifest.key} is gone from the storage."
            raise Damaged(message)
        with _storage().open(manifest.key + DUMP) as stream, path.open("wb") as out:
            while block := stream.read(BLOCK):
                digest.update(block)
                size += len(block)
                out.write(block)
    if size != manifest.size:
        raise Damaged(
            f"The dump of {manifest.key} has {size:,} bytes instead of "
            f"{manifest.size:,}: it is cut off or damaged. Use another backup."
        )
    if digest.hexdigest() != manifest.sha256:
        raise Damaged(
            f"The dump of {manifest.key} is damaged: its fingerprint (SHA-256) is not "
            "the one that was written down. Use another backup."
        )


def _names() -> set[str]:
    with _told("list its files"):
        try:
            _, names = _storage().listdir("")
        except FileNotFoundError:
            return set()
    return {name for name in names if name.lstrip(".").startswith("backup-")}


def kept() -> list[str]:
    """The backups that are whole, the newest first."""
    names = _names()
    found = {name.removesuffix(MANIFEST) for name in names if name.endswith(MANIFEST)}
    return sorted((key for key in found if key + DUMP in names), reverse=True)


def manifest_of(key: str) -> Manifest:
    """What is written beside a dump; ``latest``: beside the newest.

    Raises NoSuchBackup, NoStorage, Damaged.
    """
    known = kept()
    if key == "latest" and known:
        key = known[0]
    if key not in known:
        said = f"There is no backup “{key}”." if known else "There is no backup yet."
        raise NoSuchBackup(said)
    with _told("give the manifest"), _storage().open(key + MANIFEST) as stream:
        text = stream.read()
    return parse(text.decode(errors="replace"))


def remove(key: str) -> None:
    """Take a backup away: the manifest first, so that no half of it counts."""
    with _told("remove a backup"):
        for suffix in (MANIFEST, DUMP):
            _storage().delete(key + suffix)


def clear_leftovers() -> int:
    """Remove what killed backups left; only while no other is at work. How many."""
    names = _names()
    left = {name for name in names if name.endswith(PART)} | {
        name
        for name in names
        if name.endswith(DUMP) and name.removesuffix(DUMP) + MANIFEST not in names
    }
    with _told("remove what a killed backup left"):
        for name in left:
            with contextlib.suppress(FileNotFoundError):
                _storage().delete(name)
    return len(left)
