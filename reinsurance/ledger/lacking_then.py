"""What a corrected list of the year leaves out of its own period's end alone.

A list of a later period tells it, or leaves it out, so that the books do not change
now; what stood at the end of the correction's period does.
"""

import datetime
from typing import Any

import polars as pl
from django.utils.formats import date_format

from reinsurance.ledger.premium_as_at import live_at
from reinsurance.ledger.premium_keys import with_whole_keys
from reinsurance.ledger.premium_restating import is_last
from reinsurance.ledger.premium_standing import (
    GROUP,
    corrections,
    held_policies,
    tellings,
)


def stood_then(
    cursor: Any, missing: pl.DataFrame, *, gone: pl.Series, number: int, sender: int
) -> pl.DataFrame:
    """Those of the entries that stood on their ``day``, without the file ``number``.

    ``stands``: in words, who tells it for a later period; null: nobody.  ``gone``: keys
    of entries that the file leaves out for good; with them goes what stood before.
    """
    missing = missing.with_columns(stands=pl.lit(None, pl.String))
    if not missing.height:
        return missing
    policies = missing.select("treaty", "policy").unique()
    told = tellings(cursor, policies, [sender]).filter(
        "stands", pl.col("sender") == sender, pl.col("number") != number
    )
    spoken = corrections(cursor, told["treaty_reference"]).filter(
        pl.col("correction") != number, pl.col("sender") == sender
    )
    days = missing["day"].unique().sort().to_list()
    found = [_stood(missing, told, spoken, gone, day) for day in days]
    return pl.concat(found).unique("entry", keep="last", maintain_order=True)


def _stood(
    missing: pl.DataFrame,
    told: pl.DataFrame,
    spoken: pl.DataFrame,
    gone: pl.Series,
    day: datetime.date,
) -> pl.DataFrame:
    before = pl.col("period_end") <= day
    then = _keyed(told.filter(before), spoken.filter(before))
    whole = _keyed(told, spoken)
    stood = live_at(then, spoken, day, whole)
    stood = stood.filter(is_last()).select(*GROUP, entry="id")
    now = live_at(whole, spoken, datetime.date.max, whole).filter(is_last(), ~before)
    left_out = now.filter(pl.col("id").is_in(gone.implode())).select(GROUP)
    stood = stood.join(left_out, on=GROUP, how="anti", nulls_equal=True)
    later = now.group_by(GROUP).agg(pl.col("period_end", "number").last())
    words = [
        f"number {last} tells it for the period to {date_format(end, 'j F Y')}"
        for end, last in later.select("period_end", "number").iter_rows()
    ]
    later = later.select(GROUP).with_columns(stands=pl.Series(words, dtype=pl.String))
    stood = stood.join(later, on=GROUP, how="left", nulls_equal=True)
    return (
        missing.filter(pl.col("day") == day)
        .drop("stands")
        .join(stood.select("entry", "stands").unique("entry"), on="entry")
        .select(missing.columns)
    )


def _keyed(told: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    return with_whole_keys(told, spoken, held_policies(spoken))
