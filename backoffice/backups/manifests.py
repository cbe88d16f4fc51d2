"""What is written down beside a dump: where it came from and what is in it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from backoffice.backups.checksums import Content, Contents
from backoffice.backups.problems import Damaged

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup that is whole: it is written after its dump has been stored.

    ``size`` in bytes, ``sha256`` of the dump in hexadecimal, ``migrations`` by app the
    newest one, ``server`` the version of PostgreSQL.
    """

    key: str
    at: datetime
    size: int
    sha256: str
    seconds: float
    server: int
    program: str
    database: str
    migrations: dict[str, str]
    tables: Contents

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(content.rows for content in self.tables.values())

    def as_json(self) -> str:
        """The file beside the dump."""
        told = {"format": FORMAT, **asdict(self), "at": self.at.isoformat()}
        return json.dumps(told, indent=1, ensure_ascii=False)


def parse(text: str) -> Manifest:
    """The manifest of its file; raises Damaged where it is none."""
    try:
        told: dict[str, Any] = json.loads(text)
        if told.pop("format") != FORMAT:
            message = "The manifest is of another version of the program."
            raise Damaged(message)
        tables = {name: Content(**content) for name, content in told["tables"].items()}
        at = datetime.fromisoformat(told["at"])
        return Manifest(**{**told, "at": at, "tables": tables})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = "The manifest of the backup cannot be read."
        raise Damaged(message) from error
