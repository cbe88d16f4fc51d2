"""How many rows each table has, and a sum over what is in them.

The sum is that of a 64-bit hash of each row's text, so it does not depend on the order
of the rows; the server computes it, at a million rows in a second or so.
"""

from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

_TABLES = """
    SELECT n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY 1, 2
"""
_SUM = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} t"
# What a value looks like as text is a matter of these.
_PLAIN = """
    SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
    SET extra_float_digits = 1; SET bytea_output = 'hex'; SET xmloption = 'content';
    SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
"""


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a table."""

    rows: int
    checksum: str


Contents = dict[str, Content]
"""Content by ``schema.table``."""


def prepare(link: Connection) -> None:
    """Have this connection show values the one way that sums are made of."""
    with link.cursor() as cursor:
        cursor.execute(_PLAIN)


def contents_of(link: Connection) -> Contents:
    """Every table as the connection's transaction sees it; call `prepare` before."""
    with link.cursor() as cursor:
        cursor.execute(_TABLES)
        found = {}
        for schema, table in cursor.fetchall():
            cursor.execute(sql.SQL(_SUM).format(sql.Identifier(schema, table)))
            rows, checksum = cursor.fetchone() or (0, "0")
            found[f"{schema}.{table}"] = Content(rows, checksum)
    return found


def differences(expected: Contents, found: Contents) -> list[str]:
    """What differs, table by table, in words."""
    said = []
    for table in sorted(expected.keys() | found.keys()):
        if table not in found:
            said.append(f"{table} is missing")
        elif table not in expected:
            said.append(f"{table} was not in the backup")
        elif expected[table].rows != found[table].rows:
            said.append(
                f"{table} has {found[table].rows:,} rows instead of "
                f"{expected[table].rows:,}"
            )
        elif expected[table] != found[table]:
            said.append(f"{table} has other values")
    return said
