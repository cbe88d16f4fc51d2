"""Sections and risk codes of positions: filled in, or taken back with their teller."""

from typing import Any

import polars as pl

from reinsurance.ledger.copying import sought
from reinsurance.ledger.descriptions import PARTS, has_bit
from reinsurance.ledger.matching import stands, with_loads


def write_keys(cursor: Any, keys: pl.DataFrame) -> None:
    """Give positions their key parts: ``position``, ``section``, ``risk_code``.

    A position that does not stand and has such a key takes the old one instead; where
    one that stands has it, nothing is changed.
    """
    if not keys.height:
        return
    sought(
        cursor,
        "called_position",
        id=("bigint", keys["position"]),
        section=("varchar", keys["section"]),
        risk_code=("varchar", keys["risk_code"]),
    )
    cursor.execute(
        f"""
        WITH holders AS (
            SELECT k.id AS wants, h.id, p.section, p.risk_code,
                {stands("h")} AS stands
            FROM called_position k
            JOIN reinsurance_claimposition p ON p.id = k.id
            JOIN reinsurance_claimposition h ON h.claim_id = p.claim_id
                AND h.currency_id = p.currency_id AND h.section = k.section
                AND h.risk_code = k.risk_code AND h.id <> k.id
            {with_loads("h")}
        )
        UPDATE reinsurance_claimposition p
        SET section = x.section, risk_code = x.risk_code
        FROM (
            SELECT id, section, risk_code FROM called_position
            WHERE id NOT IN (SELECT wants FROM holders WHERE stands)
            UNION ALL
            SELECT id, section, risk_code FROM holders WHERE NOT stands
        ) x WHERE p.id = x.id
        """  # noqa: S608 our names
    )


def told_keys(positions: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """Positions that have a part of which no live statement speaks any more."""
    told = live.group_by("position").agg(
        has_bit(part).any().alias(f"__{part}") for part in PARTS
    )
    return (
        positions.select("position", *PARTS)
        .join(told, on="position")
        .filter(
            pl.any_horizontal(
                (pl.col(part) != "") & ~pl.col(f"__{part}") for part in PARTS
            )
        )
        .select(
            "position",
            *(
                pl.when(f"__{part}").then(part).otherwise(pl.lit("")).alias(part)
                for part in PARTS
            ),
        )
    )
