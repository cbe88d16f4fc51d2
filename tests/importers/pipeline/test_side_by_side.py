"""Work side by side: in order, on connections that are closed, the same in the end."""

import threading
from datetime import date

import polars as pl
import pytest
from django.db import connection, transaction

from importers import record_types
from importers.pipeline import storage
from importers.pipeline.examine import Examined
from importers.pipeline.fingerprints import as_plain
from importers.pipeline.side_by_side import AT_ONCE, late, side_by_side
from reinsurance.models import Treaty
from reinsurance.resources.conventions import Conventions, FileContext
from tests.importers.pipeline.tables import Table, check, ingestion_of, run

CLAIMS = record_types.get("claims")
HEADER = ("UMR", "Claim Ref", "Date of Loss", "Currency", "Insured", "Paid to date")
JUNE = {"period_start": date(2025, 6, 1), "period_end": date(2025, 6, 30)}


def backend() -> tuple[int, int]:
    """Thread, and PostgreSQL's process of the connection it uses."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return threading.get_ident(), cursor.fetchone()[0]


def is_connected(process: int) -> bool:
    """Whether a connection of PostgreSQL is there still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid = %s", [process])
        return cursor.fetchone() is not None


def claim(number: int, paid: str, insured: str = "Acme") -> list[str]:
    """A row of the table."""
    return ["LO", f"C{number}", "2025-05-01", "GBP", insured, paid]


def seen(examined: Examined) -> dict[str, object]:
    """All that a check says: rows as staged, issues, sums and what loading would do."""
    staged = examined.staged
    parts = []
    for part in staged.parts:
        with storage.local(part) as path:
            parts.append(pl.read_parquet(path).to_dicts())
    return {
        "parts": parts,
        "issues": examined.issues.sort("row", "code").to_dicts(),
        "rows": +staged.rows,
        "totals": staged.totals,
        "preview": staged.preview,
        "effect": as_plain(staged.effect),
    }


def test_items_come_in_order_and_late() -> None:
    made = []

    def items():
        for number in range(4):
            made.append(number)
            yield number

    assert [(item, len(made)) for item in late(items(), by=2)] == [
        (0, 3),
        (1, 4),
        (2, 4),
        (3, 4),
    ]
    assert list(late([], by=2)) == []


@pytest.mark.django_db
def test_inside_a_transaction_all_runs_on_its_connection() -> None:
    with side_by_side(AT_ONCE) as threads:
        assert threads.submit(backend).result() == backend()


@pytest.mark.django_db(transaction=True)
def test_a_file_of_one_chunk_opens_no_connection() -> None:
    with side_by_side(0) as threads:
        assert threads.submit(backend).result() == backend()


@pytest.mark.django_db(transaction=True)
def test_threads_have_connections_of_their_own_that_are_closed() -> None:
    here, mine = backend()
    with side_by_side(1) as threads:
        there, theirs = threads.submit(backend).result()
        assert (there != here, theirs != mine) == (True, True)
        assert threads.submit(backend).result() == (there, theirs)
        assert is_connected(theirs)
    for _ in range(100):
        if not is_connected(theirs):
            break
        threading.Event().wait(0.05)
    assert not is_connected(theirs)
    assert is_connected(mine)


@pytest.mark.django_db(transaction=True)
def test_what_went_wrong_is_raised_where_the_result_is_asked_for() -> None:
    with side_by_side(AT_ONCE) as threads:
        wrong = threads.submit(lambda: 1 // 0)
        assert threads.submit(lambda: 7).result() == 7
        with pytest.raises(ZeroDivisionError):
            wrong.result()


@pytest.mark.django_db(transaction=True)
def test_a_long_file_is_checked_the_same_side_by_side_as_in_turn() -> None:
    """Known, changed, new, wrong and repeated rows, over many chunks."""
    Treaty.objects.create(
        reference="LO",
        basis="LO",
        inception=date(2025, 1, 1),
        expiry=date(2025, 12, 31),
        currency_id="GBP",
        treaty_type="QS",
    )
    known = [claim(number, f"{100 + number}.00") for number in range(40)]
    with transaction.atomic():
        _, loaded, first = run(Table(HEADER, known, chunk=50), CLAIMS, **JUNE)
    assert loaded == {"created": 40}
    rows = [
        *known[:20],
        *(claim(number, f"{200 + number}.00") for number in range(20, 40)),
        *(claim(number, "5.00") for number in range(40, 50)),
        claim(50, "five"),
        claim(50, "7.00"),
        claim(3, "103.00", insured="Somebody else"),
        known[7],
    ]
    table = Table(HEADER, rows, chunk=4)
    number = ingestion_of(CLAIMS).pk
    told = Conventions(sender=first.source_id)
    context = FileContext(number=number, conventions=told, **JUNE)

    with transaction.atomic():
        in_turn = seen(check(table, CLAIMS, context))
    assert seen(check(table, CLAIMS, context)) == in_turn

    assert in_turn["rows"] == {
        "unchanged": 19,
        "updated": 20,
        "created": 11,
        "rejected": 4,
    }
