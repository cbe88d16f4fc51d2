"""Contracts by name: with the inception where a renewal has the same number."""

import datetime
from collections import Counter
from collections.abc import Iterable

from django.utils.formats import date_format

from reinsurance.models import Treaty


def contract_names(keys: Iterable[int]) -> dict[int, str]:
    """What contracts are called in sentences, by their keys: ``T1 of 1 January 2026``.

    The number alone where no other contract of the books has it.
    """
    found = Treaty.objects.in_bulk(set(keys)).values()
    same = Treaty.objects.filter(reference__in={t.reference for t in found})
    times = Counter(same.values_list("reference", flat=True))
    return {
        treaty.pk: treaty.reference
        if times[treaty.reference] == 1
        else with_inception(treaty.reference, treaty.inception)
        for treaty in found
    }


def contract_name(key: int) -> str:
    """What one contract is called."""
    return contract_names([key])[key]


def with_inception(reference: str, inception: datetime.date | None) -> str:
    """A contract's number, and when it begins if that is known."""
    if inception is None:
        return reference
    return f"{reference} of {date_format(inception, 'j F Y')}"
