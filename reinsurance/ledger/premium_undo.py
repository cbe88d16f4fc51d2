"""Premiums whose load is undone: what they replaced counts again, unless others do."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.lineage_ranges import holds, write_repeats
from reinsurance.ledger.premium_meanings import meant_as_before
from reinsurance.ledger.premium_periods import require_no_overlap
from reinsurance.ledger.premium_readings import read_as_before
from reinsurance.ledger.premium_restating import (
    as_they_stand,
    differs,
    is_last,
    keyed,
    told_beside,
    write_restated,
)
from reinsurance.ledger.premium_standing import GROUP, corrections, lacked
from reinsurance.ledger.premium_undo_then import changed_then
from reinsurance.ledger.premium_writings import require_one_writing
from reinsurance.ledger.spoken_for import spoken_for


@dataclass(frozen=True, slots=True)
class Without:
    """Premiums as they stand without a load; ``entries``: what is to be written.

    ``goes``, ``changes`` and ``returns``: keys of entries that leave the books, stay
    in them as others than they were, and come back.  ``then``: of premiums that only
    stand otherwise at the end of an earlier period, where that was asked.
    ``as_stored``: those that come back, and read as they are stored.
    """

    entries: pl.DataFrame
    goes: pl.Series
    changes: pl.Series
    returns: pl.Series
    then: pl.Series
    as_stored: pl.Series

    @property
    def otherwise(self) -> pl.Series:
        """Entries that stand otherwise, now or at the end of an earlier period."""
        return pl.concat([self.changes, self.then])


def in_place_of(cursor: Any, found: Without) -> tuple[pl.Series, pl.Series]:
    """Entries that leave, and come back, without those that say the very same.

    One takes the place of the other, and nothing changes.
    """
    sought(cursor, "leaving", id=("bigint", found.goes))
    sought(cursor, "coming_back", id=("bigint", found.as_stored))
    same = copy_out(
        cursor,
        f"SELECT a.id, b.id FROM ({_SAID.format(which='leaving')}) a "  # noqa: S608
        f"JOIN ({_SAID.format(which='coming_back')}) b "
        "ON b.said = a.said AND b.nth = a.nth",
        {"leaving": pl.Int64(), "returning": pl.Int64()},
    )
    goes, returns = found.goes, found.returns
    return (
        goes.filter(~goes.is_in(same["leaving"].implode())),
        returns.filter(~returns.is_in(same["returning"].implode())),
    )


_CONTENT = (
    "to_jsonb(e) - ARRAY['id', 'load_id', 'row', 'told', 'replaced_by_id', "
    "'created_at', 'updated_at']"
)
_SAID = (
    f"SELECT e.id, {_CONTENT} AS said, row_number() OVER ("  # noqa: S608 our names
    f"PARTITION BY {_CONTENT} ORDER BY e.id) AS nth "
    "FROM reinsurance_premiumentry e JOIN {which} k ON k.id = e.id"
)


def undo_premiums(
    cursor: Any, load: int, *, is_correction: bool, listing: Collection[int]
) -> None:
    """After the load was marked as undone; in the caller's transaction.

    Entries that another file repeated are that file's from now on.  Which entries of
    the transactions that the load told, or left out as a correction, stand now is
    worked out anew.  ``listing``: keys of senders whose files list the year to date.
    Raises CountsTwiceError where it would not be clear what counts then.
    """
    found = without(cursor, load, is_correction=is_correction, listing=listing)
    _keep_told(cursor, load)
    cursor.execute(
        f"""
        UPDATE reinsurance_premiumentry e
        SET load_id = r.load_id, row = r.first_row + (e.id - r.first_id),
            updated_at = now()
        FROM reinsurance_lineagerange r
        JOIN reinsurance_load l ON l.id = r.load_id AND l.undone_at IS NULL
        WHERE e.load_id = %s AND r.model = 'premiumentry' AND r.action = 'repeated'
            AND {holds("e.id")}
        """,  # noqa: S608 our names
        [load],
    )
    write_restated(cursor, found.entries)


def _keep_told(cursor: Any, load: int) -> None:
    """Keep, as ranges, which rows of the load told what is another file's from now on.

    So it is still known that they stood by it until its undo.
    """
    repeated = copy_out(
        cursor,
        "SELECT e.row, e.id FROM reinsurance_premiumentry e "  # noqa: S608 our names
        f"WHERE e.load_id = {load} AND EXISTS (SELECT FROM reinsurance_lineagerange r "
        "JOIN reinsurance_load l ON l.id = r.load_id AND l.undone_at IS NULL "
        f"WHERE r.model = 'premiumentry' AND r.action = 'repeated' "
        f"AND {holds('e.id')})",
        {"row": pl.Int64(), "id": pl.Int64()},
    )
    write_repeats(cursor, repeated, model="premiumentry", load=load)


def without(
    cursor: Any,
    load: int,
    *,
    is_correction: bool,
    listing: Collection[int],
    also_then: bool = False,
) -> Without:
    """How premiums stand without a load that was marked as undone; nothing is written.

    ``also_then``: with what stands otherwise at the end of an earlier period.  Raises
    CountsTwiceError where it would not be clear what counts then.
    """
    touched = _touched(cursor, load, is_correction=is_correction, listing=listing)
    every = told_beside(cursor, touched, listing=listing)
    is_told = pl.col("stands") | (pl.col("load") == load)
    told = every.filter("is_beside", is_told).with_row_index("__n")
    before = corrections(cursor, told["treaty_reference"], also=[load])
    spoken = before.filter(pl.col("by") != load)
    after = read_as_before(told, before, spoken)
    after = meant_as_before(told, after, before, spoken)
    gone = lacked(after, spoken)
    entries = as_they_stand(after, gone)
    stood = told.filter(
        pl.col("gone").is_null()
        & ~pl.col("id").is_in(_replaced_by(cursor, load).implode())
    )["id"].unique()
    did_stand = pl.col("id").is_in(stood.implode())
    found = Without(
        entries,
        goes=stood.filter(~stood.is_in(entries.filter("stays")["id"].implode())),
        changes=entries.filter("stays", did_stand, differs())["id"],
        returns=entries.filter("stays", ~did_stand)["id"],
        then=stood.clear(),
        as_stored=entries.filter("stays", ~did_stand, ~differs())["id"],
    )
    if also_then:
        found = replace(found, then=_then(found, told, after, before, load))
    live = after.join(gone, on="__n", how="anti").filter(is_last())
    others = every.filter("stands", ~pl.col("is_beside"), pl.col("gone").is_null())
    columns = others.columns
    back = live.filter(pl.col("id").is_in(found.returns.implode()))
    require_one_writing(back, live)
    require_no_overlap(
        back.select(columns),
        pl.concat([others, live.select(columns)], how="vertical_relaxed"),
    )
    return found


def _then(
    found: Without,
    told: pl.DataFrame,
    after: pl.DataFrame,
    corrections: pl.DataFrame,
    load: int,
) -> pl.Series:
    """Of premiums that stand otherwise at an earlier end, and are not found else."""
    standing = found.entries.filter("stays")["id"]
    then = changed_then(told, after, corrections, load, standing=standing)
    known = pl.concat([found.goes, found.changes, found.returns])
    is_known = pl.col("id").is_in(known.implode())
    said = [f.filter(is_known).select(GROUP) for f in (keyed(told, corrections), after)]
    return then.join(pl.concat(said), on=GROUP, how="anti", nulls_equal=True)["id"]


def _replaced_by(cursor: Any, load: int) -> pl.Series:
    query = f"SELECT id FROM reinsurance_premiumentry WHERE replaced_by_id = {load}"  # noqa: S608 a number
    return copy_out(cursor, query, {"id": pl.Int64()})["id"]


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
