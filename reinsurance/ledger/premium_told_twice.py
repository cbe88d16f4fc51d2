"""Rows of one file that tell the same premium and period: held out, or added up."""

import polars as pl

from reinsurance.ledger.periods import END, START
from reinsurance.ledger.premium_columns import stored
from reinsurance.ledger.premium_share_rules import shares_told_together
from reinsurance.ledger.premium_standing import KEY
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues


def told_twice(told: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """The same transaction twice in one file and period; at two shares, if rows add."""
    key = [*KEY, "__same_period"]
    if conventions.premium_lists != "year":
        key.append(START)
    if conventions.equal_rows_add:
        shares = shares_told_together(told, key)
        if conventions.premium_lists != "year":
            return shares
        return pl.concat([shares, _at_two_ends(told, key)])
    shared = told.filter(pl.struct(key).is_duplicated())
    if not shared.height:
        return no_issues()
    content = [n for n in (*stored(told), "details") if n not in KEY]
    shared = shared.with_columns(
        versions=pl.struct(content).n_unique().over(key),
        first=pl.col("row").min().over(key),
        others=pl.col("row").cast(pl.String).str.join(", ").over(key),
    )
    return pl.concat(
        [
            issues_at(
                shared.filter(pl.col("versions") > 1),
                column="policy_reference",
                value=None,
                code="conflicting_rows",
                severity="error",
                message=pl.format(
                    "Rows {} give different values for the same premium entry. Keep "
                    "the right one.",
                    pl.col("others").str.slice(0, 80),
                ),
            ),
            issues_at(
                shared.filter(
                    (pl.col("versions") == 1) & (pl.col("row") != pl.col("first"))
                ),
                column="",
                value=None,
                code="duplicate_row",
                severity="error",
                message=pl.format(
                    "The row repeats row {}; it is not loaded twice.", "first"
                ),
            ),
        ]
    )


def _at_two_ends(told: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Rows of a list of the year that add up, and are for periods of other ends.

    The list for the last end would take the place of what it has for the first.
    """
    rows = told.with_columns(
        ends=pl.col(END).n_unique().over(key),
        others=pl.col("row").sort().cast(pl.String).str.join(", ").over(key),
    )
    return issues_at(
        rows.filter(pl.col("ends") > 1),
        column="period_end",
        value=pl.col(END),
        code="conflicting_rows",
        severity="error",
        message=pl.format(
            "Rows {} tell the same premium of the year for periods that end on "
            "different days: in a list of the year to date the last one has all of it. "
            "Write the end of the list in each of them, or hand in a list for each.",
            pl.col("others").str.slice(0, 80),
        ),
    )
