"""Lists of the year to date: which of their entries stood at the end of a period."""

import datetime
from collections.abc import Collection
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out
from reinsurance.ledger.premium_keys import with_whole_keys
from reinsurance.ledger.premium_restating import is_last
from reinsurance.ledger.premium_standing import (
    corrections,
    held_policies,
    lacked,
    tellings,
)


def listed_at(
    cursor: Any, day: datetime.date, *, listing: Collection[int]
) -> list[int]:
    """Keys of entries that stood on the day, of policies that were listed since.

    ``listing``: keys of senders whose files list the year to date.  What their later
    lists replaced, or as corrections left out, stood until then.
    """
    if not listing:
        return []
    senders = ", ".join(map(str, listing))
    policies = copy_out(
        cursor,
        "SELECT DISTINCT e.treaty_id, e.policy_reference "  # noqa: S608 our numbers
        "FROM reinsurance_premiumentry e JOIN reinsurance_load l ON l.id = e.load_id "
        f"WHERE e.period_end > DATE '{day:%Y-%m-%d}' AND l.sender IN ({senders}) "
        "UNION SELECT e.treaty_id, e.policy_reference FROM reinsurance_load g "
        "JOIN reinsurance_loadperiod p ON p.load_id = g.id "
        "JOIN reinsurance_premiumentry e ON e.replaced_by_id = g.id "
        f"AND e.treaty_id = p.treaty_id WHERE g.sender IN ({senders}) "
        f"AND p.period_end > DATE '{day:%Y-%m-%d}'",
        {"treaty": pl.Int64(), "policy": pl.String()},
    )
    if not policies.height:
        return []
    told = (
        tellings(cursor, policies, listing)
        .filter(
            "stands",
            pl.col("sender").is_in(list(listing)),
            pl.col("period_end") <= day,
        )
        .sort("period_end", "number", "row", "id")
        .with_row_index("__n")
    )
    if not told.height:
        return []
    spoken = corrections(cursor, told["treaty_reference"]).filter(
        pl.col("period_end") <= day
    )
    told = with_whole_keys(told, spoken, held_policies(spoken))
    live = told.join(lacked(told, spoken), on="__n", how="anti")
    return live.filter(is_last())["id"].unique().to_list()
