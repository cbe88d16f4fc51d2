"""The books of claims beside the oracle: now, at each period's end, in movements."""

import datetime
from collections import Counter
from decimal import Decimal
from typing import Any

from reinsurance.ledger import books
from reinsurance.ledger.amounts import MAIN, POSITION
from reinsurance.models import Claim, ClaimPosition
from reinsurance.resources.further import FURTHER_CLAIMS
from tests.reinsurance.ledger.reference import NIL, Ledger, Line

DESCRIBED = {
    "insured": "Insured",
    "closed": "Date closed",
    "first": FURTHER_CLAIMS[0][1],
    "second": FURTHER_CLAIMS[1][1],
}
"""What describes a claim: its name here, and the header."""
KEY = ("claim__treaty__reference", "claim__reference", "section", "currency_id")


def compare(ledger: Ledger) -> None:
    """The books are what the oracle says: now, at each period's end, in movements."""
    wanted = dict(sorted(ledger.lines().items()))
    stored = {
        tuple(row[name] for name in KEY): row
        for row in ClaimPosition.objects.values(
            "pk", *KEY, "status_id", "period_end", *POSITION, "incurred"
        )
    }
    off = stored.keys() ^ wanted.keys()
    assert not off, {key: "in the books" if key in stored else "not" for key in off}
    keys = [row["pk"] for row in stored.values()]
    history: dict[int, list[books.Standing]] = {}
    moved: dict[int, Counter[str]] = {}
    for standing in books.history(keys):
        history.setdefault(standing.position, []).append(standing)
    for movement in books.movements(keys):
        moved.setdefault(movement.position, Counter()).update(movement.amounts)
    for key, line in wanted.items():
        row = stored[key]
        line_is(line, history[row["pk"]], key)
        last = line.told_ends()[-1]
        now = line.amounts(last)
        assert filled({n: row[n] for n in POSITION}) == filled(now), key
        assert (row["period_end"], row["status_id"]) == (last, line.status(last)), key
        sums = {n: moved[row["pk"]][n] for n in POSITION}
        assert sums == {n: now[n] or NIL for n in POSITION}, key
    _compare_claims(ledger, wanted)


def line_is(line: Line, history: list[books.Standing], key: Any) -> None:
    """A position at the end of each told period."""
    assert [standing.period_end for standing in history] == line.told_ends(), key
    for standing in history:
        at = standing.period_end
        assert at is not None
        assert standing.status == line.status(at), (key, at)
        assert filled(standing.amounts) == filled(line.amounts(at)), (key, at)


def compare_as_at(ledger: Ledger, at: datetime.date) -> None:
    """The positions as at the end of a month."""
    wanted = {
        key: line for key, line in ledger.lines().items() if line.told_ends()[0] <= at
    }
    keys = {
        pk: tuple(key) for pk, *key in ClaimPosition.objects.values_list("pk", *KEY)
    }
    found = {
        keys[standing.position]: standing for standing in books.as_at(list(keys), at)
    }
    assert found.keys() == wanted.keys()
    for key, standing in found.items():
        assert filled(standing.amounts) == filled(wanted[key].amounts(at)), (key, at)


def _compare_claims(ledger: Ledger, wanted: dict[Any, Line]) -> None:
    """A claim stands while a live statement does; what describes it is told last.

    It is open if any position is; where nobody tells a status, as long as nobody tells
    when it was closed.  An open claim does not show that.
    """
    stored = {
        (treaty, reference): (insured, status, closed and str(closed), details)
        for treaty, reference, insured, status, closed, details in (
            Claim.objects.values_list(
                *("treaty__reference", "reference", "insured_name", "status_id"),
                *("date_closed", "details"),
            )
        )
    }
    claims: dict[tuple[str, ...], tuple[Any, ...]] = {}
    tellings = sorted(
        ledger.live(), key=lambda told: (told[1].period[1], told[0], told[1].number)
    )
    for claim in {key[:2] for key in wanted}:
        said = {
            name: bases["word"]
            for _, row in tellings
            if row.claim == claim
            for name, bases in row.told.items()
            if name in DESCRIBED
        }
        lines = [line for key, line in wanted.items() if key[:2] == claim]
        statuses = {line.status(line.told_ends()[-1]) for line in lines} - {None}
        is_open = "OPEN" in statuses or not (statuses or "closed" in said)
        details = {DESCRIBED[n]: said[n] for n in ("first", "second") if n in said}
        claims[claim] = (
            said.get("insured", ""),
            "OPEN" if is_open else "CLOSED",
            None if is_open else said.get("closed"),
            details,
        )
    off = {
        key: {"books": stored.get(key), "oracle": claims.get(key)}
        for key in stored.keys() | claims.keys()
        if stored.get(key) != claims.get(key)
    }
    assert not off, off


def filled(amounts: dict[str, Any]) -> dict[str, Decimal | None]:
    """The amounts that a position always has are nil where nobody told them."""
    return {
        n: amounts.get(n) or (NIL if n in MAIN else amounts.get(n)) for n in POSITION
    }
