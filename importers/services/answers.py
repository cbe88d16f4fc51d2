"""Acting once upon a request that may come twice: same key, same answer.

The key is written first, then what is asked for is done, then the answer is kept, all
in one transaction.  Who comes with the same key meanwhile waits for its end; whoever
crashes leaves nothing behind, and the next try acts anew.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from importers.exceptions import StateProblem
from importers.models import Answer

KEPT = timedelta(hours=48)
PATIENCE_SECONDS = 20
KEPT_NOT = (401, 403, 429)
"""Statuses that may be others the next time: who may do what changes."""


class KeyReused(StateProblem):
    """The key came before, with another request."""

    code = "key_reused"


class StillWorking(StateProblem):
    """The first request with this key has not been answered yet."""

    code = "still_working"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer: status, body, and headers that belong to it."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    is_repeated: bool = False


class _DoNotKeep(Exception):  # noqa: N818 ends the transaction without a trace
    def __init__(self, given: Given) -> None:
        super().__init__()
        self.given = given


def once(*, caller: str, key: str, fingerprint: str, act: Callable[[], Given]) -> Given:
    """What ``act`` answers; or what it answered when the key came first.

    ``act`` may not catch a broken transaction: what it raises takes everything back.
    Raises KeyReused, StillWorking.
    """
    try:
        with transaction.atomic():
            answer = _claim(caller, key, fingerprint)
            if answer is None:
                return _repeated(caller, key, fingerprint)
            given = act()
            if given.status in KEPT_NOT or given.status >= 500:
                raise _DoNotKeep(given)
            answer.status = given.status
            answer.body = given.body
            answer.headers = given.headers
            answer.save(update_fields=["status", "body", "headers"])
            return given
    except _DoNotKeep as ended:
        return ended.given


def _claim(caller: str, key: str, fingerprint: str) -> Answer | None:
    """A new row for the key; None where there is one.  Waits for who has it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = %s", [f"{PATIENCE_SECONDS}s"])
    try:
        with transaction.atomic():
            answer = Answer.objects.create(
                caller=caller, key=key, fingerprint=fingerprint
            )
    except IntegrityError:
        return None
    except OperationalError as error:
        raise StillWorking(
            "A request with this Idempotency-Key is still being worked on."
        ) from error
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
    return answer


def _repeated(caller: str, key: str, fingerprint: str) -> Given:
    answer = Answer.objects.filter(caller=caller, key=key).first()
    if answer is None:  # pruned at this moment
        raise StillWorking("This Idempotency-Key was let go just now. Send again.")
    if answer.fingerprint != fingerprint:
        raise KeyReused(
            "This Idempotency-Key was used for another request. Take a new key."
        )
    return Given(answer.status, answer.body, answer.headers, is_repeated=True)


def undone_if_it_fails() -> AbstractContextManager[None]:
    """What is done inside is taken back alone if it raises; the key stays claimed."""
    return transaction.atomic()


def prune() -> int:
    """Forget answers older than two days; how many."""
    return due_to_prune().delete()[0]


def due_to_prune() -> QuerySet[Answer]:
    """Answers older than two days."""
    return Answer.objects.filter(given_at__lt=timezone.now() - KEPT)
