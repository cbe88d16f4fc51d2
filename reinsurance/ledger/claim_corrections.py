"""What corrections of claims leave out of what their sender told before."""

from typing import Any

import polars as pl

from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND
from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.held_out import by_correction, is_held_then

CLAIMS = "claims"
_CLAIM = {"claim": pl.Int64(), "treaty": pl.Int64(), "reference": pl.String()}
HELD_OUT = pl.List(pl.Struct({"claim": pl.Int64(), "held_end": pl.Date()}))
"""Claims that a correction's rejected rows name, with the period's end, or null."""


def corrections_of(
    cursor: Any,
    treaties: pl.Series,
    stands: str = "l.undone_at IS NULL",
    *,
    new: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Corrections of claims that speak for these contracts.

    ``treaty``, ``period_end``, ``correction`` (its number), ``sender`` and
    ``held_out`` (:data:`HELD_OUT`); claims that are ``new`` (``claim``, ``treaty``,
    ``reference``) included.  ``stands``: SQL, of their load ``l``.
    """
    schema = {
        "treaty": pl.Int64(),
        "period_end": pl.Date(),
        "correction": pl.Int64(),
        "sender": pl.Int64(),
    }
    keys = treaties.drop_nulls().unique().to_list()
    cursor.execute(
        "SELECT EXISTS (SELECT FROM reinsurance_load "
        "WHERE is_correction AND record_type = %s)",
        [CLAIMS],
    )
    if not keys or not cursor.fetchone()[0]:
        return pl.DataFrame(schema={**schema, "held_out": HELD_OUT})
    cursor.execute(
        "SELECT x.treaty_id, x.period_end, l.number, l.sender, l.held_out::text "  # noqa: S608
        "FROM reinsurance_loadperiod x JOIN reinsurance_load l ON l.id = x.load_id "
        f"WHERE l.is_correction AND l.record_type = %s AND {stands} "
        "AND x.leaves_out AND x.period_end IS NOT NULL AND x.treaty_id = ANY(%s)",
        [CLAIMS, keys],
    )
    found = pl.DataFrame(
        cursor.fetchall(), schema={**schema, "held_out": pl.String()}, orient="row"
    )
    named = claims_held_out(cursor, by_correction(found), new)
    return found.drop("held_out").join(named, on="correction", how="left")


def claims_held_out(
    cursor: Any, named: pl.DataFrame, new: pl.DataFrame | None = None
) -> pl.DataFrame:
    """``correction`` and ``held_out`` (:data:`HELD_OUT`) of :func:`by_correction`."""
    claims = pl.DataFrame(schema=_CLAIM)
    if named.height:
        sought(
            cursor,
            "named_claim",
            treaty=("bigint", named["treaty"]),
            reference=("varchar", named["reference"]),
        )
        claims = copy_out(
            cursor,
            "SELECT DISTINCT c.id, c.treaty_id, c.reference FROM named_claim k JOIN "
            "reinsurance_claim c ON c.treaty_id = k.treaty "
            "AND c.reference = k.reference",
            _CLAIM,
        )
        if new is not None:
            claims = pl.concat([claims, new.select(claims.columns)]).unique()
    return (
        named.join(claims, on=["treaty", "reference"])
        .group_by("correction")
        .agg(held_out=pl.struct("claim", "held_end"))
    )


def lacking_dropped(
    statements: pl.DataFrame, corrections: pl.DataFrame
) -> pl.DataFrame:
    """Without those that a later correction for their contract and period lacks."""
    if not corrections.height or not statements.height:
        return statements
    numbered = statements.with_row_index("__n")
    # What a person told is in no file.
    of_files = numbered.filter(pl.col("row") < FIRST_ROW_BY_HAND)
    present = of_files.select(
        "position", "period_end", correction=pl.col("number")
    ).unique()
    lacked = (
        of_files.select(
            "__n", "treaty", "period_end", "sender", "position", "claim", "number"
        )
        .join(
            corrections.drop("held_out"),
            on=["treaty", "period_end", "sender"],
            nulls_equal=True,
        )
        .filter(pl.col("correction") > pl.col("number"))
        .join(present, on=["position", "period_end", "correction"], how="anti")
    )
    held = lacked.join(_named(corrections), on=["claim", "correction"]).filter(
        is_held_then()
    )
    lacked = lacked.join(held, on=["__n", "correction"], how="anti")
    gone = lacked.get_column("__n").unique()
    return numbered.filter(~pl.col("__n").is_in(gone.implode())).drop("__n")


def _named(corrections: pl.DataFrame) -> pl.DataFrame:
    """``correction``, ``claim`` and ``held_end`` of what is held out."""
    named = corrections.select("correction", "held_out").unique("correction")
    return named.explode("held_out").drop_nulls("held_out").unnest("held_out")
