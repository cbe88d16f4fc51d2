"""Statistics of the ledger's tables, by which the planner chooses its ways.

Statistics that are taken while a load is being written count none of its rows.  After
the commit a full table would pass for an empty one, which every key is looked for in
row by row, until the next ones are taken.
"""

from typing import Any

from django.db import OperationalError, connection, models, transaction
from psycopg2.errors import LockNotAvailable

from reinsurance.models import (
    Claim,
    ClaimChange,
    ClaimPosition,
    ClaimStatement,
    LineageRange,
    PremiumEntry,
)

_OWN: dict[str, tuple[type[models.Model], ...]] = {
    "claims": (Claim, ClaimPosition, ClaimStatement, ClaimChange),
    "premiums": (PremiumEntry,),
}
_SMALL = 100
"""Pages of a table that any way is good for."""
_PATIENCE = 3_000
"""Milliseconds; autovacuum gives way after PostgreSQL's deadlock_timeout, a second."""


def refresh_statistics(ledger: str | None) -> None:
    """Take those anew that count less than a row a page, of the tables of a ledger.

    Not of a table that somebody else takes them of, or loads into, at the moment.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.oid = ANY(%s::regclass[]) "
            "AND c.reltuples BETWEEN 0 AND pg_relation_size(c.oid) / 8192 "
            "AND pg_relation_size(c.oid) > %s",
            [_tables(ledger, LineageRange), _SMALL * 8192],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {connection.ops.quote_name(name)}")


def keep_statistics(cursor: Any, ledger: str | None) -> None:
    """None are taken before the commit, of tables that a load of the ledger fills.

    Autovacuum makes room at once; a load does not wait for what does not (a person's
    VACUUM, one against the wraparound of transaction numbers).  Inside a transaction.
    """
    tables = _tables(ledger)
    if not tables:
        return
    names = ", ".join(map(connection.ops.quote_name, tables))
    try:
        with transaction.atomic():
            cursor.execute(f"SET LOCAL lock_timeout = {_PATIENCE}")
            cursor.execute(f"LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE")
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise


def _tables(ledger: str | None, *more: type[models.Model]) -> list[str]:
    found = _OWN.get(ledger or "", ())
    return [model._meta.db_table for model in (*found, *more)] if found else []
