"""Which premium entries stood at the end of a period, or were known at a moment."""

import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from importers.pipeline.settling import year_listing
from reinsurance.ledger.premium_lists import listed_at
from reinsurance.models import PremiumEntry


def entries_known_at(moment: datetime.datetime | None) -> QuerySet[PremiumEntry]:
    """Those that stand, or stood at the moment as it was known then."""
    if moment is None:
        return PremiumEntry.objects.all()
    was_replaced = Q(replaced_by__loaded_at__lte=moment) & (
        Q(replaced_by__undone_at__isnull=True) | Q(replaced_by__undone_at__gt=moment)
    )
    by_file = Q(load__loaded_at__lte=moment) & (
        Q(load__undone_at__isnull=True) | Q(load__undone_at__gt=moment)
    )
    by_hand = Q(load__isnull=True, created_at__lte=moment)
    return PremiumEntry.all_objects.filter(
        by_file | by_hand, Q(replaced_by__isnull=True) | ~was_replaced
    )


def entries_as_at(
    entries: QuerySet[PremiumEntry],
    day: datetime.date,
    known_at: datetime.datetime | None,
) -> QuerySet[PremiumEntry]:
    """Those told for periods up to the day.

    Of lists of the year also what a later one replaced since.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        listed = listed_at(cursor, day, listing=year_listing(), known_at=known_at)
    told = entries.filter(
        Q(period_end__lte=day) | Q(period_end__isnull=True, effective_date__lte=day)
    )
    either = Q(pk__in=told.values("pk")) | Q(pk__in=listed)
    return PremiumEntry.all_objects.filter(either)
