"""On a machine of one's own, commands that need tables find them there."""

import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

NEEDS_TABLES = frozenset(
    {
        "backup", "changepassword", "cluster", "createsuperuser", "demo", "dumpdata",
        "feeds", "ingest", "loaddata", "match", "qcluster", "restore_drill",
        "rotate_secrets", "runserver", "shell", "sync",
    }
)  # fmt: skip


def prepare(command: str) -> None:
    """Bring the embedded database up to date before a command that needs it.

    Does nothing with a DATABASE_URL: there the operator decides when to migrate.
    """
    if command not in NEEDS_TABLES:
        return
    django.setup()
    if not settings.IS_LOCAL:
        return
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("bootstrap", stdout=sys.stderr)
    connection.close()
