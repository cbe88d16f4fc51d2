"""A correction of premiums beside files of another period that ends on its day."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.formats import date_format

from reinsurance.ledger.contract_names import contract_names
from reinsurance.ledger.spoken_for import Period
from reinsurance.models import LoadPeriod


def of_other_starts(
    rows: Iterable[LoadPeriod], periods: Iterable[Period]
) -> Iterator[str]:
    """Sentences on contracts of which the sender told a quarter, say, not its month.

    ``rows``: what stands of the sender's files; ``periods``: what the correction is
    for.  It replaces nothing of a period that starts on another day.
    """
    own: dict[tuple[Any, Any], set[Any]] = {}
    for treaty, start, end in periods:
        own.setdefault((treaty, end), set()).add(start)
    told: dict[tuple[Any, Any], list[LoadPeriod]] = {}
    for row in rows:
        told.setdefault((row.treaty_id, row.period_end), []).append(row)
    names = contract_names(treaty for treaty, _ in told)
    for key, starts in own.items():
        here = told.get(key, [])
        if not here or any(r.period_start in {None, *starts} for r in here):
            continue
        last = here[-1]
        yield (
            f"Contract {names[last.treaty_id]}: this correction is for the period from "
            f"{_day(min(filter(None, starts), default=None))} to {_day(key[1])}, and "
            f"number {last.load.number} told the one from {_day(last.period_start)}. "
            "What was told for that stays, and this premium stands beside it: if the "
            "same period is meant, write its start as there."
        )


def _day(day: date | None) -> str:
    return date_format(day, "j F Y") if day else ""
