"""The store of files as a whole: whether it is fit, and moving into another one."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import FileSystemStorage, default_storage

from importers.exceptions import StoreProblem
from importers.pipeline import storage
from importers.pipeline.bucket import Bucket, sha256_of
from importers.pipeline.bucket_setup import Fact, create, facts_of

PROBES = "probes"
PARTIAL = ".part"


@dataclass(frozen=True, slots=True)
class Moved:
    """A file on its way into the bucket: its key, size, and whether it was there."""

    key: str
    size: int
    was_there: bool


def bucket_in_use() -> Bucket | None:
    """The bucket that is configured; None where files lie in a folder."""
    store = default_storage
    return None if isinstance(store, FileSystemStorage) else store  # type: ignore[return-value]


def make_bucket() -> None:
    """Make the configured bucket as it should be.  Raises StoreProblem."""
    if (bucket := bucket_in_use()) is None:
        raise StoreProblem(
            "No bucket is configured. Set AWS_STORAGE_BUCKET_NAME and what goes with "
            "it first."
        )
    create(bucket)


def examine() -> list[Fact]:
    """What can be said of the store after writing, reading and deleting a file."""
    bucket = bucket_in_use()
    facts = [_probe()]
    if bucket is None:
        folder = Path(default_storage.location)  # type: ignore[attr-defined]
        said = f"A folder of this machine, {folder}: for one machine alone."
        return [*facts, Fact(is_good=True, said=said)]
    return [*facts, *facts_of(bucket)] if facts[0].is_good else facts


def _probe() -> Fact:
    """Whether a file comes back as it was written."""
    key, content = f"{PROBES}/{uuid.uuid4().hex}", os.urandom(64)
    with tempfile.TemporaryDirectory(prefix="probe-") as folder:
        path = Path(folder) / "probe"
        path.write_bytes(content)
        try:
            storage.put(key, path)
            with storage.local(key) as found:
                is_whole = found.read_bytes() == content
            storage.remove([key])
        except (StoreProblem, OSError) as problem:
            return Fact(is_good=False, said=str(problem))
    if not is_whole:
        return Fact(is_good=False, said="A file came back other than it was written.")
    return Fact(is_good=True, said="A file was written, read and deleted.")


# ---------------------------------------------------------------------- moving over
def move_in(folder: Path, *, delete: bool = False) -> Iterator[Moved]:
    """Copy the files of a folder store into the configured bucket, one by one.

    Each is compared by size and SHA-256 once it is there, so it may be stopped and run
    again at any time.  With ``delete`` the file in the folder goes after that.  Raises
    StoreProblem.
    """
    bucket = bucket_in_use()
    if bucket is None:
        raise StoreProblem(
            "No bucket is configured, so there is nowhere to move the files to. Set "
            "AWS_STORAGE_BUCKET_NAME first."
        )
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name.endswith(PARTIAL):
            continue
        key = path.relative_to(folder).as_posix()
        was_there = _is_same(bucket, key, path)
        if not was_there:
            bucket.put(key, path)
            if not _is_same(bucket, key, path):
                raise StoreProblem(f"{key} did not arrive as it is. Try once more.")
        size = path.stat().st_size
        if delete:
            path.unlink()
        yield Moved(key, size, was_there)


def _is_same(bucket: Bucket, key: str, path: Path) -> bool:
    noted = bucket.head(key)
    if noted is None or noted.size != path.stat().st_size:
        return False
    return noted.sha256 == sha256_of(path)
