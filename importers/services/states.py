"""The only place where an ingestion's state moves: one UPDATE and one Event."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from importers.exceptions import StateProblem
from importers.models import Event, Ingestion
from importers.services import webhooks
from importers.values import Status


def move(
    ingestion: int,
    *,
    to: Status,
    from_: Iterable[Status],
    event: str,
    user: User | None = None,
    details: str = "",
    lease: str | None = None,
    still: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move an ingestion on, if it still stands at one of ``from_``.

    ``event`` is the line of the log, ``changes`` are fields of the ingestion.  With
    ``lease`` only while that worker holds it, with ``still`` only while its fields
    hold these values.  Raises StateProblem where it does not:
    someone else was faster.
    """
    with transaction.atomic():
        rows = Ingestion.objects.filter(pk=ingestion, status__in=list(from_))
        if lease is not None:
            rows = rows.filter(lease=lease)
        if still:
            rows = rows.filter(**still)
        if not rows.update(status=to, **changes):
            raise StateProblem(_too_late(ingestion))
        arrive(ingestion, event, status=to, user=user, details=details)


def arrive(
    ingestion: int,
    message: str,
    *,
    status: Status | str,
    user: User | None = None,
    details: str = "",
) -> None:
    """Add the line that says where the ingestion stands from now on.

    Webhooks are told of it; so this belongs into the transaction of the move.
    """
    event = say(ingestion, message, status=status, user=user, details=details)
    webhooks.announce(event)


def say(
    ingestion: int,
    message: str,
    *,
    status: Status | str,
    user: User | None = None,
    details: str = "",
) -> Event:
    """Add a line to the ingestion's story."""
    return Event.objects.create(
        ingestion_id=ingestion,
        user_id=user.pk if user else None,
        status=status,
        message=message,
        details=details,
    )


def _too_late(ingestion: int) -> str:
    status = Ingestion.objects.values_list("status", flat=True).get(pk=ingestion)
    return (
        f"This file is “{status}” by now, so this cannot be done any more. "
        "Reload the page to see where it stands."
    )
