"""What describes claims, worked out anew from their live statements."""

from typing import Any

import polars as pl

from reinsurance.ledger.claim_statuses import status_of
from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.descriptions import FIELDS, has_bit, model_field, table_column
from reinsurance.ledger.detail_merging import with_merged
from reinsurance.ledger.hand_edits import with_edits
from reinsurance.ledger.matching import WAS
from reinsurance.resources.base import dtype_of


def described(cursor: Any, standing: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """Claims with what describes them, ``was.<field>`` beside each field.

    ``standing``: positions that stand, with ``claim``, ``was_status`` and
    ``was_period_end``; ``live``: what is told of all positions of the claims, with
    periods.  Also ``status``, ``details`` and what these were.
    """
    frame = _as_they_are(cursor, standing["claim"].unique())
    if not frame.height:
        return frame
    ordered = live.sort("claim", "period_end", "number", "row")
    for name in FIELDS:
        told = (
            ordered.filter(has_bit(name))
            .group_by("claim", maintain_order=True)
            .agg(
                has=pl.lit(value=True),
                text=pl.col("values").last().str.json_path_match(f"$.{name}"),
            )
        )
        joined = frame.join(told, on="claim", how="left", maintain_order="left")
        dtype = dtype_of(model_field(name))
        text = pl.col("text")
        typed = text.str.to_date("%Y-%m-%d") if dtype == pl.Date else text.cast(dtype)
        empty = "" if dtype == pl.String and not model_field(name).null else None
        frame = joined.with_columns(
            pl.when(pl.col("has").is_null())
            .then(pl.lit(empty, dtype=dtype))
            .when(text.is_not_null())
            .then(typed)
            .otherwise(pl.col(WAS + name))
            .alias(name)
        ).drop("has", "text")
    frame = with_edits(frame, ordered)
    told = standing.filter(pl.col("was_status").is_not_null()).select(
        "claim",
        pl.col("was_status").alias("status"),
        pl.col("was_period_end").alias("period_end"),
    )
    return with_merged(status_of(frame, told), ordered)


def _as_they_are(cursor: Any, keys: pl.Series) -> pl.DataFrame:
    """Claims by key, with ``was.<field>``, ``was_status`` and ``details``."""
    schema = {
        "claim": pl.Int64(),
        "was_status": pl.String(),
        "was_details": pl.String(),
        **{WAS + name: dtype_of(model_field(name)) for name in FIELDS},
    }
    if not keys.len():
        return pl.DataFrame(schema=schema)
    sought(cursor, "described_claim", id=("bigint", keys))
    picked = ", ".join(f'c."{table_column(name)}"' for name in FIELDS)
    found = copy_out(
        cursor,
        f"SELECT c.id, c.status_id, c.details, {picked} FROM described_claim k "  # noqa: S608
        "JOIN reinsurance_claim c ON c.id = k.id",
        schema,
    )
    return found.with_columns(
        pl.col(WAS + name).fill_null("")
        for name in FIELDS
        if dtype_of(model_field(name)) == pl.String and not model_field(name).null
    )
