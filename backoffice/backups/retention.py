"""Which backups are kept: the newest of each day, week and month, some of each."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any


def kept(
    times: Iterable[datetime], *, days: int, weeks: int, months: int
) -> set[datetime]:
    """Those of the times to keep; the newest always.

    A day, week (ISO 8601) or month without a backup does not count: after a pause the
    old ones are still there.
    """
    newest_first = sorted(times, reverse=True)
    spans: tuple[tuple[int, Callable[[datetime], Any]], ...] = (
        (days, lambda at: at.date()),
        (weeks, lambda at: at.isocalendar()[:2]),
        (months, lambda at: (at.year, at.month)),
    )
    keep = set(newest_first[:1])
    for number, span_of in spans:
        newest: dict[Any, datetime] = {}
        for at in newest_first:
            newest.setdefault(span_of(at), at)
        keep.update(list(newest.values())[:number])
    return keep
