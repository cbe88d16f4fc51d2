"""Lists of the year to date that come late: what later lists of the year lack."""

from typing import Any

import polars as pl

from reinsurance.ledger.held_out import is_held_then
from reinsurance.ledger.premium_standing import GROUP, held_policies
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

_COUNTS = (
    "Number {} lists the year to {} and does not have this premium under this "
    "contract, where it counts all the same. If it should not, leave the row out; else "
    "ask the sender."
)
_LEFT_OUT = (
    "Number {}, a correction, lists the year to {} and does not have this premium "
    "under this contract, so it counts until then and not after. If it should, have "
    "that list handed in as a correction with it; else leave the row out."
)


def lacked_by_later_lists(
    cursor: Any,
    entries: pl.DataFrame,
    known: pl.DataFrame,
    number: int,
    conventions: Conventions,
) -> pl.DataFrame:
    """Warnings of rows that a later list of the year does not have.

    They count all the same, but where a correction that was received before leaves
    them out (:mod:`later_words` warns of one received later).  ``entries``: rows beside
    the books, with ``later`` and ``left_out_by``; ``known``: what the books were told
    of them.  A list that tells it for another end has it.  Where the later list comes
    last, it is the one that warns.
    """
    if conventions.premium_lists != "year" or conventions.sender is None:
        return no_issues()
    is_left_out = pl.col("left_out_by").is_not_null()
    rows = entries.filter(pl.col("later").is_null() | is_left_out)
    whose = ["treaty_reference", "same_period"]
    lists = _lists(cursor, rows["treaty_reference"], conventions.sender)
    beside = rows.join(lists, on=whose).filter(
        pl.col("list_end") > pl.col("period_end"),
        ~is_left_out
        | ((pl.col("left_out_by") == pl.col("by")) & (pl.col("list") < number)),
    )
    record = ["treaty_reference", "policy_reference", "list"]
    named = held_policies(lists.rename({"list": "correction"})).rename(
        {"correction": "list"}
    )
    held = beside.join(named, on=record).filter(is_held_then(lists=pl.lit(value=True)))
    beside = (
        beside.join(held, on=["row", "list"], how="anti")
        .join(
            known.select(*GROUP, list="number"),
            on=[*GROUP, "list"],
            how="anti",
            nulls_equal=True,
        )
        .sort("row", "list_end", "list")
        .unique("row", keep="last", maintain_order=True)
    )
    told = ("list", pl.col("list_end").cast(pl.String))
    return issues_at(
        beside,
        column="policy_reference",
        value=pl.col("policy_reference"),
        code="list_lacks",
        severity="warning",
        message=pl.when(is_left_out)
        .then(pl.format(_LEFT_OUT, *told))
        .otherwise(pl.format(_COUNTS, *told)),
    )


def _lists(cursor: Any, treaties: pl.Series, sender: int) -> pl.DataFrame:
    """Lists of a sender that stand: contract, year, ``list_end``, number (``list``).

    ``by``: the load; ``held_out`` (JSON): what its rows held out name.
    """
    cursor.execute(
        "SELECT p.treaty_id, date_trunc('year', p.period_end)::date, p.period_end, "
        "l.number, l.id, l.held_out::text "
        "FROM reinsurance_loadperiod p JOIN reinsurance_load l ON l.id = p.load_id "
        "WHERE l.record_type = 'premiums' AND l.undone_at IS NULL AND l.sender = %s "
        "AND p.period_end IS NOT NULL AND p.treaty_id = ANY(%s)",
        [sender, treaties.drop_nulls().unique().to_list()],
    )
    schema = {
        "treaty_reference": pl.Int64(),
        "same_period": pl.Date(),
        "list_end": pl.Date(),
        "list": pl.Int64(),
        "by": pl.Int64(),
        "held_out": pl.String(),
    }
    return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
