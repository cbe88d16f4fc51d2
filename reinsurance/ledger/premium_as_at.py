"""What stood at the end of a period of what lists of the year to date told.

A list that comes late, or corrects an earlier one, may leave the books as they are now,
as a list of a later period tells the same, and change what stood at its own end.
"""

import datetime
from typing import Any

import polars as pl

from reinsurance.ledger.contradictions import plain
from reinsurance.ledger.premium_columns import AMOUNTS, labels
from reinsurance.ledger.premium_restating import is_last
from reinsurance.ledger.premium_standing import GROUP, lacked
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

ORDER = ["period_end", "number", "row"]


def live_at(
    told: pl.DataFrame, spoken: pl.DataFrame, day: datetime.date
) -> pl.DataFrame:
    """Tellings that corrections (``spoken``) had not left out at a day, in order.

    ``told`` with whole keys.
    """
    then = told.filter(pl.col("period_end") <= day).sort(ORDER).with_row_index("__n")
    gone = lacked(then, spoken.filter(pl.col("period_end") <= day))
    return then.join(gone, on="__n", how="anti")


def told_again(
    entries: pl.DataFrame, known: pl.DataFrame, conventions: Conventions
) -> pl.Series:
    """Keys of what the books have of transactions that a corrected list tells.

    None of it does it lack, whatever period its own row is for.
    """
    if conventions.premium_lists != "year" or not conventions.is_correction:
        return pl.Series(dtype=pl.Int64)
    groups = entries.select(GROUP).unique()
    return known.join(groups, on=GROUP, how="semi", nulls_equal=True)["id"]


def changed_as_at(
    entries: pl.DataFrame, every: pl.DataFrame, spoken: pl.DataFrame, number: int
) -> pl.DataFrame:
    """Warnings of rows that change what stood at their own period's end alone.

    ``entries``: rows beside the books, with ``later``; ``every``: what the books have
    of their policies, ``spoken`` the corrections, ``number`` the file's.
    """
    late = entries.filter(
        pl.col("later").is_not_null(), pl.col("same_sender").is_not_null()
    )
    if not late.height:
        return no_issues()
    groups = late.select(GROUP).unique()
    known = every.filter(pl.col("number") != number).join(
        groups, on=GROUP, how="semi", nulls_equal=True
    )
    days = late["period_end"].unique().sort().to_list()
    found = [_changed_at(day, late, known, spoken, number) for day in days]
    return pl.concat(found)


def _changed_at(
    day: Any,
    late: pl.DataFrame,
    known: pl.DataFrame,
    spoken: pl.DataFrame,
    number: int,
) -> pl.DataFrame:
    rows = late.filter(pl.col("period_end") == day)
    names = [n for n in rows.columns if n in known.columns and n != "number"]
    mine = rows.select(pl.col(n).cast(known.schema[n]) for n in names).with_columns(
        number=pl.lit(number, known.schema["number"])
    )
    both = live_at(pl.concat([known, mine], how="diagonal"), spoken, day)
    is_own = pl.col("number") == number
    before = _summed(both.filter(~is_own).filter(is_last()), "was.")
    now = _summed(both.filter(is_last()).filter(is_own), "")
    beside = now.join(before, on=GROUP, nulls_equal=True).sort("row")
    told = [n for n in AMOUNTS if n in names]
    return pl.concat([no_issues(), *(_at_amount(beside, n, day) for n in told)])


def _at_amount(beside: pl.DataFrame, name: str, day: datetime.date) -> pl.DataFrame:
    changed = beside.filter(
        pl.col(name).is_not_null() & pl.col(name).ne_missing(pl.col(f"was.{name}"))
    )
    return issues_at(
        changed,
        column=name,
        value=pl.col(name),
        code="premium_changed",
        severity="warning",
        message=pl.format(
            f"{labels()[name]}: {{}} replaces {{}} of number {{}} as at {day}. What "
            "was told for a later period stays.",
            plain(pl.col(name)),
            plain(pl.col(f"was.{name}")),
            "was.number",
        ),
    )


def _summed(told: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """Amounts of each transaction, as rows that add are several; ``row`` the first."""
    return told.group_by(GROUP, maintain_order=True).agg(
        pl.col("row").min().alias(f"{prefix}row"),
        pl.col("number").last().alias(f"{prefix}number"),
        *(
            pl.when(pl.col(n).is_not_null().any())
            .then(pl.col(n).sum())
            .alias(f"{prefix}{n}")
            for n in AMOUNTS
        ),
    )
