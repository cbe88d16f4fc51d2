"""The money of a claim as stock import-export books it, row by row.

The ledger does this for whole files.  Here a row sets the amounts to date of one
position; nothing is known of periods, and an empty cell tells nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django.core.exceptions import ValidationError

from reinsurance.ledger.amounts import (
    MAIN,
    PAID_FEES,
    POSITION,
    RESERVE_FEES,
)
from reinsurance.models import Claim, ClaimPosition, ClaimStatus

CENT = Decimal("0.0051")
_PARTS = ("section", "risk_code")
_SUMS = {
    "incurred": ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees"),
    "incurred_indemnity": ("paid_indemnity", "reserve_indemnity"),
    "incurred_fees": ("paid_fees", "reserve_fees"),
}
_FEES = (
    ("paid_fees", "paid_unallocated", PAID_FEES),
    ("reserve_fees", "reserve_unallocated", RESERVE_FEES),
)
OPEN, CLOSED = "OPEN", "CLOSED"


@dataclass(slots=True)
class Told:
    """What a row tells of one position of a claim (null: not told)."""

    values: Mapping[str, Any]
    status: str | None = None

    @classmethod
    def of(cls, inputs: Mapping[str, Any], status: str | None) -> Self:
        """What the columns tell that are stored on no claim."""
        told = {name: value for name, value in inputs.items() if value is not None}
        return cls(told, status or None)

    def _part(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def describe(self, claim: Claim) -> None:
        """The claim's status where none is told."""
        if not claim.status_id:
            claim.status_id = CLOSED if claim.date_closed else OPEN

    @staticmethod
    def hide(claim: Claim) -> None:
        """Leave out the date closed of an open claim."""
        if ClaimStatus.objects.filter(pk=claim.status_id, is_open=True).exists():
            claim.date_closed = None

    def position(self, claim: Claim) -> ClaimPosition:
        """The position that the row means, with what it will hold; not saved.

        Raises ValidationError where it is not clear.
        """
        key = {name: self._part(name) for name in _PARTS}
        currency = self.values["currency"]
        standing = list(claim.positions.all()) if claim.pk else []
        if standing and currency not in {p.currency_id for p in standing}:
            raise ValidationError("The currency changed.", code="currency_changed")
        mine = [p for p in standing if p.currency_id == currency]
        exact = [p for p in mine if all(getattr(p, n) == key[n] for n in _PARTS)]
        fitting = exact or [
            p
            for p in mine
            if all(not key[n] or getattr(p, n) in ("", key[n]) for n in _PARTS)
        ]
        if len(fitting) > 1:
            raise ValidationError("Which section?", code="position_unclear")
        if fitting:
            found = fitting[0]
            for name in _PARTS:
                setattr(found, name, key[name] or getattr(found, name))
        else:
            found = ClaimPosition(claim=claim, currency_id=currency, **key)
        self._set_amounts(found)
        return found

    def _set_amounts(self, position: ClaimPosition) -> None:
        rest = {}
        for total, _, kinds in _FEES:
            held = sum(getattr(position, kind) or 0 for kind in kinds)
            rest[total] = (getattr(position, total) or 0) - held
        for name in POSITION:
            if name in self.values:
                setattr(position, name, self.values[name])
            elif name in MAIN and getattr(position, name) is None:
                setattr(position, name, Decimal(0))
        for total, unallocated, kinds in _FEES:
            told = [self.values[kind] for kind in kinds if kind in self.values]
            held = sum(getattr(position, kind) or 0 for kind in kinds)
            if total not in self.values and told:
                setattr(position, total, held + rest[total])
            whole = sum(told) + self.values.get(unallocated, 0)
            is_told = told and total in self.values
            if is_told and abs(self.values[total] - whole) > CENT:
                raise ValidationError("Fees.", code="fees_do_not_add_up")

    def check(self, claim: Claim) -> None:
        """Raise ValidationError where what is told does not hold together."""
        position = self.position(claim)
        for name, parts in _SUMS.items():
            if name in self.values:
                whole = sum(getattr(position, part) or 0 for part in parts)
                if abs(self.values[name] - whole) > CENT:
                    raise ValidationError(
                        f"{name} does not add up.", code="incurred_does_not_add_up"
                    )

    def save(self, claim: Claim) -> None:
        """Book the position."""
        position = self.position(claim)
        position.status_id = self.status or position.status_id
        position.save()
