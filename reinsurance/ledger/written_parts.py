"""Parts of keys, such as sections, as different senders write them."""

import polars as pl


def plain_part(name: str) -> pl.Expr:
    """A part without what people and spreadsheets write one way or another."""
    return (
        pl.col(name)
        .str.to_lowercase()
        .str.replace(r"\.0+$", "")
        .str.replace(r"^0+(.)", "$1")
    )
