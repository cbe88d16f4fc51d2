"""A backup: dump and manifest of one and the same moment, stored, and old ones let go.

The dump and the sums of the manifest are taken from one snapshot of the database, so
that what is restored can be compared with it to the last value while others write.
"""

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from psycopg2 import Error as PostgresError
from psycopg2.extensions import connection as Connection  # noqa: N812

from backoffice.backups import checksums, programs, retention, shelf
from backoffice.backups.databases import BACKUP_LOCK, Database, alone, ask, major_of
from backoffice.backups.dumping import Dump
from backoffice.backups.manifests import Manifest
from backoffice.backups.models import Backup
from backoffice.backups.problems import BackupProblem, Busy, DumpFailed

logger = logging.getLogger(__name__)

BUSY = "A backup is being made already. Wait for it to end."
FAILURES_KEPT = timedelta(days=30)


def make() -> Backup:
    """Make a backup now, and let go of those that are kept no longer.

    What goes wrong is written down and raised as a BackupProblem.
    """
    at = timezone.now()
    key = shelf.new_key(at)
    began = time.monotonic()
    try:
        with alone(Database.live(), BACKUP_LOCK, BUSY) as link:
            shelf.clear_leftovers()
            manifest = _made(link, key, at)
            shelf.put_manifest(manifest)
            row = remember(manifest)
            _let_go()
    except Busy:
        raise
    except BackupProblem as problem:
        _remember_failure(key, at, time.monotonic() - began, str(problem))
        raise
    logger.info("Backup %s: %d bytes in %.1f s.", key, row.size, row.seconds)
    return row


def _made(link: Connection, key: str, at: datetime) -> Manifest:
    database = Database.live()
    server = major_of(link)
    program = programs.find("pg_dump", server)
    began = time.monotonic()
    checksums.prepare(link)
    with tempfile.TemporaryDirectory(prefix="backup-") as folder, _snapshot(link) as of:
        with Dump(program, database, of, Path(folder)) as dump:
            shelf.put_dump(key, dump)
        contents = checksums.contents_of(link)
        migrations = _migrations(link)
    return Manifest(
        key=key,
        at=at,
        size=dump.size,
        sha256=dump.sha256,
        seconds=round(time.monotonic() - began, 3),
        server=server,
        program=f"pg_dump {programs.version_of(program)}",
        database=database.name,
        migrations=migrations,
        tables=contents,
    )


@contextmanager
def _snapshot(link: Connection) -> Iterator[str]:
    """A moment of the database that other connections can look at as well."""
    try:
        with link.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield str(ask(link, "SELECT pg_export_snapshot()"))
            cursor.execute("ROLLBACK")
    except PostgresError as error:
        said = str(error).strip().partition("\n")[0]
        raise DumpFailed(f"The database broke off: {said}") from error


def _migrations(link: Connection) -> dict[str, str]:
    """Of each app the newest migration."""
    with link.cursor() as cursor:
        cursor.execute("SELECT app, max(name) FROM django_migrations GROUP BY app")
        return dict(sorted(cursor.fetchall()))


def remember(manifest: Manifest) -> Backup:
    """The row of a backup that is in the storage."""
    row, _ = Backup.objects.update_or_create(
        key=manifest.key,
        defaults={
            "at": manifest.at,
            "size": manifest.size,
            "sha256": manifest.sha256,
            "tables": {name: table.rows for name, table in manifest.tables.items()},
            "seconds": manifest.seconds,
            "server": manifest.server,
            "problem": "",
        },
    )
    return row


def _remember_failure(key: str, at: datetime, seconds: float, problem: str) -> None:
    logger.error("Backup failed: %s", problem)
    with suppress(DatabaseError):
        Backup.objects.create(
            key=key, at=at, seconds=round(seconds, 3), problem=problem
        )


def _let_go() -> None:
    """Remove what is kept no longer; have the rows tell what is in the storage.

    After a restore the rows are as old as the backup that was restored.
    """
    known = set(Backup.objects.filter(problem="").values_list("key", flat=True))
    stored = shelf.kept()
    for key in stored:
        if key not in known:
            with suppress(BackupProblem):  # one that cannot be read is not counted
                remember(shelf.manifest_of(key))
    good = {
        row.at: row.key for row in Backup.objects.filter(problem="", key__in=stored)
    }
    keep = retention.kept(
        good,
        days=settings.BACKUP_KEEP_DAYS,
        weeks=settings.BACKUP_KEEP_WEEKS,
        months=settings.BACKUP_KEEP_MONTHS,
    )
    proved = Backup.objects.filter(verified_at__isnull=False, key__in=stored)
    last_proved = proved.order_by("-at").values_list("key", flat=True).first()
    for at, key in good.items():
        if at not in keep and key != last_proved:
            shelf.remove(key)
    Backup.objects.filter(problem="").exclude(key__in=shelf.kept()).delete()
    Backup.objects.exclude(problem="").filter(
        at__lt=timezone.now() - FAILURES_KEPT
    ).delete()
