"""The claims ledger: payments of a period become a position, changes become entries.

A claim's money is the sum of its movements.  Where a bordereau gives what was paid *in
its period*, the position is what all other periods paid plus that, so the same
bordereau sent again, or corrected later, never counts twice.
"""

import datetime
from typing import Any

import polars as pl

from importers.pipeline.compare import ID, WAS, copy_in, copy_out
from reinsurance.models import Claim, ClaimMovement
from reinsurance.resources.positions import MONEY

CENTS = pl.Decimal(18, 2)
PERIOD = "period_end"
KINDS = ("indemnity", "fees")


def needs_period(columns: set[str]) -> bool:
    """Whether amounts are the period's alone, so that the period must be known."""
    return any(
        f"paid_{kind}_this_period" in columns
        and f"paid_{kind}_previously" not in columns
        and f"paid_{kind}" not in columns
        for kind in KINDS
    )


def with_period(frame: pl.DataFrame, period_end: datetime.date | None) -> pl.DataFrame:
    """Each row's period end: its own, else the bordereau's."""
    whole = pl.lit(period_end, dtype=pl.Date)
    own = pl.col(PERIOD) if PERIOD in frame.columns else pl.lit(None, dtype=pl.Date)
    return frame.with_columns(pl.coalesce(own, whole).alias(PERIOD))


def unsettled(frame: pl.DataFrame) -> list[str]:
    """Kinds of payment of which the frame gives the period's alone."""
    columns = set(frame.columns)
    return [
        kind
        for kind in KINDS
        if f"paid_{kind}_this_period" in columns and f"paid_{kind}" not in columns
    ]


def with_room_for(frame: pl.DataFrame, kinds: list[str]) -> pl.DataFrame:
    """The frame with empty columns for positions that only the ledger can tell."""
    return frame.with_columns(
        pl.lit(None, dtype=CENTS).alias(f"paid_{kind}") for kind in kinds
    )


def settle(cursor: Any, frame: pl.DataFrame, kinds: list[str]) -> pl.DataFrame:
    """Fill in the positions of ``kinds`` (``__id``: the claim's)."""
    if not kinds:
        return frame
    paid = _paid_in_other_periods(cursor, frame.select(ID, PERIOD).drop_nulls(ID))
    joined = frame.join(
        paid, on=[ID, PERIOD], how="left", nulls_equal=True, maintain_order="left"
    )
    for kind in kinds:
        this = pl.col(f"paid_{kind}_this_period").fill_null(0)
        total = this + pl.col(f"__{kind}").fill_null(0)
        joined = joined.with_columns(total.cast(CENTS).alias(f"paid_{kind}"))
    return joined.drop("__indemnity", "__fees")


def _paid_in_other_periods(cursor: Any, claims: pl.DataFrame) -> pl.DataFrame:
    schema = {ID: pl.Int64(), PERIOD: pl.Date(), "__indemnity": CENTS, "__fees": CENTS}
    if not claims.height:
        return pl.DataFrame(schema=schema)
    cursor.execute(
        "DROP TABLE IF EXISTS settling; CREATE TEMPORARY TABLE settling "
        "(id bigint, period_end date) ON COMMIT DROP"
    )
    rows = claims.unique()
    rows.columns = ["id", "period_end"]
    copy_in(cursor, "settling", rows)
    cursor.execute("ANALYZE settling")
    ledger = ClaimMovement._meta.db_table
    return copy_out(
        cursor,
        "SELECT s.id, s.period_end, m.indemnity, m.fees "  # noqa: S608
        "FROM settling s CROSS JOIN LATERAL (SELECT sum(paid_indemnity) AS indemnity, "
        f"sum(paid_fees) AS fees FROM {ledger} WHERE claim_id = s.id "
        "AND period_end IS DISTINCT FROM s.period_end HAVING count(*) > 0) m",
        schema,
    )


def movements(rows: pl.DataFrame, bordereau: int | None) -> pl.DataFrame:
    """Ledger entries of created and updated claims, as columns of the table.

    An entry holds by how much each amount changed; a claim whose money and status
    stay as they were has none.
    """
    rows = with_status(rows)
    columns = set(rows.columns)
    deltas = []
    for name in MONEY:
        new = pl.col(name).fill_null(0) if name in columns else pl.lit(0)
        old = pl.col(WAS + name).fill_null(0) if WAS + name in columns else pl.lit(0)
        delta = (new - old) if name in columns else pl.lit(0)
        deltas.append(delta.cast(CENTS).alias(name))
    before = WAS + "claim_status"
    has_new_status = (
        pl.col("claim_status").ne_missing(pl.col(before))
        if before in columns
        else pl.lit(value=False)
    )
    entries = rows.select(
        pl.col(ID).alias("claim_id"),
        pl.lit(bordereau, dtype=pl.Int64).alias("bordereau_id"),
        pl.col(PERIOD),
        pl.col("claim_status").alias("status_id"),
        *deltas,
        __moved=pl.col("__is_new") | has_new_status,
    )
    moved = pl.col("__moved") | pl.any_horizontal(pl.col(n) != 0 for n in MONEY)
    return entries.filter(moved).drop("__moved")


def with_status(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the status after the load: the file's, else the claim's own."""
    if "claim_status" in rows.columns:
        return rows
    ids = rows.get_column(ID).to_list()
    own = dict(Claim.objects.filter(pk__in=ids).values_list("pk", "status_id"))
    return rows.with_columns(
        pl.Series("claim_status", [own[pk] for pk in ids], dtype=pl.String)
    )
