"""A Redis cache that may be away: pages are then slower, and none fails or waits."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""How long a server that did not answer is not asked again."""


class Outage:
    """Whether the server of this process is away; told when it begins and ends."""

    def __init__(self) -> None:
        self._until = 0.0
        self._is_on = False

    def ask(self, question: Callable[[], Any], otherwise: Any) -> Any:
        """The server's answer, or ``otherwise`` while it gives none."""
        if time.monotonic() < self._until:
            return otherwise
        try:
            answer = question()
        except (RedisError, OSError) as error:
            self._until = time.monotonic() + PAUSE_SECONDS
            if not self._is_on:
                logger.warning("The cache does not answer; going on without: %s", error)
            self._is_on = True
            return otherwise
        if self._is_on:
            logger.warning("The cache answers again.")
            self._is_on = False
        return answer


_outages: dict[str, Outage] = {}
"""Of each server that this process knows."""


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache; while the server is away nothing is found and kept.

    A kept value that this version of the program cannot read counts as not found.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._outage = _outages.setdefault(str(server), Outage())

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The kept value."""
        ask = super().get

        def readable() -> Any:
            try:
                return ask(key, default, version)
            except (RedisError, OSError):
                raise
            except Exception:  # noqa: BLE001 - unpickling may raise anything
                return default

        return self._outage.ask(readable, default)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict:
        """The kept ones of several values, one by one as any may be unreadable."""
        found = {key: self.get(key, self._missing_key, version) for key in keys}
        return {k: v for k, v in found.items() if v is not self._missing_key}

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Keep a value that is not kept yet; whether it is now."""
        ask = super().add
        return bool(self._outage.ask(lambda: ask(key, value, timeout, version), False))

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Keep a value."""
        ask = super().set
        self._outage.ask(lambda: ask(key, value, timeout, version), None)

    def set_many(
        self,
        data: dict[Any, Any],
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> list[Any]:
        """Keep several values; the keys of those that were not."""
        ask = super().set_many
        failed: list[Any] = self._outage.ask(
            lambda: ask(data, timeout, version), list(data)
        )
        return failed

    def touch(
        self,
        key: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Keep a kept value longer; whether there is one."""
        ask = super().touch
        return bool(self._outage.ask(lambda: ask(key, timeout, version), False))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """The kept number and ``delta``; raises ValueError where none is kept."""
        ask = super().incr
        number: int | None = self._outage.ask(lambda: ask(key, delta, version), None)
        if number is None:
            raise ValueError(f"Key {key!r} not found.")
        return number

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Whether a value is kept."""
        ask = super().has_key
        return bool(self._outage.ask(lambda: ask(key, version), False))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget a value; whether there was one."""
        ask = super().delete
        return bool(self._outage.ask(lambda: ask(key, version), False))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """Forget several values."""
        ask = super().delete_many
        self._outage.ask(lambda: ask(keys, version), None)

    def clear(self) -> None:
        """Forget everything."""
        self._outage.ask(super().clear, None)
