"""Late rows of lists of the year that make a row of a later list unclear."""

import polars as pl

from reinsurance.ledger.premium_keys import FIRM, PARTS, with_whole_keys
from reinsurance.ledger.premium_standing import held_policies
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

ORDER = ["period_end", "number"]
"""Lists of the year are read in the order of their periods, then of receipt."""


def unclear_in_later_lists(
    rows: pl.DataFrame,
    every: pl.DataFrame,
    spoken: pl.DataFrame,
    number: int,
    conventions: Conventions,
) -> pl.DataFrame:
    """Issues of rows beside which a row of a later list fits several premiums.

    ``rows`` and ``every`` (of the books) with parts of the key as they were told.
    """
    known = every.filter(pl.col("same_sender").is_not_null())
    if conventions.premium_lists != "year" or not known.height:
        return no_issues()
    shared = ["row", "sender", "apart", *ORDER, *FIRM, *PARTS]
    dtypes = {name: known.schema[name] for name in shared}
    mine = rows.with_columns(
        number=pl.lit(number, pl.Int64), apart=pl.lit(value=False)
    ).select(pl.col(name).cast(dtype) for name, dtype in dtypes.items())
    if conventions.is_correction:
        own = mine.select("treaty_reference", "period_end", "sender").unique()
        own = own.with_columns(
            correction=pl.lit(number, pl.Int64), held_out=pl.lit("[]")
        )
        spoken = pl.concat([spoken, own], how="diagonal")
    before = _fits_several(known.select(shared), spoken)
    after = _fits_several(pl.concat([known.select(shared), mine]), spoken)
    torn = (
        known.filter(after.head(known.height) & ~before, "is_standing")
        .sort(ORDER)
        .group_by(FIRM, maintain_order=True)
        .agg(list=pl.col("number").last(), list_end=pl.col("period_end").last())
    )
    unclear = rows.join(torn, on=FIRM, nulls_equal=True).filter(
        pl.col("list_end") > pl.col("period_end")
    )
    return issues_at(
        unclear.sort("row"),
        column="section",
        value=pl.col("section"),
        code="premium_unclear",
        severity="error",
        message=pl.format(
            "Number {} lists the year to {} and leaves certificate, section, risk code "
            "or instalment out: beside this row it would not be clear which premium "
            "that one tells. Have that list handed in as a correction with them, then "
            "this one anew.",
            "list",
            pl.col("list_end").cast(pl.String),
        ),
    )


def _fits_several(told: pl.DataFrame, spoken: pl.DataFrame) -> pl.Series:
    """Whether each telling fits several, read in the order of the lists."""
    ends = spoken.select("period_end", number="correction")
    order = pl.concat([told.select(ORDER), ends.select(ORDER)]).unique().sort(ORDER)
    order = order.with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))
    placed = told.join(order, on=ORDER, how="left", maintain_order="left")
    corrections = spoken.join(
        order, left_on=["period_end", "correction"], right_on=ORDER, how="left"
    ).with_columns(correction="place")
    placed = placed.with_columns(number="place")
    read = with_whole_keys(placed, corrections, held_policies(corrections))
    return read["fits_several"]
