"""What else changes with a claim that a correction leaves out, and what still counts.

What was *previously* paid, as such or as what was paid to date less what was paid this
period, holds at the end of the period before: that goes, too.  What a later period says
of it stays.
"""

import datetime
from collections.abc import Iterable
from decimal import Decimal

import polars as pl
from django.utils.formats import date_format

from reinsurance.ledger.lacking import Lacked
from reinsurance.ledger.timelines import NO_PERIOD

MOST_DAYS = 3
_Line = dict[datetime.date, Decimal]


def lacked_days(
    before: pl.DataFrame, after: pl.DataFrame, lacked: Iterable[Lacked]
) -> dict[tuple[int, datetime.date | None], str]:
    """Sentences, by position and period's end, of what is left out there.

    ``before`` and ``after``: ``position``, ``period_end`` and ``paid`` at each end,
    with it and without it.
    """
    gone = {(x.key, x.period_end): x for x in lacked if x.period_end is not None}
    keys = pl.Series([key for key, _ in gone], dtype=pl.Int64)
    was, becomes = (_lines(frame, keys) for frame in (before, after))
    found: dict[tuple[int, datetime.date | None], str] = {}
    for (key, end), left_out in gone.items():
        old, new = was.get(key, {}), becomes.get(key, {})
        days = [
            day
            for day in sorted(old.keys() | new.keys())
            if NO_PERIOD < day < end
            and (key, day) not in gone
            and _at(old, day) != _at(new, day)
        ]
        said = [_CHANGES.format(_day(d), *_both(old, new, d)) for d in days[:MOST_DAYS]]
        if new.get(end) and not left_out.stands:
            said.append(_STAYS.format(_money(new[end]), _day(end)))
        if said:
            found[key, end] = " ".join(said)
    return found


_CHANGES = "Paid up to {} was {} and becomes {}."
_STAYS = "{} stays as paid up to {}: what was told of a later period says so."


def _lines(frame: pl.DataFrame, keys: pl.Series) -> dict[int, _Line]:
    found: dict[int, _Line] = {}
    told = frame.filter(pl.col("position").is_in(keys.implode()))
    for key, end, paid in told.select("position", "period_end", "paid").iter_rows():
        found.setdefault(key, {})[end] = paid
    return found


def _at(line: _Line, day: datetime.date) -> Decimal:
    """What a line holds on a day: what its last end until then does."""
    ends = [end for end in line if end <= day]
    return line[max(ends)] if ends else Decimal(0)


def _both(old: _Line, new: _Line, day: datetime.date) -> tuple[str, str]:
    return _money(_at(old, day)), _money(_at(new, day))


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount else "nothing"


def _day(day: datetime.date) -> str:
    return date_format(day, "j F Y")
