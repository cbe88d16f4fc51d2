"""Work that asks the database, several pieces at once, each on a connection of its own.

While PostgreSQL looks up what one chunk tells, the next one is worked on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections

T = TypeVar("T")

PIECES = 2
"""Chunks settled at once: a connection to PostgreSQL and the memory of a chunk each."""


class SideBySide:
    """Runs functions in threads; a context manager that closes their connections.

    Inside a transaction each runs where it is handed in: what the transaction has
    written is seen by its own connection alone.
    """

    def __init__(self, pieces: int) -> None:
        self._pool = None if connection.in_atomic_block else ThreadPoolExecutor(pieces)
        self._connections: dict[int, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is None:
            return
        self._pool.shutdown(cancel_futures=True)
        for used in self._connections.values():
            used.inc_thread_sharing()
            used.close()

    def hand_in(self, function: Callable[[], T]) -> Callable[[], T]:
        """Begin ``function``; the answer gives its result, or raises what it raised."""
        if self._pool is None:
            result = function()
            return lambda: result
        return self._pool.submit(self._run, function).result

    def _run(self, function: Callable[[], T]) -> T:
        used = connections[DEFAULT_DB_ALIAS]
        self._connections[id(used)] = used
        return function()


def late(items: Iterable[T], *, by: int) -> Iterator[T]:
    """The items in order, each after the next ``by`` of them were made."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > by:
            yield waiting.popleft()
    yield from waiting
