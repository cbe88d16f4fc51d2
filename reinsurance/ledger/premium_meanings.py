"""What amounts of premiums mean (share, currency), where a load is taken away.

A row that does not say it was read with what stood, and keeps that at an undo.  Amounts
that it left out do not come back from a row that meant them otherwise, nor from one
with another amount that they follow from.
"""

import polars as pl

from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.premium_columns import labels
from reinsurance.ledger.premium_mixing import (
    means,
    mixed_ever,
    says,
    with_meanings,
)
from reinsurance.ledger.premium_restating import keyed
from reinsurance.ledger.premium_settled_rules import MEANT_BY
from reinsurance.ledger.premium_standing import COLUMNS, has_bit


def meant_as_before(
    told: pl.DataFrame,
    after: pl.DataFrame,
    spoken: pl.DataFrame,
    left: pl.DataFrame,
) -> pl.DataFrame:
    """Tellings without a load, which say what their amounts were read as with it.

    ``told``, ``spoken`` and ``left`` as in :mod:`premium_readings`; ``after``: those
    that stand, with whole keys.  Raises CountsTwiceError where amounts that were left
    out come from a row that meant them otherwise.
    """
    whole = keyed(told, spoken)
    before = with_meanings(whole, spoken)
    was = before.select("__n", *(pl.col(means(n)).alias(f"was.{n}") for n in MEANT_BY))
    now = with_meanings(after, left).join(was, on="__n", how="left")
    for name, amounts in MEANT_BY.items():
        is_kept = (
            (pl.col(f"was.{name}") != pl.col(means(name)).fill_null(""))
            & ~says(name)
            & pl.any_horizontal(has_bit(a) & pl.col(a).is_not_null() for a in amounts)
        )
        kept = now.filter(is_kept).sort("__n").unique("id", keep="last")
        kept = kept.select("id", kept=f"was.{name}")
        if kept.height:
            bit = 1 << COLUMNS.index(name)
            is_new = pl.col("kept").is_not_null() & ~has_bit(name)
            after = after.join(kept, on="id", how="left", maintain_order="left")
            after = after.with_columns(
                pl.coalesce("kept", name).alias(name),
                told=pl.col("told") + pl.when(is_new).then(bit).otherwise(0),
            ).drop("kept")
    _require_one_meaning(mixed_ever(after, left, whole, spoken))
    return after


def _require_one_meaning(found: pl.DataFrame) -> None:
    """Raise CountsTwiceError where an entry would have amounts that do not go together.

    Amounts of two meanings, or one that follows from an amount which is another now;
    now or, of lists of the year to date, at the end of an earlier period.
    """
    if not found.height:
        return
    row = found.filter(pl.col("number") == pl.col("number").max()).row(0, named=True)
    number, name = row["number"], row["name"]
    back = (
        f"“{labels()[row['amount']]}” of policy {row['policy_reference']} would come "
    )
    if name in MEANT_BY:
        back += f"back at “{row['of_amount']}” beside amounts at “{row['of_entry']}”"
    else:
        back += (
            f"back beside “{labels()[name]}” {row['of_entry']}, and was told with "
            f"{row['of_amount']}"
        )
    raise CountsTwiceError(
        f"{back}, as number {number} left it out. Undo number {number} first."
    )
