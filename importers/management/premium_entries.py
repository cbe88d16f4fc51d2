"""Which premium entries stood at the end of a period, or were known at a moment."""

import datetime
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from importers.pipeline.settling import year_listing
from reinsurance.ledger.premium_known import known_premiums, moment_of
from reinsurance.models import Currency, PremiumEntry

POLICIES = 5_000
"""So many policies are looked at together."""


def as_stored(
    at: datetime.datetime | None, day: datetime.date | None
) -> QuerySet[PremiumEntry] | None:
    """Entries that stood, where they read as they are stored; none: to be worked out.

    So they do now; as at a day, too, if no sender lists the year to date.
    """
    if at or (day and year_listing()):
        return None
    if day is None:
        return PremiumEntry.objects.all()
    return PremiumEntry.objects.filter(
        Q(period_end__lte=day) | Q(period_end__isnull=True, effective_date__lte=day)
    )


def entries_then(
    entries: QuerySet[PremiumEntry],
    at: datetime.datetime | None,
    day: datetime.date | None,
) -> Iterator[dict[str, Any]]:
    """Those of the entries that stood, as they read then, in order.

    ``entries``: with those that are out of sight; ``at``: as known at the moment (none:
    now); ``day``: at the end of that period.  Both are worked out in one way.  Columns
    are those of the Resource, with ``treaty``, ``cedant`` and ``minor_units``.
    """
    moment = moment_of(at, listing=year_listing())
    units = dict(Currency.objects.values_list("pk", "minor_units"))
    order = (
        *("treaty__reference", "treaty_id"),
        *("policy_reference", "treaty__cedant__code"),
    )
    policies = entries.order_by(*order).values_list(*order).distinct()
    each = policies.iterator(chunk_size=POLICIES)
    while portion := list(islice(each, POLICIES)):
        keys = [(treaty, policy) for _, treaty, policy, _ in portion]
        names = {treaty: (name, cedant) for name, treaty, _, cedant in portion}
        place = {key: number for number, key in enumerate(keys)}
        found = known_premiums(keys, moment, day=day)
        for row in sorted(found, key=lambda row: (place[_policy(row)], *_order(row))):
            yield {
                **row,
                "treaty": names[row["treaty_reference"]][0],
                "cedant": names[row["treaty_reference"]][1],
                "minor_units": units[row["currency"]],
            }


def _policy(row: dict[str, Any]) -> tuple[int, str]:
    return row["treaty_reference"], row["policy_reference"]


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(row[n] or "" for n in ("certificate_reference", "section", "risk_code")),
        row["effective_date"],
        row["period_end"] or datetime.date.max,
        row["id"],
    )
