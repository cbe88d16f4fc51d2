"""Work on the database, several chunks at once, each on a connection of its own.

While PostgreSQL looks up what one chunk tells, the next one is worked on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections

T = TypeVar("T")

AT_ONCE = 2
"""Chunks settled at once: a connection to PostgreSQL and the memory of a chunk each."""


class SideBySide:
    """Runs functions in threads of a pool; without one, where they are submitted."""

    def __init__(self, pool: ThreadPoolExecutor | None = None) -> None:
        self._pool = pool

    def submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Begin ``function``; what it raises is raised where its result is asked for.

        Without a pool it is raised here.
        """
        if self._pool is not None:
            return self._pool.submit(function, *arguments)
        done: Future[T] = Future()
        done.set_result(function(*arguments))
        return done


@contextmanager
def side_by_side(threads: int) -> Iterator[SideBySide]:
    """Up to ``threads`` functions at once, on connections that are closed at the end.

    With fewer than one, and inside a transaction, whose rows its own connection alone
    sees, they run one after the other on the connection that is there.
    """
    if threads < 1 or connection.in_atomic_block:
        yield SideBySide()
        return
    opened: list[Any] = []
    pool = ThreadPoolExecutor(
        threads, initializer=lambda: opened.append(connections[DEFAULT_DB_ALIAS])
    )
    try:
        yield SideBySide(pool)
    finally:
        pool.shutdown(cancel_futures=True)
        for used in opened:
            used.inc_thread_sharing()
            used.close()


def late(items: Iterable[T], *, by: int) -> Iterator[T]:
    """The items in order, each after the next ``by`` of them were made."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > by:
            yield waiting.popleft()
    yield from waiting
