"""Control totals of rows, to be compared with what the sender says they come to."""

from decimal import Decimal
from typing import Any

import polars as pl

from importers.record_types import RecordType
from reinsurance.ledger.premium_moves import in_currency, share_told
from reinsurance.resources.conventions import Conventions

Totals = dict[str, dict[str, Any]]
"""Currency to ``{"rows": n, column: sum}``; of premium also by whose share it is."""


def add_up(
    totals: Totals, good: pl.DataFrame, kind: RecordType, conventions: Conventions
) -> None:
    """Add what the good rows of a chunk come to."""
    if "currency" not in good.columns:
        return
    names = [
        name
        for name, column in kind.columns.items()
        if column.total and name in good.columns
    ]
    is_premium = kind.ledger == "premiums"
    share = share_told(good, conventions) if is_premium else pl.lit("")
    sums = good.group_by("currency", __share=share).agg(
        pl.len().alias("rows"), *(pl.col(name).sum() for name in names)
    )
    for row in sums.iter_rows(named=True):
        key = in_currency(row["currency"] or "", row["__share"])
        of_currency = totals.setdefault(key, {"rows": 0})
        of_currency["rows"] += row["rows"]
        for name in names:
            so_far = Decimal(of_currency.get(name, "0.00"))
            of_currency[name] = str(so_far + (row[name] or Decimal("0.00")))
