"""What the books hold, row by row, as ``manage.py books`` prints it.

Rows come as they are read, in portions: there may be millions of them.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet

from importers.management.premium_entries import as_stored, entries_then
from reinsurance.ledger import books
from reinsurance.ledger.amounts import MAIN
from reinsurance.models import (
    ClaimPosition,
    Layer,
    Participation,
    PremiumEntry,
    Treaty,
)

PORTION = 5_000
NIL = Decimal(0)

Row = dict[str, Any]

_OF_POSITION = {
    "treaty": "claim__treaty__reference",
    "cedant": "claim__treaty__cedant__code",
    "year_of_account": "claim__treaty__year_of_account",
    "claim": "claim__reference",
    "section": "section",
    "risk_code": "risk_code",
    "currency": "currency_id",
}
_OF_PREMIUM = {
    "treaty": "treaty__reference",
    "cedant": "treaty__cedant__code",
    "policy": "policy_reference",
    "certificate": "certificate_reference",
    "section": "section",
    "risk_code": "risk_code",
    "transaction_type": "transaction_type",
    "effective_date": "effective_date",
    "period_end": "period_end",
    "currency": "currency_id",
    "amounts_are": "amounts_are",
}
_AS_KNOWN = {
    name: column.removesuffix("__reference").removesuffix("_id")
    for name, column in _OF_PREMIUM.items()
    if name != "cedant"
} | {"cedant": "cedant"}
PREMIUMS = ("gross_premium", "commission", "brokerage", "taxes", "net_premium")
_MONEY_OF_LAYER = (
    "occurrence_limit", "occurrence_attachment", "risk_limit", "risk_attachment",
    "aggregate_limit", "aggregate_attachment", "deposit_premium",
)  # fmt: skip
_SHARES_OF_LAYER = ("rate", "commission", "brokerage", "placed_share")
_OTHERS_OF_LAYER = (
    "risk_level", "aggregate_period_days", "reinstatements", "reinstatement_charges",
    "inuring_priority",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are wanted: references, a period's end, a moment."""

    claim: str = ""
    treaty: str = ""
    policy: str = ""
    as_at: datetime.date | None = None
    known_at: datetime.datetime | None = None


def claims(wanted: Wanted) -> Iterator[Row]:
    """Each position that stands, or stood then, with what it amounts to."""
    is_derived = bool(wanted.as_at or wanted.known_at)
    for portion in _portions(_positions(wanted, all_of_them=is_derived)):
        if not is_derived:
            yield from (_claim(found, found, found["status_id"]) for found in portion)
            continue
        then = {
            standing.position: standing
            for standing in books.as_at(
                [found["pk"] for found in portion],
                wanted.as_at,
                known_at=wanted.known_at,
            )
        }
        for found in portion:
            if (standing := then.get(found["pk"])) is not None:
                told = {
                    **standing.amounts,
                    "incurred": standing.incurred,
                    "period_end": standing.period_end,
                }
                yield _claim(found, told, standing.status)


def movements(wanted: Wanted) -> Iterator[Row]:
    """By how much each position changed, period by period.

    Periods that changed nothing are left out, but not the first of a position.
    """
    for portion in _portions(_positions(wanted, all_of_them=True)):
        of = {found["pk"]: found for found in portion}
        changes: dict[int, list[books.Standing]] = {}
        for change in books.movements(list(of), known_at=wanted.known_at):
            end = change.period_end
            if not (wanted.as_at and end and end > wanted.as_at):
                changes.setdefault(change.position, []).append(change)
        for position, found in of.items():
            for number, change in enumerate(changes.get(position, ())):
                if number == 0 or any(change.amounts.get(name) for name in MAIN):
                    yield _movement(found, change)


def premiums(wanted: Wanted) -> Iterator[Row]:
    """Each premium transaction that stands, or stood then."""
    stand = as_stored(wanted.known_at, wanted.as_at)
    if stand is None:
        entries = _of_policies(PremiumEntry.all_objects.all(), wanted)
        for found in entries_then(entries, wanted.known_at, wanted.as_at):
            told = {name: found[column] for name, column in _AS_KNOWN.items()}
            yield _premium(found, told, found["minor_units"])
        return
    columns = (*_OF_PREMIUM.values(), "currency__minor_units", *PREMIUMS)
    ordered = _of_policies(stand, wanted).order_by(
        "treaty__reference",
        "treaty_id",
        "policy_reference",
        "certificate_reference",
        "section",
        "risk_code",
        "effective_date",
        "period_end",
        "pk",
    )
    for found in ordered.values(*columns).iterator(chunk_size=PORTION):
        told = {name: found[column] for name, column in _OF_PREMIUM.items()}
        yield _premium(found, told, found["currency__minor_units"])


def treaties(wanted: Wanted) -> Iterator[Row]:
    """Each contract with its layers and who carries them."""
    found = Treaty.objects.all()
    if wanted.treaty:
        found = found.filter(reference=wanted.treaty)
    panel = Participation.objects.select_related("reinsurer").order_by(
        "-is_lead", "reinsurer__code"
    )
    layers = Layer.objects.order_by("number").prefetch_related(
        Prefetch("participations", panel)
    )
    ordered = (
        found.select_related("cedant", "broker", "currency")
        .prefetch_related(Prefetch("layers", layers))
        .order_by("reference", "inception", "pk")
    )
    for treaty in ordered.iterator(chunk_size=PORTION // 10):
        yield _treaty(treaty)


# ------------------------------------------------------------------- what is read
def _positions(wanted: Wanted, *, all_of_them: bool) -> QuerySet[Any, Row]:
    """Positions with what names them; those of undone loads, too, if asked for."""
    manager = ClaimPosition.all_objects if all_of_them else ClaimPosition.objects
    found = manager.all()
    if wanted.claim:
        found = found.filter(claim__reference=wanted.claim)
    if wanted.treaty:
        found = found.filter(claim__treaty__reference=wanted.treaty)
    if wanted.policy:
        found = found.filter(claim__policy_reference=wanted.policy)
    return found.order_by(
        "claim__treaty__reference",
        "claim__treaty_id",
        "claim__reference",
        "section",
        "risk_code",
        "currency_id",
    ).values(
        "pk",
        *_OF_POSITION.values(),
        "currency__minor_units",
        "claim__insured_name",
        "status_id",
        "period_end",
        "incurred",
        *MAIN,
    )


def _of_policies(
    entries: QuerySet[PremiumEntry], wanted: Wanted
) -> QuerySet[PremiumEntry]:
    if wanted.treaty:
        entries = entries.filter(treaty__reference=wanted.treaty)
    if wanted.policy:
        entries = entries.filter(policy_reference=wanted.policy)
    return entries


def _portions(rows: QuerySet[Any, Row]) -> Iterator[list[Row]]:
    portion: list[Row] = []
    for row in rows.iterator(chunk_size=PORTION):
        portion.append(row)
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


# ----------------------------------------------------------------- what is printed
def _claim(found: Row, told: Mapping[str, Any], status: str | None) -> Row:
    row = {name: found[column] for name, column in _OF_POSITION.items()}
    row |= {"status": status, "insured": found["claim__insured_name"]}
    row |= _amounts(told, found["currency__minor_units"])
    return row | {"period_end": _day(told["period_end"])}


def _premium(found: Row, told: Row, minor_units: int) -> Row:
    days = {name: _day(told[name]) for name in ("effective_date", "period_end")}
    return {**told, **days, **_money(found, PREMIUMS, minor_units)}


def _movement(found: Row, change: books.Standing) -> Row:
    row = {name: found[column] for name, column in _OF_POSITION.items()}
    told = {**change.amounts, "incurred": change.incurred}
    row |= _amounts(told, found["currency__minor_units"])
    return row | {
        "period_end": _day(change.period_end),
        "ingestion": None if change.is_by_hand else change.number,
        "row": None if change.is_by_hand else change.row,
        "status": change.status,
    }


def _amounts(told: Mapping[str, Any], minor_units: int) -> Row:
    """A claim's amounts; one that was never told is nil."""
    names = (*MAIN, "incurred")
    return _money({name: told.get(name) or NIL for name in names}, names, minor_units)


def _treaty(treaty: Treaty) -> Row:
    units = treaty.currency.minor_units
    return {
        "reference": treaty.reference,
        "name": treaty.name,
        "cedant": treaty.cedant.code if treaty.cedant else None,
        "broker": treaty.broker.code if treaty.broker else None,
        "inception": _day(treaty.inception),
        "expiry": _day(treaty.expiry),
        "year_of_account": treaty.year_of_account,
        "type": treaty.treaty_type,
        "basis": treaty.basis,
        "currency": treaty.currency_id,
        "layers": [_layer(layer, units) for layer in treaty.layers.all()],
    }


def _layer(layer: Layer, minor_units: int) -> Row:
    values = vars(layer)
    return {
        "number": layer.number,
        "name": layer.name,
        "ceded_share": _plain(layer.ceded_share),
        **_money(values, _MONEY_OF_LAYER, minor_units),
        **_money(values, _SHARES_OF_LAYER, 0),
        **{name: values[name] for name in _OTHERS_OF_LAYER},
        "participations": [
            {
                "reinsurer": line.reinsurer.code,
                "written_line": _plain(line.written_line),
                "signed_line": _plain(line.signed_line),
                "is_lead": line.is_lead,
            }
            for line in layer.participations.all()
        ],
    }


def _money(values: Mapping[str, Any], names: Iterable[str], minor_units: int) -> Row:
    return {name: _plain(values[name], minor_units) for name in names}


def _plain(number: Decimal | None, decimals: int = 0) -> str | None:
    """A number as text: no exponent, no needless zeros but at least the decimals."""
    if number is None:
        return None
    whole, _, rest = f"{number:f}".partition(".")
    rest = rest.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{rest}" if rest else whole


def _day(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None
