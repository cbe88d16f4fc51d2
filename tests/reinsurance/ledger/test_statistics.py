"""Statistics that count none of a table's rows do not stay, and are not taken."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.db import connection

from importers import record_types
from importers.pipeline.undo import undo
from reinsurance.ledger import statistics
from reinsurance.ledger.statistics import refresh_statistics
from reinsurance.models import Claim, Treaty
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
HEADER = ("UMR", "Claim Ref", "Date of Loss", "Currency", "Paid to date", "Insured")


@pytest.fixture
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def claims(count: int) -> Table:
    row = ["T1", "", "2026-01-01", "GBP", "1", "x" * 200]
    rows = [[row[0], f"C{n}", *row[2:]] for n in range(count)]
    return Table(HEADER, rows, chunk=5000)


def counted(table: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        (found,) = cursor.fetchone()
    return float(found)


def miscount(table: str) -> None:
    """As statistics are that were taken while all rows were being written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET reltuples = 0, relpages = 5000 WHERE relname = %s",
            [table],
        )


def test_statistics_that_count_no_rows_are_taken_anew(treaty: Treaty) -> None:
    run(claims(5000), record_types.get("claims"))
    table = Claim._meta.db_table
    miscount(table)
    refresh_statistics("premiums")
    assert counted(table) == 0
    refresh_statistics("claims")
    assert counted(table) == 5000
    miscount(table)
    *_, ingestion = run(claims(1), record_types.get("claims"))
    assert counted(table) == 5000
    miscount(table)
    undo(record_types.get("claims"), ingestion=ingestion.pk)
    assert counted(table) == 5000


LOCK = f"LOCK TABLE {Claim._meta.db_table} IN SHARE UPDATE EXCLUSIVE MODE"


@pytest.fixture
def another() -> Iterator[Any]:
    """A cursor of another connection, inside a transaction."""
    values = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    found = psycopg2.connect(**{n: values[n] for n in names if n in values})
    yield found.cursor()
    found.close()


def test_none_are_taken_while_a_load_is_on(treaty: Treaty, another: Any) -> None:
    run(claims(1), record_types.get("claims"))
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        another.execute(f"{LOCK} NOWAIT")


def test_a_load_does_not_wait_for_who_takes_them_for_long(
    treaty: Treaty, another: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "_PATIENCE", 50)
    another.execute(LOCK)
    _, loaded, _ = run(claims(1), record_types.get("claims"))
    assert loaded == {"created": 1}
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
