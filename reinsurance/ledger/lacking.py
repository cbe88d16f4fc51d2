"""What a correction leaves out of the contracts and periods that it speaks for."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out, sought
from reinsurance.models import ClaimPosition

PRESENT_CLAIMS = {"position": pl.Int64, "period_end": pl.Date}
PRESENT_PREMIUMS = {"entry": pl.Int64}


@dataclass(frozen=True, slots=True)
class Lacked:
    """A position or premium entry that was told for a period and is missing now."""

    key: int
    name: str
    period_end: datetime.date | None


def lacked_by(
    cursor: Any,
    ledger: str,
    *,
    number: int,
    sender: int | None,
    periods: Sequence[tuple[int, datetime.date]],
    present: Sequence[pl.DataFrame],
    named: Sequence[Sequence[Any]],
    policies: Sequence[Sequence[Any]],
) -> list[Lacked]:
    """What was told before for these contracts and periods, and is not told again.

    ``periods``: contract and end; ``present``: what the file tells again; ``named``
    (contract and claim) and ``policies`` (contract and policy): what its rows held out
    name.
    """
    pairs = pl.DataFrame(
        list(set(periods)),
        schema={"treaty": pl.Int64, "period_end": pl.Date},
        orient="row",
    )
    if ledger == "claims":
        told = [pl.DataFrame(schema=PRESENT_CLAIMS), *present]
        found = _lacked(
            cursor,
            sender=sender,
            number=number,
            pairs=pairs,
            present=pl.concat(told).unique(),
            named=pl.DataFrame(
                [tuple(pair) for pair in named],
                schema={"treaty": pl.Int64, "reference": pl.String},
                orient="row",
            ),
        )
        return _named_positions(found)
    told = [pl.DataFrame(schema=PRESENT_PREMIUMS), *present]
    return _entries(
        cursor, pairs, pl.concat(told)["entry"], policies, number=number, sender=sender
    )


def _named_positions(found: pl.DataFrame) -> list[Lacked]:
    positions = ClaimPosition.all_objects.filter(
        pk__in=found["position"].unique().to_list()
    ).select_related("claim")
    names = {position.pk: f"Claim {position}" for position in positions}
    return [
        Lacked(row["position"], names[row["position"]], row["period_end"])
        for row in found.sort("position", "period_end").iter_rows(named=True)
    ]


def _entries(
    cursor: Any,
    pairs: pl.DataFrame,
    present: pl.Series,
    policies: Sequence[Sequence[Any]],
    *,
    number: int,
    sender: int | None,
) -> list[Lacked]:
    if not pairs.height:
        return []
    sought(
        cursor,
        "spoken_for",
        treaty=("bigint", pairs["treaty"]),
        period_end=("date", pairs["period_end"]),
    )
    told = copy_out(
        cursor,
        f"""
        SELECT e.id, e.treaty_id, e.policy_reference, e.period_end FROM spoken_for k
        JOIN reinsurance_premiumentry e ON e.treaty_id = k.treaty
            AND e.period_end = k.period_end
        JOIN reinsurance_load l ON l.id = e.load_id AND l.undone_at IS NULL
        LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id
        WHERE (g.id IS NULL OR g.undone_at IS NOT NULL) AND l.number < {number}
            AND l.sender IS NOT DISTINCT FROM {"NULL" if sender is None else sender}
        """,  # noqa: S608 our names and numbers
        {
            "entry": pl.Int64(),
            "treaty": pl.Int64(),
            "policy": pl.String(),
            "period_end": pl.Date(),
        },
    )
    names = {tuple(pair) for pair in policies}
    return [
        Lacked(entry, f"Premium of policy {policy}", end)
        for entry, treaty, policy, end in told.filter(
            ~pl.col("entry").is_in(present.implode())
        )
        .sort("entry")
        .iter_rows()
        if (treaty, policy) not in names
    ]


def _lacked(
    cursor: Any,
    *,
    sender: int | None,
    number: int,
    pairs: pl.DataFrame,
    present: pl.DataFrame,
    named: pl.DataFrame,
) -> pl.DataFrame:
    """Statements that a correction lacks: ``position``, ``claim``, ``period_end``.

    ``pairs``: ``treaty`` and ``period_end`` that its rows are for; ``present``:
    ``position`` and ``period_end`` of its rows; ``named``: ``treaty`` and ``reference``
    of the claims that rows held out are about.
    """
    wanted = pairs.drop_nulls().unique()
    if not wanted.height:
        return pl.DataFrame(
            schema={"position": pl.Int64, "claim": pl.Int64, "period_end": pl.Date}
        )
    sought(
        cursor,
        "spoken_for",
        treaty=("bigint", wanted["treaty"]),
        period_end=("date", wanted["period_end"]),
    )
    told = copy_out(
        cursor,
        f"""
        SELECT DISTINCT p.id, p.claim_id, s.period_end, c.treaty_id, c.reference
        FROM spoken_for k
        JOIN reinsurance_claim c ON c.treaty_id = k.treaty
        JOIN reinsurance_claimposition p ON p.claim_id = c.id
        JOIN reinsurance_claimstatement s ON s.position_id = p.id
            AND s.period_end = k.period_end
        JOIN reinsurance_load l ON l.id = s.load_id AND l.undone_at IS NULL
        WHERE l.number < {number}
            AND l.sender IS NOT DISTINCT FROM {"NULL" if sender is None else sender}
        """,  # noqa: S608 our names and numbers
        {
            "position": pl.Int64(),
            "claim": pl.Int64(),
            "period_end": pl.Date(),
            "treaty": pl.Int64(),
            "reference": pl.String(),
        },
    )
    missing = told.join(present, on=["position", "period_end"], how="anti")
    return missing.join(named, on=["treaty", "reference"], how="anti").drop(
        "treaty", "reference"
    )
