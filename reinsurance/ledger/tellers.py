"""In words: who told a statement."""

import polars as pl

from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND


def teller(suffix: str = "") -> pl.Expr:
    """In words: who told a statement, by its ``number`` and ``row``."""
    by_hand = pl.col(f"row{suffix}") >= FIRST_ROW_BY_HAND
    return (
        pl.when(by_hand)
        .then(pl.lit("a person"))
        .otherwise(pl.format("number {}", f"number{suffix}"))
    )
