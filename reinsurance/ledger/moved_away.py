"""Claims that were moved out of the contracts for which a correction speaks."""

import datetime
from collections.abc import Iterable
from typing import Any

import polars as pl
from django.utils.formats import date_format

from reinsurance.ledger.contract_names import contract_names
from reinsurance.ledger.lineage_ranges import loads_before, told_by
from reinsurance.ledger.statements import REPEATED


def moved_away(
    cursor: Any,
    *,
    number: int,
    sender: int | None,
    periods: Iterable[tuple[int, datetime.date]],
    present: pl.Series,
) -> list[str]:
    """A sentence for each claim that the sender told of before it was moved.

    ``periods``: contract and end that the correction speaks for; ``present``: keys of
    the positions that it tells again.
    """
    pairs = sorted(set(periods))
    if not pairs:
        return []
    loads = loads_before(number, sender)
    cursor.execute(
        f"""
        SELECT p.id, c.reference, c.treaty_id, min(s.period_end)
        FROM unnest(%(treaties)s::bigint[], %(ends)s::date[]) AS k (treaty, period_end)
        JOIN reinsurance_edit e ON e.model = 'claim' AND e.status = 'applied'
            AND e.before->>'treaty_id' = k.treaty::text
        JOIN reinsurance_claim c ON c.id = e.object_id AND c.treaty_id <> k.treaty
        JOIN reinsurance_claimposition p ON p.claim_id = c.id
        JOIN reinsurance_claimstatement s ON s.position_id = p.id
            AND s.period_end = k.period_end
        WHERE {told_by("s.id", "s.load_id", REPEATED, loads)}
        GROUP BY p.id, c.reference, c.treaty_id
        """,  # noqa: S608 our names and numbers
        {
            "treaties": [treaty for treaty, _ in pairs],
            "ends": [end for _, end in pairs],
        },
    )
    positions = cursor.fetchall()
    here = set(present.filter(present.is_in([key for key, *_ in positions])))
    first: dict[tuple[str, int], datetime.date] = {}
    for key, claim, contract, end in positions:
        if key not in here:
            of = (claim, contract)
            first[of] = min(end, first.get(of, end))
    names = contract_names({contract for _, contract in first})
    said = sorted((claim, names[treaty], end) for (claim, treaty), end in first.items())
    return [_sentence(*of) for of in said]


def _sentence(claim: str, contract: str, end: datetime.date) -> str:
    return (
        f"Claim {claim}: told for the period to {date_format(end, 'j F Y')} and moved "
        f"since, to contract {contract}. This correction of its old contract does not "
        "speak of it: what was told of it stays. If it does not hold any more, correct "
        "it there."
    )
