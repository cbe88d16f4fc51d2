"""Parts of contracts' keys that nobody tells any more once a register is undone.

Such a contract has no inception, or no cedant, and any row of its number may mean it.
"""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.utils.formats import date_format

from reinsurance.ledger.contract_names import contract_names
from reinsurance.models import Claim, PremiumEntry, Treaty
from reinsurance.resources.shut_out import sentences

_LOST = (
    "Contract “{}”: nobody else tells its {}. After the undo it has {}, and {}. Tell "
    "it in a register, and move what is of another contract."
)
_ADVICE = "Tell the period in a register, or move what is of another contract."


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a contract that says which one it is."""

    name: str
    reference: str
    cedant: str | None
    inception: datetime.date | None
    expiry: datetime.date | None
    basis: str


def known_of(treaties: Iterable[int]) -> dict[int, Known]:
    """What is known of contracts, by their keys."""
    names = contract_names(treaties)
    fields = ("pk", "reference", "cedant__code", "inception", "expiry", "basis")
    found = Treaty.objects.filter(pk__in=names).values_list(*fields)
    return {key: Known(names[key], *told) for key, *told in found.order_by("pk")}


def lost(before: dict[int, Known], after: dict[int, Known]) -> list[str]:
    """A sentence for each contract that its claims and premiums do not fit any more.

    Or that cannot be told from another one of its number, as it has no inception or
    cedant after the undo.  What is outside a period that comes back is told as well.
    """
    gone = {key: _gone(before[key], after[key]) for key in before if key in after}
    gone = {key: parts for key, parts in gone.items() if parts}
    money = _money(gone)
    alike = Treaty.objects.filter(reference__in={before[key].reference for key in gone})
    times = Counter(alike.values_list("reference", flat=True))
    said = []
    for key, parts in gone.items():
        others = times[before[key].reference] - 1
        if money[key] or others:
            said.append(_sentence(before[key], parts, money[key], others))
    return [*said, *_outside(before, after)]


def _gone(before: Known, after: Known) -> dict[str, str]:
    """The parts of the key that go, by what they are called, as they were."""
    parts = {}
    if before.cedant is not None and after.cedant is None:
        parts["cedant"] = before.cedant
    if before.inception is not None and after.inception is None:
        parts["inception"] = date_format(before.inception, "j F Y")
    return parts


def _money(treaties: Iterable[int]) -> Counter[int]:
    """How many claims and premiums stand under each contract."""
    found: Counter[int] = Counter()
    for model in (Claim, PremiumEntry):
        rows = model.objects.filter(treaty__in=list(treaties)).order_by()
        found.update(dict(rows.values_list("treaty").annotate(Count("pk"))))
    return found


def _sentence(known: Known, parts: dict[str, str], money: int, others: int) -> str:
    consequences = []
    if money:
        stays = "claim or premium stays" if money == 1 else "claims and premiums stay"
        consequences.append(f"{money:,} {stays} with it")
    if others:
        more = "contract" if others == 1 else "contracts"
        consequences.append(
            f"a row may mean it or {others:,} other {more} of its number"
        )
    return _LOST.format(
        known.name,
        " and its ".join(f"{name}, {value}" for name, value in parts.items()),
        "none" if len(parts) == 1 else "neither",
        " and ".join(consequences),
    )


def _outside(before: dict[int, Known], after: dict[int, Known]) -> list[str]:
    """Sentences about what a period that comes back leaves outside."""
    terms = [
        {"treaty": key, "was": _period(before[key]), "now": _period(after[key])}
        for key in before
        if key in after and _period(before[key]) != _period(after[key])
    ]
    names = {key: known.name for key, known in before.items()}
    return list(sentences(terms, names, advice=_ADVICE).values()) if terms else []


def _period(known: Known) -> dict[str, object]:
    return {
        "inception": known.inception,
        "expiry": known.expiry,
        "basis": known.basis,
    }
