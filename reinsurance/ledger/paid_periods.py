"""What is paid of positions in each period, for the cash-loss limit."""

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger import timelines
from reinsurance.ledger.statements import live_statements
from reinsurance.ledger.timelines import KEY, MONEY


def paid_by_period(statements: pl.DataFrame, line: pl.DataFrame) -> pl.DataFrame:
    """``position``, ``period_end`` and ``paid``: indemnity and fees, by told period.

    ``line``: the timeline of the statements.  What was paid before the first period
    that is told of a position was paid in no period that anybody knows.
    """
    names = [n for n in ("paid_indemnity", "paid_fees") if n in line.columns]
    whole = pl.sum_horizontal(
        pl.lit(0, MONEY), *(pl.col(n).fill_null(0) for n in names)
    )
    told = timelines.with_periods(statements).select(KEY).unique()
    is_next = pl.col("position") == pl.col("position").shift(1)
    before = (
        pl.when(is_next)
        .then(pl.col("paid").shift(1))
        .when("is_told")
        .then(0)
        .otherwise("paid")
    )
    return (
        line.select(*KEY, paid=whole.cast(MONEY))
        .join(
            told.with_columns(is_told=pl.lit(value=True)),
            on=KEY,
            how="left",
            maintain_order="left",
        )
        .select(*KEY, paid=(pl.col("paid") - before).cast(MONEY))
    )


def paid_of(positions: list[int]) -> pl.DataFrame:
    """What is paid in each period of positions of the books."""
    keys = pl.Series(positions, dtype=pl.Int64)
    with transaction.atomic(), connection.cursor() as cursor:
        found = live_statements(cursor, keys)
    return paid_by_period(found, timelines.timeline(found))
