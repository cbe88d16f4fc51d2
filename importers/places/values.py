"""What every place can do, and the plain values that go in and out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from importers.values import InboxKind, Secret

BLOCK = 1 << 20
MOST_NAME = 1024
MOST_SEEN = 20_000
"""Files of one look; the others come when these are put away."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a place: its name, size in bytes, and what tells it from another."""

    name: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a place is and how we get in; what matters depends on the kind."""

    kind: InboxKind
    path: str = ""
    bucket: str = ""
    region: str = ""
    endpoint_url: str = ""
    host: str = ""
    port: int = 22
    host_key: str = ""
    user_name: str = ""
    secret: Secret = Secret()  # noqa: RUF009 it never changes
    private_key: Secret = Secret()  # noqa: RUF009


class Place(Protocol):
    """A folder, prefix or remote folder with files in it.

    Every method raises PlaceProblem where the place itself fails.  ``source`` and
    ``target`` are relative to the place, with "/" between the parts.
    """

    def look(self) -> Iterator[Found]:
        """The files that lie directly in it: no folders, links or devices."""

    def read(self, found: Found) -> Iterator[bytes]:
        """The bytes in blocks; raises FileMoved where it is not that file any more."""

    def move(self, source: str, target: str, etag: str = "") -> None:
        """Put a file elsewhere; nothing happens where that has been done already.

        With ``etag`` only that very file.  Raises FileMoved where there is none.
        """

    def write(self, target: str, text: str) -> None:
        """Put a text beside a file."""

    def close(self) -> None:
        """Let go of the connection."""


def is_plain(name: str) -> bool:
    """Whether the name is one that a file can have here and in the database."""
    try:
        is_short = 0 < len(name.encode()) <= MOST_NAME
    except UnicodeEncodeError:  # bytes that are no text
        return False
    return is_short and name not in {".", ".."} and not {"/", "\0"} & set(name)
