"""Originals that may be cleared, and files handed in meanwhile with the same bytes.

The bytes are stored before the ingestion is written that needs them. So both sides
hold the key till their commit: who hands in shares it, who clears has it alone.
"""

from django.db import connection

from importers.exceptions import StateProblem
from importers.pipeline import storage


def hold(key: str) -> None:
    """Keep the original till the commit; raises StateProblem where it is just gone."""
    _lock("pg_advisory_xact_lock_shared", key)
    if not storage.is_there(key):
        raise StateProblem("This file was being cleared just now. Hand it in again.")


def hold_alone(key: str) -> None:
    """Let nobody hand the same bytes in till the commit."""
    _lock("pg_advisory_xact_lock", key)


def _lock(function: str, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtext(%s))", [key])
