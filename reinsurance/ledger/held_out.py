"""What rejected rows name: contract, reference and the end of the row's period.

A correction, or a later list of the year, does not lack such a record for that period;
where the end is not known (null), for any.
"""

import datetime
import json
from collections.abc import Iterable
from typing import Any

import polars as pl

HeldOut = tuple[int, str, datetime.date | None]
"""Contract, reference and period's end of what a rejected row names."""
SCHEMA: dict[str, pl.DataType] = {
    "treaty": pl.Int64(),
    "reference": pl.String(),
    "held_end": pl.Date(),
}


def as_json(held_out: Iterable[HeldOut]) -> list[list[Any]]:
    """As a load keeps it."""
    return [[treaty, text, end and end.isoformat()] for treaty, text, end in held_out]


def of_json(values: Iterable[Any]) -> tuple[HeldOut, ...]:
    """What :func:`as_json` made a list of."""
    return tuple(
        (int(treaty), str(text), datetime.date.fromisoformat(end) if end else None)
        for treaty, text, end in values
    )


def frame_of(held_out: Iterable[HeldOut]) -> pl.DataFrame:
    """The same as a frame (:data:`SCHEMA`)."""
    return pl.DataFrame(list(held_out), schema=SCHEMA, orient="row")


def by_correction(corrections: pl.DataFrame) -> pl.DataFrame:
    """``correction`` and :data:`SCHEMA`: what their rows held out name.

    ``corrections``: ``correction`` (its number) and ``held_out``, as JSON.
    """
    texts = corrections.select("correction", "held_out").unique("correction")
    rows = [
        (number, *named)
        for number, text in texts.iter_rows()
        for named in of_json(json.loads(text))
    ]
    schema = {"correction": pl.Int64(), **SCHEMA}
    return pl.DataFrame(rows, schema=schema, orient="row")


def is_held_then(
    period_end: str = "period_end", lists: pl.Expr | None = None
) -> pl.Expr:
    """Whether ``held_end`` is of the period that ends in a column, or of any.

    ``lists``: whether the period is the year, as of a list of the year to date.
    """
    then, end = pl.col("held_end"), pl.col(period_end)
    is_same = then == end
    if lists is not None:
        is_year = then.dt.truncate("1y") == end.dt.truncate("1y")
        is_same = pl.when(lists).then(is_year).otherwise(is_same)
    return then.is_null() | is_same.fill_null(value=False)
