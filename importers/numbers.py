"""Numbers of ingestions, from which changes by hand take theirs."""

from django.db import connection

from importers.models import Ingestion


def next_number() -> int:
    """The next number of an ingestion; no ingestion will have it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id'))",
            [Ingestion._meta.db_table],
        )
        (number,) = cursor.fetchone()
    return int(number)
