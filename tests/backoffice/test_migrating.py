"""Migrations while the tables are in use, and by two machines at once."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO

import psycopg2
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from backoffice import migrating
from backoffice.management.commands import bootstrap

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that changes tables has to be applied."""
    call_command("migrate", "importers", "0001", verbosity=0)
    assert not is_done()
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 1)
    monkeypatch.setattr(migrating, "PAUSE_SECONDS", 0.1)


def is_done() -> bool:
    """Whether the last migration of the importers is applied."""
    applied = MigrationRecorder.Migration.objects.filter(app="importers")
    return applied.filter(name="0002_stamping").exists()


@contextmanager
def somebody_writes() -> Iterator[threading.Event]:
    """A load that has feeds in its transaction, until the event is set."""
    parameters = connection.get_connection_params()
    parameters["dbname"] = parameters.pop("database", None) or parameters["dbname"]
    with closing(psycopg2.connect(**parameters)) as other:
        cursor = other.cursor()
        cursor.execute("LOCK TABLE importers_feed IN ROW EXCLUSIVE MODE")
        over = threading.Event()
        thread = threading.Thread(target=lambda: (over.wait(), other.rollback()))
        thread.start()
        try:
            yield over
        finally:
            over.set()
            thread.join()


def test_a_migration_comes_in_when_the_table_is_free(to_do: None) -> None:
    """It gave up once at least: the lock is held longer than it waits."""
    with somebody_writes() as over:
        threading.Timer(1.5, over.set).start()
        migrating.migrate()
    assert is_done()
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_table_that_is_never_free_is_told(
    to_do: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "PATIENCE_SECONDS", 0.0)
    with somebody_writes(), pytest.raises(OperationalError, match="lock timeout"):
        migrating.migrate()
    assert not is_done()
    migrating.migrate()
    assert is_done()


def test_what_follows_the_migrations_is_done_by_one_machine_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = []

    def look() -> list[str]:
        parameters = connection.get_connection_params()
        parameters["dbname"] = parameters.pop("database", None) or parameters["dbname"]
        with closing(psycopg2.connect(**parameters)) as other:
            cursor = other.cursor()
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [migrating.LOCK])
            free.extend(cursor.fetchone())
        return []

    monkeypatch.setattr(bootstrap, "load_feeds", look)
    call_command("bootstrap", demo=False, stdout=StringIO())
    look()
    assert free == [False, True]


def test_two_machines_at_once(to_do: None, process_environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "bootstrap"]
    both = [
        subprocess.Popen(
            command, env=process_environment, text=True, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(text.startswith("Database is up to date") for text in said)
    assert is_done()
