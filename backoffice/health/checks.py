"""What has to work for the back office to be of use, one small question each.

A check returns what it found; it raises Doubt for what somebody should look at, and
anything else where it does not work.
"""

import secrets
import time

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backoffice.backups import words
from backoffice.backups.standing import standing
from importers import queue
from importers.services import beats

MIGRATIONS_SECONDS = 60.0
NO_WORKER = "no worker is at work"
_migrated_at = 0.0


class Doubt(Exception):  # noqa: N818 not an error
    """It works, and somebody should look at it."""


def database() -> str:
    """PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return f"PostgreSQL {connection.get_database_version()[0]}"


def migrations() -> str:
    """The tables are those of this program; remembered for a minute once they are."""
    global _migrated_at  # noqa: PLW0603
    if time.monotonic() - _migrated_at < MIGRATIONS_SECONDS and _migrated_at:
        return "all applied"
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        message = f"{len(plan)} to be applied: run manage.py bootstrap"
        raise RuntimeError(message)
    _migrated_at = time.monotonic()
    return "all applied"


def broker() -> str:
    """The queue can be read."""
    return f"{queue.pending()} tasks"


def cluster() -> str:
    """Each queue has workers; raises Doubt where one has none and none is demanded."""
    count, unserved = beats.living().count(), beats.unserved()
    if not unserved:
        return f"{count} at work"
    said = f"no worker serves the {unserved[0]} queue" if count else NO_WORKER
    if settings.READINESS_NEEDS_WORKER:
        raise RuntimeError(said)
    raise Doubt(said)


def backups() -> str:
    """The last good backup and drill are recent; raises Doubt."""
    stands = standing()
    if stands.backup_at is None:
        raise Doubt("there is no backup yet")
    said = f"last good backup {words.age(stands.backup_at)}"
    if not stands.is_good:
        problem = stands.backup_problem or stands.drill_problem
        raise Doubt(f"{said}; {problem or 'backup or drill is overdue'}")
    return said


def storage() -> str:
    """Files can be stored: a folder takes, gives and removes one; a bucket answers."""
    name = f"probes/{secrets.token_hex(8)}"
    try:
        default_storage.path(name)
    except NotImplementedError:
        default_storage.exists(name)
        return "the bucket answers"
    kept = default_storage.save(name, ContentFile(name.encode()))
    try:
        with default_storage.open(kept) as stream:
            if stream.read() != name.encode():
                message = "the folder gives other bytes than it took"
                raise RuntimeError(message)
    finally:
        default_storage.delete(kept)
    return "the folder takes and gives files"
