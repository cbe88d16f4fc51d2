"""Lists of the year to date that come late: what later lists of the year lack."""

from typing import Any

import polars as pl

from reinsurance.ledger.premium_standing import held_policies
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues


def lacked_by_later_lists(
    cursor: Any, entries: pl.DataFrame, conventions: Conventions
) -> pl.DataFrame:
    """Warnings of rows that count, and that a later list of the year does not have.

    ``entries``: rows beside the books, with ``later``.  Where the later list comes
    last, it is the one that warns.
    """
    if conventions.premium_lists != "year" or conventions.sender is None:
        return no_issues()
    rows = entries.filter(pl.col("later").is_null())
    whose = ["treaty_reference", "same_period"]
    lists = _lists(cursor, rows["treaty_reference"], conventions.sender)
    beside = (
        rows.join(lists, on=whose)
        .filter(pl.col("list_end") > pl.col("period_end"))
        .join(
            held_policies(lists.rename({"list": "correction"})),
            left_on=["list", "treaty_reference", "policy_reference"],
            right_on=["correction", "treaty_reference", "policy_reference"],
            how="anti",
        )
        .sort("row", "list_end", "list")
        .unique("row", keep="last", maintain_order=True)
    )
    return issues_at(
        beside,
        column="policy_reference",
        value=pl.col("policy_reference"),
        code="list_lacks",
        severity="warning",
        message=pl.format(
            "Number {} lists the year to {} and does not have this premium, which "
            "counts all the same. If it should not, leave the row out; else ask the "
            "sender.",
            "list",
            pl.col("list_end").cast(pl.String),
        ),
    )


def _lists(cursor: Any, treaties: pl.Series, sender: int) -> pl.DataFrame:
    """Lists of a sender that stand: contract, year, ``list_end``, number (``list``)."""
    cursor.execute(
        "SELECT p.treaty_id, date_trunc('year', p.period_end)::date, p.period_end, "
        "l.number, l.held_out::text "
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
        "held_out": pl.String(),
    }
    return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
