"""Deterministic records of claims, and pages of them rendered once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, overload

Record = dict[str, Any]

PLACE = "\ue001"
"""Stands in an envelope where the records of the page go."""

FIRST_DAY = date(2026, 1, 1)
FIRST_UPDATE = datetime(2026, 1, 1, tzinfo=UTC)
CAUSES = ("Fire", "Tempête", "Überschwemmung", "Theft", "Señalización")
_NUMBER = "\ue000"
_MOST_KEPT = 4_000


def _amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def claim(number: int) -> Record:
    """The claim of that number, from 1: 20 fields under names the matcher knows.

    Amounts are ``Decimal`` with two digits that add up; losses and notifications are
    of 2026; three claims each have the same ``updated_at``, which grows by the hour.
    """
    is_closed = number % 5 == 0
    lost = FIRST_DAY + timedelta(days=number * 7 % 300)
    updated = FIRST_UPDATE + timedelta(hours=(number - 1) // 3)
    paid = number * 125_010 % 25_000_000
    fees = number * 7_345 % 1_000_000
    outstanding = 0 if is_closed else number * 98_765 % 20_000_000
    outstanding_fees = 0 if is_closed else number * 3_330 % 500_000
    return {
        "id": f"clm_{number:08d}",
        "claim_reference": f"CLM-2026-{number:06d}",
        "treaty_reference": "B1526HCL26001",
        "policy_reference": f"POL{number % 977:05d}",
        "certificate_reference": None if number % 3 == 0 else f"00{number % 89}",
        "insured_name": f"Müller & Søn {number % 211} S.à r.l.",
        "loss_event": None,
        "cause": CAUSES[number % len(CAUSES)],
        "description": f'Claim {number}: "roof", water; see file',
        "country": ("GB", "FR", "NO", "PT")[number % 4],
        "loss_date": lost.isoformat(),
        "notification_date": (lost + timedelta(days=number % 30)).isoformat(),
        "status": "CLOSED" if is_closed else "OPEN",
        "currency": "GBP",
        "paid_to_date": _amount(paid),
        "fees_paid_to_date": _amount(fees),
        "outstanding_amount": _amount(outstanding),
        "outstanding_fees": _amount(outstanding_fees),
        "incurred": _amount(paid + fees + outstanding + outstanding_fees),
        "updated_at": updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def claims(count: int, *, first: int = 1) -> list[Record]:
    """That many claims, numbered from `first` on."""
    return [claim(number) for number in range(first, first + count)]


class EndlessClaims(Sequence[Record]):
    """Claims without an end, for pages that never end; it cannot be filtered."""

    def __len__(self) -> int:
        return sys.maxsize

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, int):
            return claim(index + 1)
        return claims(index.stop - index.start, first=index.start + 1)


def to_json(value: object, records: bytes = b"") -> bytes:
    """JSON in UTF-8; decimals keep their digits, `records` go to PLACE."""
    text = json.dumps(
        value,
        ensure_ascii=False,
        separators=(",", ":"),
        default=lambda number: f"{_NUMBER}{number}{_NUMBER}",
    )
    text = text.replace(f'"{_NUMBER}', "").replace(f'{_NUMBER}"', "")
    return text.encode().replace(f'"{PLACE}"'.encode(), records, 1)


def moment(text: str) -> datetime:
    """ISO 8601 date or time, UTC where it does not say, or Unix seconds."""
    if text.isdigit() and len(text) > 8:
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Selection:
    """Records that a request asks for, in their order; rendered pages are kept."""

    def __init__(self, rows: Sequence[Record]) -> None:
        self.rows = rows
        self._kept: dict[tuple[int, int], bytes] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def page(self, start: int, size: int) -> Sequence[Record]:
        """At most `size` records from `start` on."""
        return self.rows[start : min(start + size, len(self))]

    def json(self, start: int, size: int) -> bytes:
        """The page as a JSON list."""
        page = self._kept.get((start, size))
        if page is None:
            page = to_json(self.page(start, size))
            if len(self._kept) < _MOST_KEPT:
                self._kept[start, size] = page
        return page


class Book:
    """All records of the partner, and those that a request's filters let through."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self._selections: dict[tuple[tuple[str, str], ...], Selection] = {}

    def select(self, query: Iterable[tuple[str, str]] = ()) -> Selection:
        """The records of these filters; ValueError if one is no date.

        ``updated_since``: then or later; ``updated_at``: exactly then; ``from`` and
        ``to``: days of notification, both included.
        """
        key = tuple(pair for pair in query if pair[0] in _FILTERS and pair[1])
        if key not in self._selections:
            rows = self.records
            if not isinstance(rows, EndlessClaims):
                for name, value in key:
                    rows = _FILTERS[name](rows, value)
            self._selections[key] = Selection(rows)
        return self._selections[key]


def _since(rows: Sequence[Record], value: str) -> list[Record]:
    start = moment(value)
    return [row for row in rows if moment(row["updated_at"]) >= start]


def _at(rows: Sequence[Record], value: str) -> list[Record]:
    return [row for row in rows if moment(row["updated_at"]) == moment(value)]


def _from(rows: Sequence[Record], value: str) -> list[Record]:
    first = date.fromisoformat(value).isoformat()
    return [row for row in rows if row["notification_date"] >= first]


def _to(rows: Sequence[Record], value: str) -> list[Record]:
    last = date.fromisoformat(value).isoformat()
    return [row for row in rows if row["notification_date"] <= last]


_FILTERS = {"updated_since": _since, "updated_at": _at, "from": _from, "to": _to}
