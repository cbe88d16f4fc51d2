"""New premiums that stand beside another sender's of the same transaction.

In another currency, section, risk code, certificate or instalment: one sender splits a
transaction so; of two senders the same may count twice.
"""

import polars as pl

_SAME = [
    *("treaty_reference", "policy_reference", "transaction_type", "effective_date"),
    "period_end",
]


def told_beside(entries: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """``number`` of another sender's file and ``count``, of how many of its premiums.

    ``entries`` to be added, ``known`` of the books of their policies; not premiums that
    the entries tell again.
    """
    again = entries["replaces"].explode().drop_nulls()
    theirs = known.filter("is_standing", ~pl.col("id").is_in(again.implode()))
    new = entries.filter(pl.col("was_id").is_null(), pl.col("later").is_null())
    if not theirs.height or not new.height:
        return pl.DataFrame(schema={"number": pl.Int64, "count": pl.Int64})
    return (
        theirs.join(new.select(*_SAME, own="sender").unique(), on=_SAME)
        .filter(pl.col("sender").ne_missing(pl.col("own")))
        .group_by("number")
        .agg(pl.col("id").n_unique().cast(pl.Int64).alias("count"))
        .select(pl.col("number").cast(pl.Int64), "count")
    )
