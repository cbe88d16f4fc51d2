"""Where answers are remembered: each process's own memory, or the Redis of CACHE_URL.

Either is right under any number of processes (:mod:`reinsurance.caching`); a Redis
spares new processes the asking.
"""

from hashlib import blake2b
from typing import Any

from backoffice.settings.database import DATABASE
from backoffice.settings.environment import env

_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
_REDIS = "django.core.cache.backends.redis.RedisCache"


def prefix_of(database: dict[str, Any]) -> str:
    """What keys begin with: installations that share a Redis have other databases."""
    name = "/".join(str(database.get(part)) for part in ("HOST", "PORT", "NAME"))
    return f"reinsurance-{blake2b(name.encode(), digest_size=6).hexdigest()}"


def cache_of(url: str, database: dict[str, Any]) -> dict[str, Any]:
    """Django's description of the cache at ``url``."""
    cache: dict[str, Any] = {
        "TIMEOUT": 3600,
        "KEY_PREFIX": prefix_of(database),
        "OPTIONS": {},
        **env.cache_url_config(url),
    }
    if cache["BACKEND"] == _REDIS:
        # Imported by those that have one: it takes a tenth of a second.
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        cache["BACKEND"] = "backoffice.redis_cache.ForgivingRedisCache"
        # A Redis that is away costs a page half a second at most, once in a while.
        cache["OPTIONS"] = {
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,
            "retry": Retry(NoBackoff(), 0),
            **cache["OPTIONS"],
        }
    elif cache["BACKEND"] == _MEMORY:
        cache["OPTIONS"].setdefault("MAX_ENTRIES", 10_000)
    return cache


CACHES = {
    "default": cache_of(
        env.str("CACHE_URL", default="") or "locmemcache://reinsurance", DATABASE
    )
}
