"""Premiums whose load is undone: what they replaced counts again, unless others do."""

from collections.abc import Collection
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out
from reinsurance.ledger.premium_readings import read_as_before
from reinsurance.ledger.premium_restating import (
    as_they_stand,
    told_beside,
    write_restated,
)
from reinsurance.ledger.premium_standing import corrections, lacked, spoken_for


def undo_premiums(
    cursor: Any, load: int, *, is_correction: bool, listing: Collection[int]
) -> None:
    """After the load was marked as undone; in the caller's transaction.

    Entries that another file repeated are that file's from now on.  Which entries of
    the transactions that the load told, or left out as a correction, stand now is
    worked out anew.  ``listing``: keys of senders whose files list the year to date.
    Raises CountsTwiceError where it would not be clear what counts then.
    """
    after = without(cursor, load, is_correction=is_correction, listing=listing)
    cursor.execute(
        """
        UPDATE reinsurance_premiumentry e
        SET load_id = r.load_id, row = r.first_row + (e.id - r.first_id),
            updated_at = now()
        FROM reinsurance_lineagerange r
        JOIN reinsurance_load l ON l.id = r.load_id AND l.undone_at IS NULL
        WHERE e.load_id = %s AND r.model = 'premiumentry' AND r.action = 'repeated'
            AND e.id BETWEEN r.first_id AND r.last_id
        """,
        [load],
    )
    write_restated(cursor, after)


def without(
    cursor: Any, load: int, *, is_correction: bool, listing: Collection[int]
) -> pl.DataFrame:
    """Entries of the transactions of an undone load as they stand without it.

    Nothing is written.  Raises CountsTwiceError.
    """
    every = told_beside(
        cursor,
        _touched(cursor, load, is_correction=is_correction, listing=listing),
        listing=listing,
    )
    told = every.filter(
        "is_beside", pl.col("stands") | (pl.col("load") == load)
    ).with_row_index("__n")
    before = corrections(cursor, told["treaty_reference"], before=load)
    spoken = before.filter(pl.col("by") != load)
    after = read_as_before(told, before, spoken)
    return as_they_stand(after, lacked(after, spoken))


def _touched(
    cursor: Any, load: int, *, is_correction: bool, listing: Collection[int]
) -> pl.Series:
    """Keys of entries that the load told, replaced, repeated or left out."""
    touched = copy_out(
        cursor,
        f"""
        SELECT e.id FROM reinsurance_premiumentry e
        WHERE e.load_id = {load} OR e.replaced_by_id = {load}
        UNION
        SELECT e.id FROM reinsurance_lineagerange r
        JOIN reinsurance_premiumentry e ON e.id BETWEEN r.first_id AND r.last_id
        WHERE r.load_id = {load} AND r.model = 'premiumentry'
        """,  # noqa: S608 a number
        {"id": pl.Int64()},
    )["id"]
    left_out = touched.clear()
    if is_correction:
        left_out = spoken_for(cursor, load, listing=listing)
    return pl.concat([touched, left_out])
