"""Whether amounts of premium are at 100 % or our share: what a row may say of it."""

import polars as pl

from reinsurance.choices import AmountsAre
from reinsurance.ledger.premium_columns import tells
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

_LABELS = {value: str(label) for value, label in AmountsAre.choices}


def shares_told_together(told: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Rows that add up, of which some are at 100 % and some our share.

    ``key``: columns that tell the transaction and period.  Rows that do not say it are
    not among them.
    """
    if "amounts_are" not in told.columns:
        return no_issues()
    rows = told.filter(tells("amounts_are")).with_columns(
        shares=pl.col("amounts_are").n_unique().over(key),
        others=pl.col("row").sort().cast(pl.String).str.join(", ").over(key),
    )
    return issues_at(
        rows.filter(pl.col("shares") > 1),
        column="amounts_are",
        value=pl.col("amounts_are").replace(_LABELS),
        code="conflicting_rows",
        severity="error",
        message=pl.format(
            "Rows {} tell the same premium of the period, some at 100 % and some our "
            "share: they are never added up. Tell all of them at the same share.",
            pl.col("others").str.slice(0, 80),
        ),
    )


def share_changed(entries: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """Amounts at 100 % that replace our share of them, or the reverse.

    Only a correction may say that it was told at the wrong one.
    """
    if "amounts_are" not in entries.columns:
        return no_issues()
    was = pl.col("was.amounts_are").fill_null("")
    rows = entries.filter(
        pl.col("later").is_null()
        & tells("amounts_are")
        & (was != "")
        & (pl.col("amounts_are") != was)
    )
    return issues_at(
        rows,
        column="amounts_are",
        value=pl.col("amounts_are"),
        code="share_changed",
        severity="warning" if conventions.is_correction else "error",
        message=pl.format(
            "The amounts are “{}” here, and were “{}” in number {} for the same "
            "transaction and period. If they were told at the wrong one, declare the "
            "file a correction; else mend the column or the sender's setting.",
            pl.col("amounts_are").replace(_LABELS),
            was.replace(_LABELS),
            "was_number",
        ),
    )


def share_of_others(entries: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """Rows that do not say it, of premium that another sender's file told with it.

    What one sender's amounts are says nothing of another's.
    """
    tells_it = (
        tells("amounts_are")
        if "amounts_are" in entries.columns
        else pl.lit(value=False)
    )
    was = pl.col("was.amounts_are").fill_null("")
    rows = entries.filter(
        pl.col("later").is_null()
        & ~tells_it
        & (was != "")
        & pl.col("gross_premium").is_not_null()
        & pl.col("was_sender").ne_missing(pl.lit(conventions.sender, pl.Int64))
        & pl.col("was_sender").is_not_null()
    )
    return issues_at(
        rows,
        column="amounts_are",
        value=None,
        code="share_untold",
        severity="error",
        message=pl.format(
            "The row does not say whether its amounts are at 100 % or our share, and "
            "number {}, of another sender, told this premium as “{}”. Add a column "
            "that says it, or have it set at the sender.",
            "was_number",
            was.replace(_LABELS),
        ),
    )
