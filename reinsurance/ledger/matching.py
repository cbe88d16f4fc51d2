"""Which claim and which position of the books a row is about.

An untold part of a key is no value: it matches the one record that fits, and is filled
in when it is told; where several fit, somebody has to say which.
"""

from typing import Any

import polars as pl

from reinsurance.ledger.amounts import POSITION
from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.descriptions import FIELDS, PARTS, model_field, table_column
from reinsurance.ledger.timelines import MONEY
from reinsurance.resources.base import dtype_of

WAS = "was."
ALWAYS = (
    "loss_event",
    "date_of_loss",
    "date_of_loss_to",
    "date_notified",
    "date_closed",
    "policy_inception",
    "policy_expiry",
)
"""Fields that are looked at whether rows tell them or not."""


def stands(record: str, load: str = "l", lacking: str = "g") -> str:
    """SQL: whether a claim or position stands, by its loads (:func:`with_loads`)."""
    return (
        f"({record}.load_id IS NULL OR {load}.undone_at IS NULL) "
        f"AND ({record}.lacked_by_id IS NULL OR {lacking}.undone_at IS NOT NULL)"
    )


def stands_by_sets(record: str) -> str:
    """SQL: the same without a join: loads that are undone are few, and read once."""
    undone = "(SELECT id FROM reinsurance_load WHERE undone_at IS NOT NULL)"
    return (
        f"({record}.load_id IS NULL OR {record}.load_id NOT IN {undone}) "
        f"AND ({record}.lacked_by_id IS NULL OR {record}.lacked_by_id IN {undone})"
    )


def with_loads(record: str, load: str = "l", lacking: str = "g") -> str:
    """SQL: the loads by which a claim or position stands, or is lacking."""
    return (
        f"LEFT JOIN reinsurance_load {load} ON {load}.id = {record}.load_id "
        f"LEFT JOIN reinsurance_load {lacking} ON {lacking}.id = {record}.lacked_by_id"
    )


def find_claims(cursor: Any, rows: pl.DataFrame) -> pl.DataFrame:
    """The claims in the books that rows name by ``treaty`` and ``reference``.

    ``treaty``, ``reference``, ``claim`` (its key), ``stands``, ``was_status``,
    ``was_details`` (JSON) and ``was.<field>`` of the descriptive fields that rows have.
    """
    names = [n for n in FIELDS if n in rows.columns or n in ALWAYS]
    keys = rows.select("treaty", "reference").unique()
    sought(
        cursor,
        "sought_claim",
        treaty=("bigint", keys["treaty"]),
        reference=("varchar", keys["reference"]),
    )
    picked = ", ".join(f'c."{table_column(name)}"' for name in names)
    with by_index(cursor):
        found = copy_out(
            cursor,
            f"SELECT c.treaty_id, c.reference, c.id, {stands('c')}, "  # noqa: S608
            f"c.status_id, c.details, {picked} FROM sought_claim k CROSS JOIN LATERAL "
            "(SELECT * FROM reinsurance_claim c WHERE c.treaty_id = k.treaty "
            f"AND c.reference = k.reference LIMIT 1) c {with_loads('c')}",
            {
                "treaty": pl.Int64(),
                "reference": pl.String(),
                "claim": pl.Int64(),
                "stands": pl.Boolean(),
                "was_status": pl.String(),
                "was_details": pl.String(),
                **{WAS + name: dtype_of(model_field(name)) for name in names},
            },
        )
    # COPY tells an empty text and no text apart; reading does not.
    return found.with_columns(
        pl.col(WAS + name).fill_null("")
        for name in names
        if dtype_of(model_field(name)) == pl.String and not model_field(name).null
    )


def find_positions(cursor: Any, claims: pl.Series) -> pl.DataFrame:
    """All positions of the claims: key parts, ``stands`` and what they hold now."""
    schema = {
        "claim": pl.Int64(),
        "position": pl.Int64(),
        "section": pl.String(),
        "risk_code": pl.String(),
        "currency": pl.String(),
        "stands": pl.Boolean(),
        "was_status": pl.String(),
        "was_period_end": pl.Date(),
        **{WAS + name: MONEY for name in POSITION},
    }
    keys = claims.drop_nulls().unique()
    if not keys.len():
        return pl.DataFrame(schema=schema)
    sought(cursor, "sought_of", id=("bigint", keys))
    picked = ", ".join(f"p.{name}" for name in POSITION)
    with by_index(cursor):
        found = copy_out(
            cursor,
            "SELECT p.claim_id, p.id, p.section, p.risk_code, p.currency_id, "  # noqa: S608
            f"{stands('p')}, p.status_id, p.period_end, {picked} "
            "FROM sought_of k CROSS JOIN LATERAL (SELECT p.* "
            "FROM reinsurance_claimposition p WHERE p.claim_id = k.id OFFSET 0) p "
            f"{with_loads('p')}",
            schema,
        )
    return found.with_columns(pl.col(*PARTS).fill_null(""))
