"""The claims ledger of the design in its simplest form: slow, in memory, an oracle.

A file's place in the list is its receipt.  Each of its rows tells amounts of a position
for a period, each in a basis: ``to`` (to date), ``this`` (of the period), ``prev`` (to
date before the period) or ``as`` (as at the period's end: reserves, status).  It says
nothing about how to build a ledger.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reinsurance.ledger.amounts import (
    AS_AT,
    PAID,
    PAID_FEES,
    POSITION,
    RESERVE_FEES,
)
from reinsurance.ledger.timelines import NO_PERIOD

DAY = datetime.timedelta(days=1)
NIL = Decimal(0)
Period = tuple[datetime.date | None, datetime.date | None]
Receipt = tuple[int, int]
"""Place of a file; 0, or which of the amounts told by hand after it."""
Told = dict[str, dict[str, Any]]
"""Amount (or ``status``) to basis to value."""


@dataclass(frozen=True)
class Row:
    """What a row tells of a position; ``claim`` begins with its contract."""

    number: int
    position: tuple[str, ...]
    period: Period
    told: Told

    @property
    def contract(self) -> str:
        """The contract of the position's claim."""
        return self.position[0]

    @property
    def claim(self) -> tuple[str, ...]:
        """The claim of the position: its contract and reference."""
        return self.position[:2]


@dataclass
class File:
    """A file that was received; ``held``: what its rows held out name.

    Contract, claim and end of the period, or None for any.

    ``sender``: None is a person, who told its one row.
    """

    rows: list[Row]
    is_correction: bool = False
    stands: bool = False
    held: frozenset[tuple[Any, ...]] = frozenset()
    sender: int | None = 0


@dataclass
class Ledger:
    """All files by receipt; what people told, after which file and in which order."""

    files: list[File] = field(default_factory=list)
    by_hand: list[tuple[int, File]] = field(default_factory=list)

    def standing(self) -> list[tuple[Receipt, File]]:
        """Files that count, with their receipt."""
        told = [((n, 0), f) for n, f in enumerate(self.files)]
        told += [((n, k), f) for k, (n, f) in enumerate(self.by_hand, start=1)]
        return sorted(
            [(receipt, f) for receipt, f in told if f.stands], key=lambda x: x[0]
        )

    def _later_corrections(self, receipt: Receipt, row: Row) -> Iterator[File]:
        """Corrections received later that speak for the row's contract and period."""
        for number, file in self.standing():
            spoken = {(r.contract, r.period[1]) for r in file.rows}
            if (
                number > receipt
                and file.is_correction
                and row.period[1] is not None
                and (row.contract, row.period[1]) in spoken
            ):
                yield file

    def live(self) -> list[tuple[Receipt, Row]]:
        """Rows that count, in order of receipt: no later correction lacks them.

        A correction speaks for its sender.
        """
        return [
            (receipt, row)
            for receipt, file in self.standing()
            for row in file.rows
            if all(
                correction.sender != file.sender
                or (*row.claim, row.period[1]) in correction.held
                or (*row.claim, None) in correction.held
                or any(_is_same(row, other) for other in correction.rows)
                for correction in self._later_corrections(receipt, row)
            )
        ]

    def lines(self) -> dict[tuple[str, ...], "Line"]:
        """What holds of each position that somebody tells of.

        A correction takes the place of what was told of its amounts in other bases, as
        long as its own row counts.
        """
        found: dict[tuple[str, ...], Line] = {}
        live = self.live()
        counting = {id(row) for _, row in live}
        for receipt, row in live:
            line = found.setdefault(row.position, Line([]))
            start, end = row.period
            latest = max((end for _, end, _ in line.rows), default=NO_PERIOD)
            told = {
                amount: bases
                for amount, bases in row.told.items()
                if amount not in PAID
                or not any(
                    _is_same(row, other)
                    and amount in other.told
                    and id(other) in counting
                    for correction in self._later_corrections(receipt, row)
                    for other in correction.rows
                )
            }
            line.rows.append((start, end or latest, told))
        return found


def _is_same(row: Row, other: Row) -> bool:
    return row.position == other.position and row.period[1] == other.period[1]


@dataclass
class Line:
    """The rows of one position by receipt: start and end of the period, the told."""

    rows: list[tuple[datetime.date | None, datetime.date, Told]]
    _known: dict[str, dict[datetime.date, dict[str, Any]]] = field(default_factory=dict)

    def ends(self) -> list[datetime.date]:
        """Ends of the periods that are told of, openings apart."""
        return sorted({end for _, end, _ in self.rows})

    def by_period(self, amount: str) -> dict[datetime.date, dict[str, Any]]:
        """What was told last in each basis; *prev* is a *to* of the period before."""
        if amount not in self._known:
            self._known[amount] = self._by_period(amount)
        return self._known[amount]

    def _by_period(self, amount: str) -> dict[datetime.date, dict[str, Any]]:
        best: dict[datetime.date, dict[str, Any]] = {}
        starts: dict[datetime.date, datetime.date] = {}
        order: dict[datetime.date, int] = {}
        for place, (start, end, told) in enumerate(self.rows):
            bases = dict(told.get(amount, {}))
            if {"to", "this"} <= bases.keys():
                bases.setdefault("prev", bases["to"] - bases["this"])
            best.setdefault(end, {}).update(bases)
            order[end] = place
            if start is not None and "prev" in bases:
                starts[end] = start
        found = {end: dict(bases) for end, bases in best.items()}
        for end, bases in sorted(best.items(), key=lambda told: order[told[0]]):
            if "prev" not in bases or end not in starts:
                continue
            opening = starts[end] - DAY
            if "to" not in best.get(opening, {}):
                found.setdefault(opening, {})["to"] = bases["prev"]
        return {end: bases for end, bases in found.items() if bases}

    def told_ends(self) -> list[datetime.date]:
        """Ends of all periods at which something is known, openings included."""
        found = set(self.ends())
        for amount in PAID:
            found |= set(self.by_period(amount))
        return sorted(found)

    def amounts(self, at: datetime.date) -> dict[str, Decimal | None]:
        """All amounts as at the end of a period; None: never told."""
        found = {a: _to_date(self.by_period(a), at) for a in PAID}
        found |= {a: _as_at(self.by_period(a), at) for a in AS_AT}
        found["paid_fees"] = self._paid_fees(at)
        found["reserve_fees"] = self._reserve_fees(at)
        return {name: found[name] for name in POSITION}

    def status(self, at: datetime.date) -> str | None:
        """The status as at the end of a period."""
        return _as_at(self.by_period("status"), at)

    def _kinds(self, at: datetime.date) -> Decimal:
        return sum((_to_date(self.by_period(k), at) or NIL for k in PAID_FEES), NIL)

    def _paid_fees(self, at: datetime.date) -> Decimal | None:
        """Fees by kind, and what the totals tell beside them."""
        rest: dict[datetime.date, dict[str, Decimal]] = {}
        for end, told in self.by_period("paid_fees").items():
            before = max((e for e in self.told_ends() if e < end), default=None)
            moved = self._kinds(end) - (self._kinds(before) if before else NIL)
            rest[end] = {
                **({"to": told["to"] - self._kinds(end)} if "to" in told else {}),
                **({"this": told["this"] - moved} if "this" in told else {}),
            }
        beside = _to_date(rest, at)
        kinds = [_to_date(self.by_period(k), at) for k in PAID_FEES]
        if beside is None and all(k is None for k in kinds):
            return None
        return self._kinds(at) + (beside or NIL)

    def _reserve_fees(self, at: datetime.date) -> Decimal | None:
        kinds = {
            end: sum((_as_at(self.by_period(k), end) or NIL for k in RESERVE_FEES), NIL)
            for end in [*self.told_ends(), at]
        }
        rest = {
            end: {"as": told["as"] - kinds[end]}
            for end, told in self.by_period("reserve_fees").items()
        }
        beside = _as_at(rest, at)
        if beside is None and all(
            _as_at(self.by_period(k), at) is None for k in RESERVE_FEES
        ):
            return None
        return kinds[at] + (beside or NIL)


def _to_date(
    told: dict[datetime.date, dict[str, Any]], at: datetime.date
) -> Decimal | None:
    """The last to date told, plus all of the periods after it."""
    known = {
        end: bases
        for end, bases in told.items()
        if end <= at and {"to", "this"} & bases.keys()
    }
    if not known:
        return None
    base = max((end for end, bases in known.items() if "to" in bases), default=None)
    start: Decimal = known[base]["to"] if base is not None else NIL
    return start + sum(
        bases["this"]
        for end, bases in known.items()
        if "this" in bases and (base is None or end > base)
    )


def _as_at(told: dict[datetime.date, dict[str, Any]], at: datetime.date) -> Any:
    last = max((e for e, bases in told.items() if e <= at and "as" in bases), default=0)
    return told[last]["as"] if last else None
