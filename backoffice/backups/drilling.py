"""The restore drill: a backup proves itself by being restored, and how long that took.

It is restored into a database that is made for it and dropped again.
"""

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from psycopg2 import Error as PostgresError
from psycopg2 import sql
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection as Connection  # noqa: N812

from backoffice.backups import restored, shelf
from backoffice.backups.databases import DRILL_LOCK, Database, alone
from backoffice.backups.making import remember
from backoffice.backups.models import Backup, Drill
from backoffice.backups.problems import BackupProblem, Busy, RestoreFailed, Unsuitable
from backoffice.backups.restoring import Restored, restore

logger = logging.getLogger(__name__)

BUSY = "A restore drill is at work already. Wait for it to end."
MAY_NOT_CREATE = (
    "The database's user may not create a database for the drill. Let it (ALTER ROLE … "
    "CREATEDB), or set DRILL_DATABASE_URL to a server where it may."
)
DRILLS_KEPT = timedelta(days=400)
MOST_TOLD = 5


def drill(key: str = "latest") -> Drill:
    """Restore a backup beside everything else, look into it, and throw it away.

    What goes wrong is written down and raised as a BackupProblem.
    """
    at, began = timezone.now(), time.monotonic()
    try:
        with alone(Database.live(), DRILL_LOCK, BUSY):
            key = shelf.manifest_of(key).key
            row = _drilled(key, at)
    except Busy:
        raise
    except BackupProblem as problem:
        _remember_failure(key, at, time.monotonic() - began, str(problem))
        raise
    row.seconds = round(time.monotonic() - began, 3)
    row.save()
    Drill.objects.filter(at__lt=at - DRILLS_KEPT).delete()
    remember(shelf.manifest_of(key))
    Backup.objects.filter(key=key).update(verified_at=timezone.now())
    logger.info("Drill of %s: restored in %.1f s.", key, row.restore_seconds)
    return row


def _drilled(key: str, at: datetime) -> Drill:
    with _scratch() as database:
        done = restore(key, database)
        with restored.connected(database) as alias:
            return _looked_into(done, alias, at)


def _looked_into(done: Restored, alias: str, at: datetime) -> Drill:
    """What the drill found; raises RestoreFailed where one could not go on from it."""
    if unreadable := restored.unreadable_secrets(alias):
        raise RestoreFailed(
            f"The backup is whole, but {len(unreadable)} of its secrets cannot be read "
            f"with FIELD_ENCRYPTION_KEYS: {_some(unreadable)}. Put back the key they "
            "were written with."
        )
    files = restored.files(alias)
    if files.lost:
        raise RestoreFailed(
            f"The backup is whole, but {len(files.lost)} received files that it refers "
            f"to are not in the storage: {_some(files.lost)}. Bring back their "
            "versions, see docs/backup.md."
        )
    notes = []
    if pending := restored.pending_migrations(alias):
        notes.append(f"After a restore migrate: {_some(pending)}.")
    if files.passed:
        notes.append(
            f"{len(files.passed)} files that the machine made are gone since; it makes "
            "them anew."
        )
    return Drill(
        key=done.manifest.key,
        at=at,
        restore_seconds=round(done.seconds, 3),
        rows=done.manifest.rows,
        files=files.count,
        notes=notes,
    )


def _some(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return ", ".join(names[:MOST_TOLD]) + more


@contextmanager
def _scratch() -> Iterator[Database]:
    """An empty database of its own; what earlier drills left is dropped as well."""
    live = Database.live()
    url = settings.DRILL_DATABASE_URL
    home = Database.of_url(url) if url else live
    prefix = f"drill_of_{live.name[:40]}_"
    name = prefix + secrets.token_hex(4)
    with closing(home.connect()) as link:
        try:
            for left in _names(link, prefix):
                _drop(link, left)
            with link.cursor() as cursor:
                create = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
                cursor.execute(create.format(sql.Identifier(name)))
        except InsufficientPrivilege as error:
            raise Unsuitable(MAY_NOT_CREATE) from error
        except PostgresError as error:
            said = str(error).strip().partition("\n")[0]
            message = f"No database could be made for the drill: {said}"
            raise Unsuitable(message) from error
    try:
        yield home.named(name)
    finally:
        with closing(home.connect()) as link:
            _drop(link, name)


def _names(link: Connection, prefix: str) -> list[str]:
    with link.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,)
        )
        return [name for (name,) in cursor.fetchall()]


def _drop(link: Connection, name: str) -> None:
    with link.cursor() as cursor:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        cursor.execute(drop.format(sql.Identifier(name)))


def _remember_failure(key: str, at: datetime, seconds: float, problem: str) -> None:
    logger.error("Restore drill failed: %s", problem)
    with suppress(DatabaseError):
        Drill.objects.create(key=key, at=at, seconds=round(seconds, 3), problem=problem)
