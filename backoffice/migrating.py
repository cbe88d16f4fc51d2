"""Migrations of a database that is in use: one at a time, and never in the way.

A change of a table waits for those who use it, and everybody else would wait behind it.
So it gives up after some seconds and tries again: readers and loads go on meanwhile.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import OperationalError, connection
from psycopg2 import errors

LOCK = 4_211_007
LOCK_SECONDS = 5
PAUSE_SECONDS = 2.0
PATIENCE_SECONDS = 600.0


def migrate() -> None:
    """Bring the tables up to date, also while others use them.

    Where several machines are deployed at once, the first does it and the others find
    it done.  Raises OperationalError where a table is in use for ten minutes on end.
    """
    patience = time.monotonic() + PATIENCE_SECONDS
    with alone(), _impatient():
        while True:
            try:
                call_command("migrate", interactive=False, verbosity=0)
                return
            except OperationalError as error:
                is_in_use = isinstance(error.__cause__, errors.LockNotAvailable)
                if not is_in_use or time.monotonic() > patience:
                    raise
                time.sleep(PAUSE_SECONDS)


@contextmanager
def alone() -> Iterator[None]:
    """One machine at a time; the lock is the session's own, which may take it twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _impatient() -> Iterator[None]:
    """A table that is in use is waited for :data:`LOCK_SECONDS`."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_SECONDS}s"]
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])
