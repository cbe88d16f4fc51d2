"""What a claim's page shows of its money: positions, movements, and who told what."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from reinsurance.admin.base import Panel
from reinsurance.admin.days import status_names
from reinsurance.admin.values import capital
from reinsurance.ledger import books
from reinsurance.ledger.amounts import (
    BASES,
    CHANGES,
    FEE_KINDS,
    LABELS,
    TOLD,
    label_of,
)
from reinsurance.models import Claim, ClaimPosition, ClaimStatement

MOST_ENTRIES = 500
SUMS = (
    "paid_indemnity",
    "paid_fees",
    "reserve_indemnity",
    "reserve_fees",
    "recovered",
    "incurred",
)
NIL = Decimal(0)


def told_label(name: str) -> str:
    """What an amount of a statement is called: ``paid_indemnity_to_date``."""
    if name in CHANGES:
        return name.replace("_", " ", 1).replace("change ", "change, ")
    for basis in BASES:
        if name.endswith(f"_{basis}"):
            return f"{label_of(name.removesuffix(f'_{basis}'))} {basis}".replace(
                "_", " "
            )
    return label_of(name)


TOLD_LABELS = {name: capital(told_label(name)) for name in TOLD}


@dataclass(frozen=True, slots=True)
class Total:
    """What a claim comes to in one currency."""

    currency: str
    amounts: dict[str, Decimal]

    @property
    def paid(self) -> Decimal:
        """Indemnity and fees."""
        return self.amounts["paid_indemnity"] + self.amounts["paid_fees"]

    @property
    def reserve(self) -> Decimal:
        """Indemnity and fees."""
        return self.amounts["reserve_indemnity"] + self.amounts["reserve_fees"]

    @property
    def incurred(self) -> Decimal:
        """Paid and reserve."""
        return self.amounts["incurred"]


def totals_of(claims: Iterable[Claim]) -> dict[int, list[Total]]:
    """The claims' totals in each currency, by the claim's key; one query."""
    keys = [claim.pk for claim in claims]
    rows = (
        ClaimPosition.objects.filter(claim__in=keys)
        .order_by("claim", "currency")
        .values("claim", "currency")
        .annotate(**{f"sum_{name}": Sum(name) for name in SUMS})
    )
    found: dict[int, list[Total]] = defaultdict(list)
    for row in rows:
        amounts = {name: row[f"sum_{name}"] for name in SUMS}
        found[row["claim"]].append(Total(row["currency"], amounts))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """By how much a position changed in a period, and what it was incurred at then."""

    position: ClaimPosition
    change: books.Standing
    incurred: Decimal
    status: str = ""

    @property
    def changes(self) -> list[Decimal]:
        """The changes of the amounts that every position has."""
        return [self.change.amounts.get(name, NIL) for name in SUMS[:-1]]


def lines_of(positions: Sequence[ClaimPosition]) -> list[Line]:
    """The movements of the positions, the oldest period first."""
    by_key = {position.pk: position for position in positions}
    incurred: dict[int, Decimal] = defaultdict(Decimal)
    names = status_names()
    lines = []
    for change in books.movements(list(by_key)):
        position, status = by_key[change.position], names.get(change.status or "", "")
        incurred[position.pk] += change.incurred
        lines.append(Line(position, change, incurred[position.pk], status))
    return lines


@dataclass(frozen=True, slots=True)
class Told:
    """A statement, and the amounts that it told by their names."""

    statement: ClaimStatement
    amounts: list[tuple[str, Decimal]]


def told_of(claim: Claim) -> list[Told]:
    """What was told of the claim, the latest received first."""
    rows = (
        ClaimStatement.objects.filter(position__claim=claim)
        .select_related("position", "load__user", "status")
        .order_by("-load__number", "-pk")[:MOST_ENTRIES]
    )
    return [
        Told(
            row,
            [
                (label, getattr(row, name))
                for name, label in TOLD_LABELS.items()
                if getattr(row, name) is not None
            ],
        )
        for row in rows
    ]


def panels_of(claim: Claim) -> list[Panel]:
    """Positions with totals, movements, statements, and further details."""
    positions = _positions(claim)
    panels = [
        _positions_panel(claim, positions),
        Panel(
            "Movements",
            "reinsurance/movements.html",
            {"lines": lines_of(positions)[-MOST_ENTRIES:]},
        ),
        Panel("Statements", "reinsurance/statements.html", {"told": told_of(claim)}),
    ]
    return panels + details_of(claim.details)


def positions_panel(claim: Claim) -> Panel:
    """The claim's positions with totals, alone."""
    return _positions_panel(claim, _positions(claim))


def _positions(claim: Claim) -> list[ClaimPosition]:
    return list(
        ClaimPosition.objects.filter(claim=claim)
        .select_related("status")
        .order_by("section", "risk_code", "currency")
    )


def _positions_panel(claim: Claim, positions: list[ClaimPosition]) -> Panel:
    kinds = [
        kind
        for kind in FEE_KINDS
        if any(
            getattr(position, f"{part}_{kind}") is not None
            for position in positions
            for part in ("paid", "reserve")
        )
    ]
    shown: dict[str, Any] = {
        "positions": [(position, _fees(position, kinds)) for position in positions],
        "kinds": [capital(LABELS[kind]) for kind in kinds],
        "totals": totals_of([claim])[claim.pk] if positions else [],
    }
    return Panel("Positions", "reinsurance/positions.html", shown)


def _fees(position: ClaimPosition, kinds: list[str]) -> list[Any]:
    return [
        (getattr(position, f"paid_{kind}"), getattr(position, f"reserve_{kind}"))
        for kind in kinds
    ]


def details_of(details: dict[str, Any] | None) -> list[Panel]:
    """The panel of fields that have no place of their own, under their names."""
    if not details:
        return []
    template = "reinsurance/details.html"
    return [Panel("Further details", template, {"details": sorted(details.items())})]
