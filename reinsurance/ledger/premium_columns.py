"""Which columns of a premium file an entry stores, and which a row tells."""

import polars as pl
from django.db import models

from reinsurance.ledger.premium_standing import (
    PERIODS,
    field_of,
)
from reinsurance.resources.premiums import PremiumEntryResource


def stored(frame: pl.DataFrame) -> list[str]:
    """Columns of the frame that an entry has a field for, periods apart."""
    return [
        name
        for name, column in PremiumEntryResource.fields.items()
        if column.attribute and name in frame.columns and name not in PERIODS
    ]


def tells(name: str) -> pl.Expr:
    """Whether a row tells the column: an empty cell tells nothing."""
    if isinstance(field_of(name), models.CharField):
        return pl.col(name).fill_null("") != ""
    return pl.col(name).is_not_null()


def labels() -> dict[str, str]:
    """The header of each column."""
    return {n: str(c.column_name) for n, c in PremiumEntryResource.fields.items()}


AMOUNTS = (
    *(n for n, column in PremiumEntryResource.fields.items() if column.total),
    "net_premium_settlement",
)
"""Amounts that rows may add up to: those of the totals, and one that is in none.

They warn when they change, as those of :data:`OF_RISK` do.
"""

OF_RISK = ("written_premium", "sum_insured", "deductible")
"""Amounts of the risk, which no sum has."""
