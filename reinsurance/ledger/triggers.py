"""Triggers of foreign keys rest while a load is written, where the role may have that.

Row by row they cost half of a COPY.  Setting ``session_replication_role`` takes a
superuser or, from PostgreSQL 15 on, ``GRANT SET ON PARAMETER``; without the right the
triggers work as usual.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


def may_rest() -> bool:
    """Whether this role may let triggers rest; asked once a connection."""
    if not hasattr(connection, "_triggers_may_rest"):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('is_superuser')::boolean, "
                "current_setting('server_version_num')::int"
            )
            allowed, version = cursor.fetchone()
            if not allowed and version >= 150_000:
                cursor.execute(
                    "SELECT has_parameter_privilege(current_user, "
                    "'session_replication_role', 'SET')"
                )
                (allowed,) = cursor.fetchone()
        connection._triggers_may_rest = allowed  # type: ignore[attr-defined]
    return bool(connection._triggers_may_rest)  # type: ignore[attr-defined]


@contextmanager
def resting(cursor: Any) -> Iterator[None]:
    """Triggers of foreign keys rest, where the role may have them rest."""
    if not may_rest():
        yield
        return
    cursor.execute("SET LOCAL session_replication_role = replica")
    yield
    cursor.execute("SET LOCAL session_replication_role = origin")
