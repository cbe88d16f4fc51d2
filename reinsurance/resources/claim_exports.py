"""Claims as files tell them: a row a position, with its money to date."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tablib
from django.db.models import QuerySet

from reinsurance.ledger.amounts import PAID_FEES, POSITION, RESERVE_FEES
from reinsurance.models import Claim, ClaimPosition
from reinsurance.resources.exports import Values, table

CHUNK = 2_000
_CLAIM = ("treaty__cedant", "loss_event")
_OF_POSITION = {
    "section": "section",
    "risk_code": "risk_code",
    "currency": "currency_id",
    "claim_status": "status_id",
    "period_end": "period_end",
    "incurred": "incurred",
    **{name: name for name in POSITION},
}
"""Columns of the position, and the attributes that they show."""
_UNALLOCATED = {
    "paid_unallocated": ("paid_fees", PAID_FEES),
    "reserve_unallocated": ("reserve_fees", RESERVE_FEES),
}
Pair = tuple[Claim, ClaimPosition | None]


def positions_of(claims: QuerySet) -> Iterator[Pair]:
    """Each position of the claims; a claim that has none stands alone."""
    seen = claims.select_related(*_CLAIM).prefetch_related("positions")
    for claim in seen.iterator(chunk_size=CHUNK):
        positions = list(claim.positions.all())
        for position in positions or (None,):
            yield claim, position


def claims_of(positions: QuerySet) -> Iterator[Pair]:
    """Each of the positions with its claim."""
    related = [f"claim__{name}" for name in _CLAIM]
    seen = positions.select_related(*related)
    for position in seen.iterator(chunk_size=CHUNK):
        yield position.claim, position


def claims_table(columns: Mapping[str, Any], pairs: Iterable[Pair]) -> tablib.Dataset:
    """The table of a claims file."""
    of_claim = {
        name: column
        for name, column in columns.items()
        if (column.attribute or column.shows) and name not in _OF_POSITION
    }

    def rows() -> Iterator[tuple[Values, Mapping[str, str]]]:
        for claim, position in pairs:
            values = {n: c.get_value(claim) for n, c in of_claim.items()}
            values |= _money(position)
            yield (
                {n: columns[n].widget.render(v) for n, v in values.items()},
                claim.details or {},
            )

    return table(columns, rows())


def _money(position: ClaimPosition | None) -> dict[str, Any]:
    """What a position holds; fees of no kind where some are of one."""
    found: dict[str, Any] = {
        name: getattr(position, attribute, None)
        for name, attribute in _OF_POSITION.items()
    }
    for name, (total, kinds) in _UNALLOCATED.items():
        told = [found[kind] for kind in kinds if found[kind] is not None]
        rest = found[total] - sum(told) if told and found[total] is not None else 0
        found[name] = rest or None
    return found
