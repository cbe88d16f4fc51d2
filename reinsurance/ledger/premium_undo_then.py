"""Premiums that stood otherwise at the end of an earlier period, without a load.

A list of the year to date may tell nothing that counts now, as a later one tells the
same, and yet be what stood at the end of its own period.
"""

import datetime

import polars as pl

from reinsurance.ledger.premium_as_at import ORDER
from reinsurance.ledger.premium_restating import as_they_stand, keyed
from reinsurance.ledger.premium_standing import COLUMNS, GROUP, lacked


def changed_then(
    told: pl.DataFrame,
    after: pl.DataFrame,
    corrections: pl.DataFrame,
    load: int,
    *,
    standing: pl.Series,
) -> pl.DataFrame:
    """Transactions that stand otherwise at the end of a period that the load is for.

    ``told``: with tellings of the load, ``after``: without them, as they are read then;
    ``corrections``: with it.  ``id``: the entry that stands in the end (of those in
    ``standing``), or else the last one that stood.  What stands otherwise later on, and
    not at the load's own ends, there is none.
    """
    is_list = pl.col("same_sender").is_not_null()
    told, after = told.filter(is_list), after.filter(is_list)
    own = told.filter(pl.col("load") == load)["period_end"]
    spoken_for = corrections.filter(pl.col("by") == load)["period_end"]
    days = pl.concat([own, spoken_for]).drop_nulls().unique().sort().to_list()
    before = keyed(told, corrections)
    left = corrections.filter(pl.col("by") != load)
    pairs = [(_at(before, corrections, day), _at(after, left, day)) for day in days]
    changed = [_otherwise(was, now) for was, now in pairs]
    every = [frame.select("id", *GROUP) for pair in pairs for frame in pair]
    if not changed:
        return before.select("id", *GROUP).clear()
    return (
        pl.concat([*every, after.select("id", *GROUP)])
        .with_columns(stands=pl.col("id").is_in(standing.implode()))
        .join(pl.concat(changed), on=GROUP, how="semi", nulls_equal=True)
        .sort("stands", "id")
        .group_by(GROUP, maintain_order=True)
        .agg(pl.col("id").last())
        .select("id", *GROUP)
    )


def _at(
    told: pl.DataFrame, corrections: pl.DataFrame, day: datetime.date
) -> pl.DataFrame:
    """What stood on the day, as it read then."""
    until = pl.col("period_end") <= day
    then = told.drop("__n").filter(until).sort(ORDER).with_row_index("__n")
    stood = as_they_stand(then, lacked(then, corrections.filter(until), told))
    return stood.filter("stays").select(
        "id", *GROUP, *(pl.col(f"now_{n}").alias(n) for n in COLUMNS)
    )


def _otherwise(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Transactions of which not the same stands in both."""
    counts = [f.group_by(*GROUP, *COLUMNS).len() for f in (was, now)]
    found = [
        one.join(other, on=one.columns, how="anti", nulls_equal=True).select(GROUP)
        for one, other in (counts, reversed(counts))
    ]
    return pl.concat(found).unique()
