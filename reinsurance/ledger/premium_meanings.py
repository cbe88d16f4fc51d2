"""What amounts of premiums mean (share, currency), where a load is taken away.

A row that does not say it was read with what stood, and keeps that at an undo.  Amounts
that it left out do not come back from a row that meant them otherwise, nor from one
with another amount that they follow from.
"""

from collections.abc import Iterable

import polars as pl

from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.premium_breaking import broken_ever, listed
from reinsurance.ledger.premium_columns import labels
from reinsurance.ledger.premium_mixing import (
    live_of,
    means,
    mixed_ever,
    now_and_then,
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
    before = with_meanings(live_of(whole, spoken))
    was = before.select("__n", *(pl.col(means(n)).alias(f"was.{n}") for n in MEANT_BY))
    now = with_meanings(live_of(after, left)).join(was, on="__n", how="left")
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
    require_together(now_and_then(after, left, whole, spoken))
    return after


_UNDO = "Undo number {number} first."


def require_together(
    pairs: Iterable[tuple[pl.DataFrame, pl.DataFrame]], way: str = _UNDO
) -> None:
    """Raise CountsTwiceError where premiums would not go together, and did before.

    ``pairs`` as of :func:`now_and_then`; ``way``: what to do about the file
    ``{number}`` that leaves the columns ``{names}`` out.
    """
    pairs = list(pairs)
    _require_one_meaning(mixed_ever(pairs), way)
    _require_sums(broken_ever(pairs), way)


def _require_one_meaning(found: pl.DataFrame, way: str) -> None:
    """Amounts of two meanings, or one that follows from an amount which is another."""
    if not found.height:
        return
    row = found.filter(pl.col("number") == pl.col("number").max()).row(0, named=True)
    number, name, amount = row["number"], row["name"], f"“{labels()[row['amount']]}”"
    back = f"{amount} of policy {row['policy_reference']} would come back "
    if name in MEANT_BY:
        back += f"at “{row['of_amount']}” beside amounts at “{row['of_entry']}”"
    else:
        back += (
            f"beside “{labels()[name]}” {row['of_entry']}, and was told with "
            f"{row['of_amount']}"
        )
    raise CountsTwiceError(
        f"{back}, as number {number} left it out. "
        + way.format(number=number, names=amount)
    )


def _require_sums(found: pl.DataFrame, way: str) -> None:
    """Amounts that do not add up with what the row that told them leaves out."""
    if not found.height:
        return
    is_last = pl.col("number") == pl.col("number").max()
    row = found.filter(is_last).with_columns(names=listed(pl.col("left")))
    policy, number, said, names = row.select(
        "policy_reference", "number", "said", "names"
    ).row(0)
    raise CountsTwiceError(
        f"Policy {policy} would not add up any more: {said}, as number {number} left "
        f"{names} out. " + way.format(number=number, names=names)
    )
