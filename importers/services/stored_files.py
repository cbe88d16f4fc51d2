"""The stored files that records refer to, and whether they are there.

Folders are listed, several at a time: asking a bucket for each file alone would take
hours where there are many.
"""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.storage import default_storage

from importers.models import Ingestion, Sync
from importers.pipeline.stage import part_key
from importers.values import OPEN

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Found:
    """How many files are there; those that are not, apart by what they are.

    ``lost``: files as they were received, which are kept for ever.  ``passed``: what
    the machine makes of them; it may be gone since, and can be made anew.
    """

    count: int
    lost: tuple[str, ...]
    passed: tuple[str, ...]


def look_up(*, using: str = "default") -> Found:
    """Look for every file that the database's records refer to."""
    originals = set(
        Ingestion.objects.using(using).values_list("original", flat=True).distinct()
    )
    made = set(_made(using)) - originals
    there = _there(originals | made)
    return Found(
        len(there),
        tuple(sorted(originals - there)),
        tuple(sorted(made - there)),
    )


def _made(using: str) -> Iterator[str]:
    """Keys of staged rows, rejected rows, fetched pages and kept answers."""
    files = Ingestion.objects.using(using).filter(status__in=[s.value for s in OPEN])
    for staged, parts, rejected in files.values_list(
        "staged", "staged_parts", "rejected"
    ).iterator():
        yield from (part_key(staged, number) for number in range(parts) if staged)
        if rejected:
            yield rejected
    syncs = Sync.objects.using(using)
    yield from syncs.exclude(payload="").values_list("payload", flat=True)
    for kept in syncs.exclude(parts=[], discarded_parts=[]).values_list(
        "parts", "discarded_parts"
    ):
        yield from (str(key) for keys in kept for key in keys)


def _there(keys: set[str]) -> set[str]:
    folders: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        path = PurePosixPath(key)
        folders[str(path.parent)].add(path.name)

    def found(folder: str) -> set[str]:
        try:
            _, names = default_storage.listdir(folder)
        except FileNotFoundError:
            return set()
        return {f"{folder}/{name}" for name in folders[folder].intersection(names)}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return set().union(*pool.map(found, folders))
