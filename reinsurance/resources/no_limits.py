"""Limits that a row says there are none of, told apart from those that it leaves out.

Both are null in a frame of values: an empty cell tells nothing, and what the books know
stays; "unlimited" takes the limit out of the books.
"""

import polars as pl

NONE = "none."
"""Before the name of a column of limits: whether the row says that there is none."""
UNLIMITED = float("inf")
"""A limit that is told as none, where frames have no room for :data:`NONE`."""


def says_none(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Whether rows say that there is no limit ``name``."""
    if NONE + name not in frame.columns:
        return pl.lit(value=False)
    return pl.col(NONE + name).fill_null(value=False)
