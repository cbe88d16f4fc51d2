"""A restored database asked whether the back office could work with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from backoffice.backups.databases import Database
from importers.services import stored_files, stored_secrets

ALIAS = "restored"


@contextmanager
def connected(database: Database) -> Iterator[str]:
    """The alias by which models read the database, as long as the block lasts."""
    parameters = dict(database.parameters)
    described: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parameters.pop("dbname", ""),
        "USER": parameters.pop("user", ""),
        "PASSWORD": parameters.pop("password", ""),
        "HOST": parameters.pop("host", ""),
        "PORT": str(parameters.pop("port", "")),
        "OPTIONS": parameters,
    }
    known = connections.configure_settings({**settings.DATABASES, ALIAS: described})
    connections.settings[ALIAS] = known[ALIAS]
    try:
        yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.settings[ALIAS]


def pending_migrations(alias: str) -> list[str]:
    """The migrations that this program needs and the database has not had."""
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unreadable_secrets(alias: str) -> list[str]:
    """The stored secrets that none of our keys opens."""
    try:
        return stored_secrets.unreadable(using=alias)
    except ImproperlyConfigured as error:
        return [str(error)]


def files(alias: str) -> stored_files.Found:
    """Which of the files that the records refer to are in the storage."""
    return stored_files.look_up(using=alias)
