"""The database of a test run: a copy of one that is migrated and filled once.

Migrating takes ten seconds and more, copying less than one.  The filled database is
kept on the server under a fingerprint of all that makes it what it is.

What a test leaves that has committed is taken out table by table (:func:`clear`): to
truncate all of them and fill the basic ones again takes most tests longer than they do.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import psycopg2
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from backoffice.reference import load_reference
from backoffice.roles import load_roles
from reinsurance.models import Stamp

REPOSITORY = Path(__file__).resolve().parent.parent
LOCK = 7_302_561
_STAMPS = Stamp._meta.db_table
#: What each table holds before any test; None of an empty one.
basics: dict[str, str | None] = {}
truncate_all = TransactionTestCase._fixture_teardown


def load_basics() -> None:
    """What every installation has: reference data and roles."""
    load_reference()
    load_roles()


def remember_basics() -> None:
    """From now on this is what :func:`clear` comes back to."""
    basics.clear()
    basics.update(_sums())


def clear(case: TransactionTestCase) -> None:
    """Take out what a test has left; everything where it changed the basic tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')::boolean")
        (may_skip_triggers,) = cursor.fetchone()
    changed = [table for table, held in _sums().items() if held != basics.get(table)]
    if not may_skip_triggers or any(basics.get(table) for table in changed):
        truncate_all(case)
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # Without foreign keys, and without the triggers that keep logs as they are.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in changed:
            cursor.execute(f'DELETE FROM "{table}"')
        # In the place of the triggers that say so: whatever is remembered is old.
        cursor.execute(
            f"INSERT INTO {_STAMPS} (topic) SELECT DISTINCT topic FROM {_STAMPS}"
        )


def _sums() -> dict[str, str | None]:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        sums = (
            f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text)) "
            f'FROM "{table}" AS t'
            for table in tables
            if table != _STAMPS
        )
        cursor.execute(" UNION ALL ".join(sums))
        return dict(cursor.fetchall())


@contextmanager
def own_database() -> Iterator[None]:
    """The run's own database, named by the settings; gone at the end."""
    before = connection.settings_dict["NAME"]
    name = connection.settings_dict["TEST"]["NAME"]
    template = f"template_{fingerprint()}"
    with _maintenance() as cursor:
        # One process fills it, the others wait and copy.
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ '^template_'")
        found = {row[0] for row in cursor.fetchall()}
        if template not in found:
            for old in found:
                cursor.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
            _fill(cursor, template)
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _use(name)
    remember_basics()
    yield
    _use(before)
    with _maintenance() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def fingerprint() -> str:
    """Of migrations, reference data, roles and the versions of all packages."""
    paths = [*(REPOSITORY / "fixtures" / "reference").glob("*")]
    for config in apps.get_app_configs():
        paths += Path(config.path).glob("migrations/*.py")
        if Path(config.path).is_relative_to(REPOSITORY):
            paths += Path(config.path).glob("models/*.py")
            paths += Path(config.path).glob("models.py")
    paths.append(REPOSITORY / "backoffice" / "roles.py")
    digest = hashlib.sha256()
    for path in sorted({path for path in paths if path.is_file()}):
        digest.update(path.read_bytes())
    versions = sorted(f"{each.name} {each.version}" for each in distributions())
    digest.update("\n".join(versions).encode())
    return digest.hexdigest()[:24]


def _fill(cursor: Any, template: str) -> None:
    """Make it under another name first: it is there only when it is complete."""
    new = f"new_{template}"
    cursor.execute(f'DROP DATABASE IF EXISTS "{new}" WITH (FORCE)')
    cursor.execute(f'CREATE DATABASE "{new}"')
    before = connection.settings_dict["NAME"]
    _use(new)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        load_basics()
    finally:
        _use(before)
    cursor.execute(f'ALTER DATABASE "{new}" RENAME TO "{template}"')


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


@contextmanager
def _maintenance() -> Iterator[Any]:
    """A cursor on the server's own database, which can make and drop others."""
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    parameters.pop("database", None)
    server = psycopg2.connect(**parameters)
    try:
        server.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with server.cursor() as cursor:
            yield cursor
    finally:
        server.close()
