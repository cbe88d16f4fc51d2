"""A claim's position: its amounts, and how the figures of a row make them."""

from decimal import Decimal
from typing import Any

import polars as pl

from reinsurance.resources.base import Column
from reinsurance.resources.widgets import AmountWidget

MONEY = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")
"""The amounts of a claim's position; the ledger holds the changes of each."""

NOTHING = Decimal("0.00")


def money(attribute: str | None, column_name: str, **options: Any) -> Column:
    """An amount of the claim; a control total."""
    if not (attribute is None and column_name.startswith("Incurred")):
        options.setdefault("default", NOTHING)
    return Column(attribute, column_name, AmountWidget(), total=True, **options)


def _sum(names: list[str]) -> pl.Expr:
    """The sum of the columns; null where one of them is not understood."""
    first, *others = [pl.col(name) for name in names]
    return sum(others, first)


def with_position(frame: pl.DataFrame) -> pl.DataFrame:
    """Paid to date from *previously* and *this period*; reserve; position.

    The position is all paid and reserved; it is not known where only the
    period's payments are given, for then it takes the ledger to tell.
    """
    is_known = True
    for kind in ("indemnity", "fees"):
        previously, this = f"paid_{kind}_previously", f"paid_{kind}_this_period"
        if {previously, this} <= set(frame.columns):
            paid = pl.col(previously) + pl.col(this)
            frame = frame.with_columns(paid.alias(f"paid_{kind}"))
        elif this in frame.columns and f"paid_{kind}" not in frame.columns:
            is_known = False
    present = [name for name in MONEY if name in frame.columns]
    reserves = [name for name in present if name.startswith("reserve")]
    if reserves:
        frame = frame.with_columns(reserve=_sum(reserves))
    if is_known and len(present) > 1:
        frame = frame.with_columns(position=_sum(present))
    return frame
