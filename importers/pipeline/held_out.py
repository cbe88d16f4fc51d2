"""What rows that are held out name: a correction or a register does not lack it."""

import datetime
from collections.abc import Iterable
from typing import Any

import polars as pl

from reinsurance.ledger.contracts_left import Rejected
from reinsurance.ledger.held_out import HeldOut
from reinsurance.ledger.periods import END

REFERENCES = ("claim_reference", "policy_reference")
"""What tells what a row is about: the first of them that it has."""
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


def names_in(rows: pl.DataFrame) -> pl.DataFrame:
    """``treaty``, ``reference`` of claim or else policy, and end that rows name."""
    told = [name for name in REFERENCES if name in rows.columns]
    reference = pl.col(told[0]) if told else pl.lit(None, pl.String)
    key = {"treaty": "treaty_reference", "reference": reference, "period_end": END}
    return rows.select(**key).unique()


def names_of(frames: Iterable[pl.DataFrame], contracts: set[Any]) -> list[Rejected]:
    """What rows name (:func:`names_in`), as contract, reference and period's end.

    A row whose contract is not known may be about any of ``contracts``.
    """
    found: set[Rejected] = set()
    for frame in frames:
        for treaty, text, end in frame.iter_rows():
            keys = contracts if treaty is None else {treaty}
            found.update((key, text, end) for key in keys)
    return sorted(found, key=_place)


def _place(row: Rejected) -> tuple[int, str, datetime.date]:
    treaty, text, end = row
    return treaty, text or "", end or datetime.date.min


def names_told(rejected: Iterable[Rejected]) -> set[HeldOut]:
    """Those whose reference the rows tell."""
    return {(treaty, text, end) for treaty, text, end in rejected if text is not None}


def in_order(held_out: Iterable[HeldOut]) -> tuple[HeldOut, ...]:
    """In a fixed order."""
    return tuple(sorted(held_out, key=_place))
