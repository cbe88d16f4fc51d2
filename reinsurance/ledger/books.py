"""The books as people ask for them: positions, movements, as at a day, known at one."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND, POSITION
from reinsurance.ledger.statements import timelines_of

NIL = Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """A position at the end of a period, or by how much it changed in it.

    ``amounts``: by the names of :data:`~reinsurance.ledger.amounts.POSITION`; one that
    was never told is missing.  ``number`` and ``row``: who told it last; ``period_end``
    is None where no period was told.
    """

    position: int
    period_end: datetime.date | None
    status: str | None
    number: int
    row: int
    amounts: dict[str, Decimal]

    @property
    def is_by_hand(self) -> bool:
        """Whether a person told it, not a row of a file."""
        return self.row >= FIRST_ROW_BY_HAND

    @property
    def incurred(self) -> Decimal:
        """Paid plus reserve, of indemnity and fees."""
        names = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")
        return sum((self.amounts.get(name, NIL) for name in names), NIL)


def history(
    positions: Sequence[int], *, known_at: datetime.datetime | None = None
) -> list[Standing]:
    """Each position at the end of each told period, in order."""
    return list(_standings(timelines_of(list(positions), known_at=known_at)))


def movements(
    positions: Sequence[int], *, known_at: datetime.datetime | None = None
) -> list[Standing]:
    """By how much each position changed from one told period to the next, in order."""
    line = timelines_of(list(positions), known_at=known_at)
    return list(_standings(timelines.movements(line)))


def as_at(
    positions: Sequence[int],
    day: datetime.date | None,
    *,
    known_at: datetime.datetime | None = None,
) -> list[Standing]:
    """The positions at the end of a period; those not told of by then are missing."""
    line = timelines_of(list(positions), known_at=known_at)
    found = timelines.latest(line) if day is None else timelines.as_at(line, day)
    return list(_standings(found))


def _standings(frame: pl.DataFrame) -> Iterator[Standing]:
    for row in frame.iter_rows(named=True):
        end = row["period_end"]
        yield Standing(
            position=row["position"],
            period_end=None if end == timelines.NO_PERIOD else end,
            status=row["status"],
            number=row["number"],
            row=row["row"],
            amounts={name: row[name] for name in POSITION if row.get(name) is not None},
        )
