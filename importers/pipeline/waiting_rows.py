"""Rows that add up wait for each other: without one of them the sum would be wrong.

What a file tells of a claim or premium takes the place of what stood.  Where rows of
the sender add up, and one of them is rejected, the rest of them would stand for all.
"""

import polars as pl

from importers.pipeline.frames import ROW, issues_at
from reinsurance.ledger.periods import END
from reinsurance.ledger.premium_standing import KEY

CODE = "waits_for_row"
_OF = {
    "claims": (
        ["treaty_reference", "claim_reference"],
        ["section", "risk_code", "currency", END],
    ),
    "premiums": (list(KEY[:2]), [*KEY[2:], END]),
}
"""Of each ledger the columns of the record, and those that tell its parts apart."""


def waiting(rejected: pl.DataFrame, rows: pl.DataFrame, ledger: str) -> pl.DataFrame:
    """Issues at rows that add up with one of the rejected ones.

    A part that one of the two does not tell, or not rightly, may be that of the other.
    A row whose contract is not found goes on by itself once somebody picks it, and is
    held beside the others then (:mod:`reinsurance.ledger.other_parts`).
    """
    record, parts = _OF[ledger]
    parts = [n for n in parts if n in rows.columns and n in rejected.columns]
    pairs = (
        rows.select(ROW, *record, *parts)
        .join(rejected.select(ROW, *record, *parts), on=record, suffix="_other")
        .filter(pl.col(ROW) != pl.col(f"{ROW}_other"))
        .filter(*(_may_be_one(name, rows.schema[name]) for name in parts))
        .group_by(ROW)
        .agg(other=pl.col(f"{ROW}_other").min())
        .sort(ROW)
    )
    return issues_at(
        pairs,
        column=record[1],
        value=None,
        code=CODE,
        severity="error",
        message=pl.format(
            "Row {} tells of the same "
            + ("claim" if ledger == "claims" else "premium")
            + " and is rejected. The rows of this sender add up, so this row waits for "
            "it: mend that row, and hand them in together.",
            "other",
        ),
    )


def _may_be_one(name: str, dtype: pl.DataType) -> pl.Expr:
    here, there = pl.col(name), pl.col(f"{name}_other")
    untold = [here.is_null(), there.is_null()]
    if dtype == pl.String:
        untold += [here == "", there == ""]
    return pl.any_horizontal(here == there, *untold).fill_null(value=True)
