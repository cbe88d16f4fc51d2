"""Whether an OpenDocument sheet is whole; calamine looks for a lost end for ever."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A document that declares an entity is refused; none is expanded.
from xml.parsers import expat  # nosec B407

_CONTENT = "content.xml"
_MANIFEST = "meta-inf/manifest.xml"
_PASSWORD = b"encryption-data"
_BLOCK = 1 << 20

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # packed in a way, or with a password, that Python does not know
    ValueError,
)


def is_encrypted(path: Path) -> bool:
    """Whether the archive says that its parts are (OpenDocument 1.3, part 2, 4.8.2)."""
    try:
        with _parts(path, _MANIFEST) as parts:
            return any(_PASSWORD in part.read() for part in parts)
    except _UNREADABLE:
        return False


def flaw(path: Path) -> str:
    """What is wrong with its XML; empty for nothing, or where the archive has none."""
    try:
        with _parts(path, _CONTENT) as parts:
            for part in parts:
                _walk(part)
    except (expat.ExpatError, *_UNREADABLE) as error:
        return str(error) or type(error).__name__
    return ""


@contextmanager
def _parts(path: Path, name: str) -> Iterator[Iterator[zipfile.ZipExtFile]]:
    """All the archive's parts of that name, in whatever case it is written."""
    with zipfile.ZipFile(path) as archive:
        yield (
            archive.open(part)  # type: ignore[misc]
            for part in archive.infolist()
            if part.filename.lower() == name
        )


def _walk(part: zipfile.ZipExtFile) -> None:
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _refuse
    while block := part.read(_BLOCK):
        parser.Parse(block, False)
    parser.Parse(b"", True)


def _refuse(name: str, *_: object) -> None:
    raise ValueError(f"entity {name[:40]}")
