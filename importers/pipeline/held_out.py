"""What rows that are held out name: a correction or a register does not lack it."""

from collections.abc import Iterable
from typing import Any

import polars as pl

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
) -> list[list[Any]]:
    """Contract and reference, in the column ``name``, of records that rows name.

    A row whose contract is not known may be about any of ``contracts``.
    """
    found: set[tuple[Any, ...]] = set()
    for frame in frames:
        if name not in frame.columns:
            continue
        for treaty, text in frame.select("treaty_reference", name).iter_rows():
            keys = contracts if treaty is None else {treaty}
            found.update((key, text) for key in keys if text is not None)
    return [list(pair) for pair in sorted(found)]
