"""What rows that are held out name: a correction or a register does not lack it."""

import datetime
from collections.abc import Iterable
from typing import Any

import polars as pl

from reinsurance.ledger.contracts_left import Rejected
from reinsurance.ledger.periods import END

LINE: dict[str, pl.DataType] = {
    "treaty_reference": pl.String(),
    "cedant": pl.Int64(),
    "inception": pl.Date(),
    "layer_number": pl.Int64(),
    "reinsurer": pl.Int64(),
}
"""Columns that tell whose line a row of a register is, as in :class:`HeldOutLine`."""


def lines_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Whose lines the rows of a register are (:data:`LINE`), each once."""
    cells = [
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in LINE.items()
    ]
    return rows.select(cells).unique(maintain_order=True)


def names_of(
    frames: Iterable[pl.DataFrame], name: str, contracts: set[Any]
) -> list[Rejected]:
    """Contract, reference (in the column ``name``) and period's end that rows name.

    A row whose contract is not known may be about any of ``contracts``.
    """
    found: set[Rejected] = set()
    for frame in frames:
        if name not in frame.columns:
            continue
        for treaty, text, end in frame.select(
            "treaty_reference", name, END
        ).iter_rows():
            keys = contracts if treaty is None else {treaty}
            found.update((key, text, end) for key in keys)
    return sorted(found, key=_in_order)


def _in_order(row: Rejected) -> tuple[int, str, datetime.date]:
    treaty, text, end = row
    return treaty, text or "", end or datetime.date.min


def pairs_of(rejected: Iterable[Rejected]) -> list[list[Any]]:
    """Contract and reference of records that rows name, each once."""
    found = {(treaty, text) for treaty, text, _ in rejected if text is not None}
    return [list(pair) for pair in sorted(found)]
