"""A database to dump or to restore into: how it is reached, and its server's version.

Programs of PostgreSQL get everything but the password on their command line; the
password stands in a file that only we can read.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import make_dsn, parse_dsn

from backoffice.backups.problems import Busy, Unsuitable

BACKUP_LOCK, DRILL_LOCK, SAME_LOCK = 7201, 7202, 7203
_CLASS = 0x6261636B  # "back": these locks are ours


@dataclass(frozen=True, slots=True)
class Database:
    """libpq's parameters of one database."""

    parameters: Mapping[str, Any]

    @classmethod
    def live(cls) -> "Database":
        """The database of this back office."""
        known = connection.get_connection_params()
        # The rest is psycopg2's own: factories of Python objects.
        return cls({k: v for k, v in known.items() if isinstance(v, str | int)})

    @classmethod
    def of_url(cls, url: str) -> "Database":
        """The database of a URL, or of libpq's ``key=value`` text.

        Raises Unsuitable for text that is neither.
        """
        try:
            return cls(parse_dsn(url))
        except psycopg2.ProgrammingError as error:
            raise Unsuitable(
                "This is no address of a database. It looks like "
                "postgresql://user@host:5432/name."
            ) from error

    def named(self, name: str) -> "Database":
        """Another database of the same server."""
        return Database({**self.parameters, "dbname": name})

    @property
    def name(self) -> str:
        """What the database is called."""
        parameters = self.parameters
        return str(parameters.get("dbname") or parameters.get("database") or "")

    def connect(self) -> Connection:
        """A new connection; every statement stands alone (autocommit).

        Raises Unsuitable where nobody answers.
        """
        try:
            link = psycopg2.connect(**{"connect_timeout": 10, **self.parameters})
        except psycopg2.OperationalError as error:
            said = str(error).strip().splitlines()[-1]
            message = f"The database {self.name} cannot be reached: {said}"
            raise Unsuitable(message) from error
        link.autocommit = True
        return link

    def conninfo(self) -> str:
        """What a program is told of it on its command line: no password."""
        told = {k: v for k, v in self.parameters.items() if k != "password"}
        return make_dsn(**{"application_name": "backups", **told})

    def environment(self, folder: Path) -> dict[str, str]:
        """The environment for a program; the password lies in a file in ``folder``."""
        environment = {**os.environ, "LC_ALL": "C"}
        if password := self.parameters.get("password"):
            path = folder / "pgpass"
            path.touch(mode=0o600)
            escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
            path.write_text(f"*:*:*:*:{escaped}\n")
            environment["PGPASSFILE"] = str(path)
        return environment


def major_of(link: Connection) -> int:
    """The server's major version."""
    return link.server_version // 10_000


def ask(link: Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
    """The first column of the first row; None where there is none."""
    with link.cursor() as cursor:
        cursor.execute(statement, values or None)
        row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def alone(database: Database, lock: int, said: str) -> Iterator[Connection]:
    """A connection whose holder is the only one at this work; raises Busy."""
    with closing(database.connect()) as link:
        if not ask(link, "SELECT pg_try_advisory_lock(%s, %s)", (_CLASS, lock)):
            raise Busy(said)
        yield link


def is_same(one: Connection, other: Connection) -> bool:
    """Whether two connections lead to one database, whatever their addresses say.

    A lock taken by the one is seen by the other if, and only if, they do.
    """
    lock = (_CLASS, SAME_LOCK)
    if not ask(one, "SELECT pg_try_advisory_lock(%s, %s)", lock):
        raise Busy("Another restore is looking at this database. Try again.")
    try:
        is_free = ask(other, "SELECT pg_try_advisory_lock(%s, %s)", lock)
        if is_free:
            ask(other, "SELECT pg_advisory_unlock(%s, %s)", lock)
        return not is_free
    finally:
        ask(one, "SELECT pg_advisory_unlock(%s, %s)", lock)
