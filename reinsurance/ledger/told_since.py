"""Rows that go on as a file of their own, and what was received since their first file.

They are rows of that file still: what another file or a person told after it is the
later word, and does not give way to them without somebody who says so.
"""

from collections.abc import Collection
from typing import Any

import polars as pl

from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND
from reinsurance.ledger.claim_corrections import corrections_of, lacking_dropped
from reinsurance.ledger.premium_standing import GROUP, lacked
from reinsurance.ledger.timelines import KEY
from reinsurance.resources.issues import issues_at, no_issues

CODE = "told_since"


def claims_told_since(
    cursor: Any,
    new: pl.DataFrame,
    old: pl.DataFrame,
    claims: pl.DataFrame,
    *,
    number: int,
    parts: Collection[int],
) -> pl.DataFrame:
    """Issues of rows whose position and period were told, or left out, since.

    ``new``: statements of the rows, ``old`` live ones of their positions, ``claims``
    (``claim``, ``treaty``, ``reference``) of the rows; ``parts``: numbers of all other
    files with rows of the same one.
    """
    first = min([number, *parts])
    if first == number or not new.height:
        return no_issues()
    is_between = _is_between(pl.col("number"), first, number, parts)
    by_hand = (pl.col("row") >= FIRST_ROW_BY_HAND) & (pl.col("number") == first)
    told = old.filter(is_between | by_hand)
    told = told.sort("number", "row").with_columns(said=_who())
    # A row without a period would be of the last one that was told.
    has_period = pl.col("period_end").is_not_null()
    since = [
        new.filter(is_its)
        .select("row", *key)
        .join(told.group_by(key).agg(pl.col("said").last()), on=key)
        .select("row", "said")
        for is_its, key in ((has_period, KEY), (~has_period, KEY[:1]))
    ]
    spoken = corrections_of(cursor, new["treaty"], new=claims).filter(
        _is_between(pl.col("correction"), first, number, parts)
    )
    as_first = new.with_columns(number=pl.lit(first, pl.Int64))
    every = pl.concat([old, as_first], how="diagonal_relaxed")
    left = lacking_dropped(every, spoken).filter(pl.col("statement").is_null())
    gone = new.join(left, on="row", how="anti").join(
        spoken, on=["treaty", "period_end", "sender"], nulls_equal=True
    )
    lost = gone.group_by("row").agg(since=pl.col("correction").max())
    return _issues(pl.concat(since), lost, first, "claim_reference")


def premiums_told_since(
    rows: pl.DataFrame,
    every: pl.DataFrame,
    spoken: pl.DataFrame,
    *,
    number: int,
    parts: Collection[int],
) -> pl.DataFrame:
    """The same of premiums: ``rows`` and ``every``, tellings, have whole keys.

    ``spoken``: corrections.  What a list of the year to a later day tells stands
    whenever it was received, and is no matter here.
    """
    first = min([number, *parts])
    if first == number or not rows.height:
        return no_issues()
    key = [*GROUP, "period_end"]
    told = every.filter(_is_between(pl.col("number"), first, number, parts))
    last = told.group_by(key).agg(said=_told(pl.col("number").max()))
    since = rows.select("row", *key).join(last, on=key, nulls_equal=True)
    own = rows.select(*("sender", *key), __n="row", number=pl.lit(first, pl.Int64))
    between = spoken.filter(_is_between(pl.col("correction"), first, number, parts))
    lost = [pl.DataFrame(schema={"row": pl.Int64, "since": pl.Int64})]
    for day in between["period_end"].unique().sort():
        then = between.filter(pl.col("period_end") == day)
        gone = lacked(own.filter(pl.col("period_end") == day), then, every)
        by = then.select("by", since="correction").unique()
        lost.append(
            gone.join(by, on="by").select(
                pl.col("__n").cast(pl.Int64).alias("row"), "since"
            )
        )
    return _issues(
        since.select("row", "said"), pl.concat(lost), first, "policy_reference"
    )


def _is_between(
    other: pl.Expr, first: int, number: int, parts: Collection[int]
) -> pl.Expr:
    return (other > first) & (other < number) & ~other.is_in(list(parts))


def _told(number: pl.Expr) -> pl.Expr:
    return pl.format("Number {} told this period since", number)


def _who() -> pl.Expr:
    """In words: that a file, or a person, told a statement."""
    by_hand = pl.lit("A person told this period since")
    is_by_hand = pl.col("row") >= FIRST_ROW_BY_HAND
    return pl.when(is_by_hand).then(by_hand).otherwise(_told(pl.col("number")))


def _issues(
    told: pl.DataFrame, lost: pl.DataFrame, first: int, column: str
) -> pl.DataFrame:
    """Of each row what was said since (``row``, ``said``), or who left it out."""
    left = lost.join(told, on="row", how="anti").select(
        "row",
        said=pl.format("Number {}, a correction, left this out since", "since"),
    )
    return issues_at(
        pl.concat([told, left]).unique("row", keep="first").sort("row"),
        column=column,
        value=None,
        code=CODE,
        severity="error",
        message=pl.format(
            "{}: it was received after number {}, of which this row is. That stands. "
            "If this row is right all the same, hand it in as a file of its own.",
            "said",
            pl.lit(first),
        ),
    )
