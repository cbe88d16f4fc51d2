"""Work side by side: in order, on connections that are closed, errors as they were."""

import threading

import pytest
from django.db import connection

from importers.pipeline.side_by_side import SideBySide, late


def backend() -> tuple[int, int]:
    """Thread, and PostgreSQL's process of the connection it uses."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return threading.get_ident(), cursor.fetchone()[0]


def is_connected(process: int) -> bool:
    """Whether a connection of PostgreSQL is there still."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [process]
        )
        return cursor.fetchone()[0] == 1


def test_items_come_in_order_and_late():
    made = []

    def items():
        for number in range(4):
            made.append(number)
            yield number

    seen = [(item, len(made)) for item in late(items(), by=2)]

    assert seen == [(0, 3), (1, 4), (2, 4), (3, 4)]
    assert list(late([], by=2)) == []


@pytest.mark.django_db
def test_inside_a_transaction_all_runs_on_its_connection():
    with SideBySide(2) as threads:
        assert threads.hand_in(backend)() == backend()


@pytest.mark.django_db(transaction=True)
def test_threads_have_connections_of_their_own_that_are_closed():
    here, mine = backend()
    with SideBySide(1) as threads:
        there, theirs = threads.hand_in(backend)()
        assert (there != here, theirs != mine) == (True, True)
        assert threads.hand_in(backend)() == (there, theirs)
        assert is_connected(theirs)
    for _ in range(100):
        if not is_connected(theirs):
            break
        threading.Event().wait(0.05)
    assert not is_connected(theirs)
    assert is_connected(mine)


@pytest.mark.django_db(transaction=True)
def test_what_went_wrong_is_raised_where_the_result_is_asked_for():
    with SideBySide(2) as threads:
        wrong = threads.hand_in(lambda: 1 // 0)
        right = threads.hand_in(lambda: 7)
        assert right() == 7
        with pytest.raises(ZeroDivisionError):
            wrong()
