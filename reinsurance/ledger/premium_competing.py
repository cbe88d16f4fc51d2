"""Rows of premium that compete for one premium of the books, which leaves parts out."""

import polars as pl

from reinsurance.ledger.premium_keys import FIRM, PARTS, is_untold
from reinsurance.resources.issues import issues_at, no_issues

_SAID = (
    "Rows {} each fit the one premium of the books that leaves {} out (number {}), and "
    "only one of them can be the same. If together they take its place, declare the "
    "file a correction; else have that premium corrected first, with {} written."
)


def competing(unclear: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Issues of unclear rows that fit one premium of the books each, and all the same.

    They differ among themselves in a part of the key that the one of the books lacks.
    """
    if not unclear.height:
        return no_issues()
    here = known.filter("is_standing").select(*FIRM, *PARTS, "number")
    there = here.group_by([*FIRM, *PARTS]).agg(pl.col("number").max())
    mine = unclear.select("row", *FIRM, *PARTS)
    pairs = mine.join(there, on=FIRM, nulls_equal=True, suffix="_other").filter(
        is_untold(n) | is_untold(f"{n}_other") | (pl.col(n) == pl.col(f"{n}_other"))
        for n in PARTS
    )
    entry = [*FIRM, *(f"{n}_other" for n in PARTS)]
    lacks = {n: ~is_untold(n) & is_untold(f"{n}_other") for n in PARTS}
    labels = [(n, n.removesuffix("_reference").replace("_", " ")) for n in PARTS]
    rows = (
        pairs.filter(pl.len().over("row") == 1)
        .filter(pl.len().over(entry) > 1, pl.any_horizontal(*lacks.values()))
        .with_columns(
            others=pl.col("row").sort().cast(pl.String).str.join(", ").over(entry),
            part=pl.coalesce(pl.when(lacks[n]).then(pl.lit(n)) for n in PARTS),
            value=pl.coalesce(
                pl.when(lacks[n]).then(pl.col(n).cast(pl.String)) for n in PARTS
            ),
            called=pl.coalesce(
                pl.when(lacks[n]).then(pl.lit(label)) for n, label in labels
            ),
        )
    )
    return issues_at(
        rows.sort("row"),
        column=pl.col("part"),
        value=pl.col("value"),
        code="premium_unclear",
        severity="error",
        message=pl.format(
            _SAID, pl.col("others").str.slice(0, 80), "called", "number", "called"
        ),
    )
