"""Sending what webhooks are told: tries, pauses, giving up, sending again.

A delivery is claimed by moving its next try a minute ahead, so that one worker at a
time sends it, and a worker that dies costs that minute.  It is told at least once.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from importers.exceptions import StateProblem
from importers.models import Delivery, Webhook
from importers.services import permissions, webhooks
from importers.services.posting import Outcome, post
from importers.values import DeliveryStatus

MINUTE, HOUR = 60, 3600
PAUSES = (
    10, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR,
)  # fmt: skip
"""Seconds from one try to the next; after the last one the delivery has failed."""
MOST_TRIES = len(PAUSES) + 1
LONGEST_WAIT = 24 * HOUR
CLAIMED = timedelta(minutes=1)
"""What one try may take; longer than :mod:`importers.services.posting` needs."""
PATIENCE = timedelta(days=5)
"""How long a webhook may fail before it is switched off."""
MOST_OFFERED = 100
MOST_PRUNED = 500
MOST_LINES = 60
"""Lines that the story of a delivery may have; the oldest go first."""
GONE = "The receiver said that the address is gone for good (410)."
FIVE_DAYS = "Nothing could be delivered for five days. The last try: {}"
DIED = "The worker stopped during the last try."


@dataclass(frozen=True, slots=True)
class _Claim:
    """A delivery that is ours for a minute; ``number`` is that of the try."""

    delivery: Delivery
    number: int


# ------------------------------------------------------------------------ sending
def deliver(delivery: int) -> None:
    """Send a delivery that is due, once; nothing where somebody else has it."""
    claim = _claim(delivery)
    if claim is None:
        return
    row = claim.delivery
    if not row.webhook.is_active:
        _close(claim, DeliveryStatus.FAILED, webhooks.SWITCHED_OFF)
        return
    if row.attempts - row.attempts_before > MOST_TRIES:
        _close(claim, DeliveryStatus.FAILED, row.last_problem or DIED)
        return
    _conclude(claim, post(row.webhook, row.identifier, row.payload))


def _claim(delivery: int) -> _Claim | None:
    now = timezone.now()
    due = Delivery.objects.filter(
        pk=delivery, status=DeliveryStatus.WAITING, next_try_at__lte=now
    )
    with transaction.atomic():
        if not due.update(
            attempts=F("attempts") + 1,
            next_try_at=now + CLAIMED,
            offered_until=now + CLAIMED,
            first_at=Coalesce("first_at", now),
            last_at=now,
        ):
            return None
        row = Delivery.objects.select_related("webhook").get(pk=delivery)
    return _Claim(row, row.attempts)


def _conclude(claim: _Claim, outcome: Outcome) -> None:
    webhook = claim.delivery.webhook
    told: dict[str, Any] = {
        "last_answer": outcome.status,
        "seconds": round(outcome.seconds, 3),
    }
    if outcome.is_good:
        _close(claim, DeliveryStatus.DELIVERED, "", outcome.said, **told)
        Webhook.objects.filter(pk=webhook.pk, failing_since__isnull=False).update(
            failing_since=None
        )
        return
    tries = claim.number - claim.delivery.attempts_before
    if tries >= MOST_TRIES or outcome.is_gone:
        said = f"{outcome.said} That was the last try."
        _close(claim, DeliveryStatus.FAILED, outcome.said, said, **told)
    else:
        _wait(claim, outcome, _pause(tries, outcome.wait_seconds), told)
    _failing(webhook, outcome)


def _pause(tries: int, asked: float | None) -> float:
    """Seconds to the next try: our own pause, or what the receiver asks for."""
    pause = PAUSES[tries - 1] * random.uniform(0.9, 1.2)  # noqa: S311 no secret
    return min(max(pause, asked or 0.0), LONGEST_WAIT)


def _failing(webhook: Webhook, outcome: Outcome) -> None:
    """Note since when it fails; switch it off where that is too long."""
    if outcome.is_gone:
        webhooks.shut(webhook.pk, GONE)
        return
    now = timezone.now()
    Webhook.objects.filter(pk=webhook.pk, failing_since=None).update(failing_since=now)
    long_ago = Webhook.objects.filter(pk=webhook.pk, failing_since__lte=now - PATIENCE)
    if long_ago.exists():
        webhooks.shut(webhook.pk, FIVE_DAYS.format(outcome.said))


def _wait(
    claim: _Claim, outcome: Outcome, seconds: float, told: dict[str, Any]
) -> None:
    again = timezone.now() + timedelta(seconds=seconds)
    _write(
        claim,
        outcome.said,
        next_try_at=again,
        last_problem=outcome.said,
        **told,
    )


def _close(
    claim: _Claim, status: DeliveryStatus, problem: str, said: str = "", **told: Any
) -> None:
    _write(
        claim,
        said or problem,
        status=status,
        next_try_at=None,
        last_problem=problem,
        **told,
    )


def _write(claim: _Claim, said: str, **changes: Any) -> None:
    """Write down what came of a try, unless somebody else has tried since."""
    with transaction.atomic():
        held = Delivery.objects.select_for_update().filter(
            pk=claim.delivery.pk,
            attempts=claim.number,
            status=DeliveryStatus.WAITING,
        )
        row = held.first()
        if row is None:
            return
        for name, value in changes.items():
            setattr(row, name, value)
        row.offered_until = None
        row.story = told_so_far(row, said, number=claim.number)
        row.save(update_fields=[*changes, "offered_until", "story"])


def told_so_far(
    row: Delivery, said: str, *, by: str = "", number: int = 0
) -> list[dict[str, Any]]:
    """The story of a delivery with one more line; ``number``: of which try it tells."""
    line = {"at": timezone.now().isoformat(), "said": said, "by": by, "try": number}
    return [*row.story, line][-MOST_LINES:]


# ------------------------------------------------------------------- asked by people
def send_again(delivery: int, *, user: User | None) -> None:
    """Send what was delivered or has failed once more: the same id, the same body.

    Raises NotAllowed, and StateProblem where it waits already or nobody listens.
    """
    permissions.require_send(user)
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(of=("self",))
        row = rows.select_related("webhook").get(pk=delivery)
        permissions.require_seen(user, row)
        if row.status == DeliveryStatus.WAITING:
            raise StateProblem("This is about to be sent already.")
        if not row.webhook.is_active:
            raise StateProblem(
                f"The webhook “{row.webhook}” is switched off. Switch it on first."
            )
        now = timezone.now()
        row.status = DeliveryStatus.WAITING
        row.attempts_before = row.attempts
        row.next_try_at, row.offered_until = now, now + webhooks.OFFERED
        by = user.get_username() if user else ""
        row.story = told_so_far(row, "Asked to be sent again.", by=by)
        row.save(
            update_fields=[
                "status", "attempts_before", "next_try_at", "offered_until", "story",
            ]
        )  # fmt: skip
        webhooks.offer(row.pk)


def test(webhook: int, *, user: User | None) -> Outcome:
    """Send a message of the type “ping” at once; what came back.

    Works for a webhook that is switched off, too.  Raises NotAllowed.
    """
    permissions.require_send(user)
    row = Webhook.objects.get(pk=webhook)
    permissions.require_seen(user, row)
    payload = {
        "type": "ping",
        "timestamp": timezone.now().isoformat(),
        "data": {"webhook": row.name},
    }
    return post(row, webhooks.new_identifier(), payload)


# --------------------------------------------------------------- asked by the reaper
def offer_due() -> int:
    """Queue what is to be tried again now; how many deliveries that were.

    Of a webhook that fails one at a time, so that it cannot keep every worker.
    """
    now = timezone.now()
    free = Q(offered_until=None) | Q(offered_until__lte=now)
    waiting = Delivery.objects.filter(status=DeliveryStatus.WAITING)
    due = waiting.filter(free, next_try_at__lte=now)
    well = due.filter(webhook__failing_since=None).order_by("next_try_at")
    busy = waiting.filter(offered_until__gt=now, webhook__failing_since__isnull=False)
    failing = due.filter(webhook__failing_since__isnull=False)
    failing = failing.exclude(webhook__in=busy.values("webhook"))
    failing = failing.order_by("webhook_id", "next_try_at").distinct("webhook_id")
    count = 0
    for rows in (well, failing):
        for key in list(rows.values_list("pk", flat=True)[:MOST_OFFERED]):
            count += _offer(due.filter(pk=key))
    return count


def _offer(rows: QuerySet[Delivery]) -> int:
    """Queue one, unless another reaper was faster."""
    with transaction.atomic():
        keys = list(rows.values_list("pk", flat=True))
        taken = rows.update(offered_until=timezone.now() + webhooks.OFFERED)
        for key in keys if taken else []:
            webhooks.offer(key)
    return taken


def prune() -> int:
    """Forget some of what was delivered long ago, and secrets that sign no more."""
    now = timezone.now()
    Webhook.objects.filter(old_secret_until__lte=now).update(
        old_secret="", old_secret_until=None
    )
    keys = due_to_prune().order_by("last_at").values("pk")[:MOST_PRUNED]
    return Delivery.objects.filter(pk__in=keys).delete()[0]


def due_to_prune() -> QuerySet[Delivery]:
    """What was delivered longer ago than the log tells of."""
    old = timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS)
    return Delivery.objects.filter(status=DeliveryStatus.DELIVERED, last_at__lt=old)
