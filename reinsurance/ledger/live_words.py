"""Who told records of the books by a word that counts, also by telling them again.

A file of which a later correction of its own sender leaves a record out does not.
"""

from collections.abc import Collection
from typing import Any

import polars as pl

from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND
from reinsurance.ledger.premium_restating import keyed, told_beside
from reinsurance.ledger.premium_standing import corrections, lacked
from reinsurance.ledger.statements import live_statements


def live_of_claims(cursor: Any, positions: pl.Series) -> pl.DataFrame:
    """Statements of the positions (``record``), and ``number`` of who told each."""
    live = live_statements(cursor, positions)
    told = live.filter(pl.col("row") < FIRST_ROW_BY_HAND)
    return told.select("number", record="statement").unique()


def live_of_premiums(
    cursor: Any, entries: pl.Series, *, listing: Collection[int]
) -> pl.DataFrame:
    """The same of premium entries; ``listing``: senders who list the year to date."""
    every = told_beside(cursor, entries, listing=listing).filter("stands")
    told = every.drop("__n", strict=False).with_row_index("__n")
    spoken = corrections(cursor, told["treaty_reference"])
    told = keyed(told, spoken)
    live = told.join(lacked(told, spoken), on="__n", how="anti")
    return live.select("number", record="id").unique()


def is_corrected(cursor: Any, numbers: Collection[int]) -> bool:
    """Whether the sender of one of the files has a correction that stands."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM reinsurance_load l JOIN reinsurance_load c "
        "ON c.record_type = l.record_type AND c.sender IS NOT DISTINCT FROM l.sender "
        "AND c.is_correction AND c.undone_at IS NULL AND c.number <> l.number "
        "WHERE l.user_id IS NULL AND l.number = ANY(%s))",
        [list(numbers)],
    )
    return bool(cursor.fetchone()[0])
