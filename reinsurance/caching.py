"""Answers remembered from one request to the next, for as long as they are true.

Each process may have a cache of its own, so nothing is ever taken out of one: the key
carries the stamp of its topic (:mod:`reinsurance.models.stamps`), which every commit
that changes the topic makes a new one.  The stamp is read before the answer is made,
so an answer may be newer than its key, never older.
"""

from collections.abc import Callable
from enum import StrEnum
from hashlib import blake2b
from typing import TypeVar

from django.core.cache import cache
from django.db import connection

Answer = TypeVar("Answer")

HOUR = 3600
_NOTHING = object()
_STAMP = """
    SELECT string_agg(id || '@' || extract(epoch FROM made_at), ',' ORDER BY id)
    FROM reinsurance_stamp WHERE topic = %s
"""


class Topic(StrEnum):
    """What changes together; the tables of each are named in the migrations."""

    ACCESS = "access"
    REFERENCE = "reference"
    HOME = "home"


def stamp_of(topic: Topic) -> str | None:
    """The topic's stamp as this transaction sees it; None: it has none yet."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, [topic.value])
        (stamp,) = cursor.fetchone()
    return stamp


def remembered(
    topic: Topic, key: str, make: Callable[[], Answer], *, seconds: int = HOUR
) -> Answer:
    """What ``make`` answers, asked once for each stamp of the topic; one query.

    ``key`` tells this answer from others of the topic.  ``seconds`` bounds the age of
    what also depends on the time of day or on tables of no topic.  In a transaction
    the answer may rest on changes that nobody else sees and that may be taken back: it
    is then made, but not kept.
    """
    stamp = stamp_of(topic)
    if stamp is None:
        return make()
    place = f"{topic}:{blake2b(f'{stamp} {key}'.encode(), digest_size=20).hexdigest()}"
    answer = cache.get(place, _NOTHING)
    if answer is _NOTHING:
        answer = make()
        if connection.get_autocommit():
            cache.set(place, answer, seconds)
    return answer
