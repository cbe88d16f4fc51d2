"""What is wrong with rows, as frames: the shape that all stages share."""

from functools import cache

import polars as pl

ROW = "row"
BROKEN = "__broken"
"""Column of a row frame: whether the row is held out."""

ISSUES = pl.Schema(
    {
        "row": pl.Int64(),
        "column": pl.String(),
        "value": pl.String(),
        "code": pl.String(),
        "severity": pl.String(),
        "message": pl.String(),
    }
)
"""A frame of issues: ``row`` is the source row number, ``column`` as the sender
calls it."""


@cache
def no_issues() -> pl.DataFrame:
    """An empty frame of issues, always the same: it is asked for often."""
    return pl.DataFrame(schema=ISSUES)


def issues_at(
    rows: pl.DataFrame,
    *,
    column: str | pl.Expr,
    value: pl.Expr | None,
    code: str | pl.Expr,
    severity: str | pl.Expr,
    message: pl.Expr,
) -> pl.DataFrame:
    """One issue for every row of a row frame."""
    if rows.is_empty():  # most rules find nothing, and asking costs more than looking
        return no_issues()
    shown = pl.lit("") if value is None else value.cast(pl.String).fill_null("")
    return rows.select(
        pl.col(ROW).cast(pl.Int64),
        column=pl.lit(column) if isinstance(column, str) else column,
        value=shown.str.slice(0, 200),
        code=pl.lit(code) if isinstance(code, str) else code,
        severity=pl.lit(severity) if isinstance(severity, str) else severity,
        message=message.str.slice(0, 400),
    )
