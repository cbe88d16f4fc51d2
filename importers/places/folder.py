"""A folder of this machine, or one that is mounted: no link in it is ever followed."""

import contextlib
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from importers.exceptions import FileMoved, PlaceProblem
from importers.places.values import BLOCK, MOST_SEEN, Found, Whereabouts

_ONLY_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_ONLY_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_WRITTEN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW


class Folder:
    """The folder ``where.path`` below ``root``; it is made where it is not there yet.

    All its files are opened from the folder itself, by their name in it: whatever the
    name holds, and whatever is put in the place of a folder meanwhile, leads nowhere
    else.
    """

    def __init__(self, where: Whereabouts, *, root: Path) -> None:
        path = where.path
        with _telling(path):
            root.mkdir(parents=True, exist_ok=True)
            top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._here = _below(top, path.split("/"))
            finally:
                os.close(top)

    def look(self) -> Iterator[Found]:
        """The regular files in the folder, by name."""
        with _telling("the folder"), os.scandir(self._here) as entries:
            for entry in islice(entries, MOST_SEEN):
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        told = entry.stat(follow_symlinks=False)
                        yield Found(entry.name, told.st_size, _etag(told))

    def read(self, found: Found) -> Iterator[bytes]:
        """The bytes, provided the file is the same before and after."""
        with _telling(found.name):
            handle = os.open(found.name, _ONLY_FILE, dir_fd=self._here)
            with os.fdopen(handle, "rb") as stream:
                _require_same(os.fstat(handle), found.etag)
                while block := stream.read(BLOCK):
                    yield block
                _require_same(os.fstat(handle), found.etag)

    def move(self, source: str, target: str, etag: str = "") -> None:
        """Rename the file, within the folder's own file system."""
        with (
            _telling(source),
            self._folder_of(source) as (here, name),
            self._folder_of(target) as (there, leaf),
        ):
            try:
                told = os.stat(name, dir_fd=here, follow_symlinks=False)
            except FileNotFoundError:
                os.stat(leaf, dir_fd=there, follow_symlinks=False)
                return
            if etag:
                _require_same(told, etag)
            os.rename(name, leaf, src_dir_fd=here, dst_dir_fd=there)

    def write(self, target: str, text: str) -> None:
        """Write a small file."""
        with _telling(target), self._folder_of(target) as (there, leaf):
            handle = os.open(leaf, _WRITTEN, 0o640, dir_fd=there)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._here)

    @contextlib.contextmanager
    def _folder_of(self, place: str) -> Iterator[tuple[int, str]]:
        """The folder of a file below this one, opened, and the file's name in it."""
        *folders, leaf = place.split("/")
        handle = _below(self._here, folders)
        try:
            yield handle, leaf
        finally:
            os.close(handle)


def _below(top: int, names: list[str]) -> int:
    """The folder below, opened step by step; made where it is not there."""
    here = os.dup(top)
    for name in filter(None, names):
        if name in {".", ".."}:
            os.close(here)
            raise PlaceProblem(
                "The folder's path goes upwards. Enter one that does not."
            )
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o750, dir_fd=here)
        try:
            below = os.open(name, _ONLY_FOLDER, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def _etag(told: os.stat_result) -> str:
    return f"{told.st_size}-{told.st_mtime_ns}"


def _require_same(told: os.stat_result, etag: str) -> None:
    if not stat.S_ISREG(told.st_mode) or _etag(told) != etag:
        raise FileMoved("The file changed while it was being read.", is_passing=True)


@contextlib.contextmanager
def _telling(what: str) -> Iterator[None]:
    """Say in words what the system says in numbers."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileMoved(f"“{what}” is gone.", is_passing=True) from error
    except OSError as error:
        raise PlaceProblem(
            f"“{what}” cannot be used: {error.strerror or error}. Have an operator "
            "look at the folder and its rights.",
            is_passing=True,
        ) from error
