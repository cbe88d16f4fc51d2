"""Contracts by name: with what tells each from the others that have its number.

That is the inception of a renewal, and the cedant where two have number and inception
alike.
"""

from collections import Counter
from collections.abc import Iterable

from django.utils.formats import date_format

from reinsurance.models import Treaty


def contract_names(keys: Iterable[int]) -> dict[int, str]:
    """What contracts are called in sentences, by their keys: ``T1 of 1 January 2026``.

    The number alone where no other contract of the books has it; with the cedant's
    code, ``T1 of 1 January 2026 (ALPHA)``, where others have number and inception.
    """
    found = Treaty.objects.select_related("cedant").in_bulk(set(keys)).values()
    same = Treaty.objects.filter(reference__in={t.reference for t in found})
    alike = list(same.values_list("reference", "inception"))
    by_number = Counter(reference for reference, _ in alike)
    by_both = Counter(alike)
    names = {}
    for treaty in found:
        names[treaty.pk] = treaty.reference
        if by_number[treaty.reference] > 1:
            names[treaty.pk] = _with_inception(treaty)
        if by_both[treaty.reference, treaty.inception] > 1:
            code = treaty.cedant.code if treaty.cedant else "no known cedant"
            names[treaty.pk] += f" ({code})"
    return names


def contract_name(key: int) -> str:
    """What one contract is called."""
    return contract_names([key])[key]


def _with_inception(treaty: Treaty) -> str:
    """A contract's number, and when it begins if that is known."""
    if treaty.inception is None:
        return treaty.reference
    return f"{treaty.reference} of {date_format(treaty.inception, 'j F Y')}"
