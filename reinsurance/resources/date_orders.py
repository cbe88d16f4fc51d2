"""Two dates in order, of which a row tells one and the books have the other."""

import polars as pl

from reinsurance.resources.issues import issues_at, no_issues


def out_of_order(
    rows: pl.DataFrame, first: str, then: str, *, code: str, message: str
) -> pl.DataFrame:
    """Issues of rows whose date is on the wrong side of that of the books.

    The books' are ``was.<name>``.  ``message`` has places for the first date and for
    the second one.  Where a row tells both, that is a rule of its own.
    """
    dates = {
        name: pl.col(name) if name in rows.columns else pl.lit(None, pl.Date)
        for name in (first, then)
    }
    rows = rows.with_columns(
        *(date.alias(f"told.{name}") for name, date in dates.items()),
        *(
            pl.coalesce(date, f"was.{name}").alias(f"now.{name}")
            for name, date in dates.items()
        ),
    ).filter(
        pl.col(f"now.{then}") < pl.col(f"now.{first}"),
        pl.col(f"told.{first}").is_not_null() != pl.col(f"told.{then}").is_not_null(),
    )
    if not rows.height:
        return no_issues()
    tells_first = pl.col(f"told.{first}").is_not_null()
    return issues_at(
        rows,
        column=pl.when(tells_first).then(pl.lit(first)).otherwise(pl.lit(then)),
        value=pl.coalesce(f"told.{first}", f"told.{then}"),
        code=code,
        severity="error",
        message=pl.format(
            message,
            *(pl.col(f"now.{name}").dt.strftime("%-d %B %Y") for name in (first, then)),
        ),
    )
