"""Premiums as transactions: told again for a period they replace, for another they add.

An entry is what one row told; it stands as long as its load does and no entry of the
same key and period that was received later stands.  Nothing is ever added up here.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.further_details import details_of
from reinsurance.ledger.other_parts import premiums_of_other_parts
from reinsurance.ledger.periods import END, START
from reinsurance.ledger.premium_as_at import at_days, changed_as_at, told_again
from reinsurance.ledger.premium_beside import told_beside
from reinsurance.ledger.premium_checks import (
    adds_otherwise,
    changed,
    currencies_changed,
    fits_several,
    listed_to_date,
    told_otherwise_often,
)
from reinsurance.ledger.premium_columns import stored, tells
from reinsurance.ledger.premium_income import income_moves
from reinsurance.ledger.premium_keys import PARTS
from reinsurance.ledger.premium_late_keys import unclear_in_later_lists
from reinsurance.ledger.premium_late_lists import lacked_by_later_lists
from reinsurance.ledger.premium_late_rows import late_rows, that_count
from reinsurance.ledger.premium_matching import beside, with_keys
from reinsurance.ledger.premium_moves import moves_of
from reinsurance.ledger.premium_periods import overlapping
from reinsurance.ledger.premium_ruled import ruled
from reinsurance.ledger.premium_standing import (
    APART,
    COLUMNS,
    KEY,
    corrections,
    field_of,
    tellings,
    with_groups,
)
from reinsurance.ledger.premium_told_twice import told_twice
from reinsurance.ledger.premium_writings import of_another_type, written_otherwise
from reinsurance.ledger.told_since import premiums_told_since
from reinsurance.models import PremiumEntry
from reinsurance.resources.base import dtype_of
from reinsurance.resources.conventions import Conventions

TABLE = PremiumEntry._meta.db_table
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass(frozen=True, slots=True)
class PremiumSettlement:
    """What rows do to the premiums; ``rows`` has ``row`` and ``__action``.

    ``entries``: to be added, with ``replaces`` (keys of entries) and ``replaced`` (the
    load that told the same later; null: none); ``repeats``: ``row`` and ``id``.
    ``counted``: those that count, of late ones the cells that do.
    ``income``: by how much the premium income of contracts changes
    (:mod:`premium_income`); ``again`` and ``as_at``: of corrections and of lists of
    the year to date (:mod:`premium_as_at`).
    """

    rows: pl.DataFrame
    held_out: pl.Series
    issues: pl.DataFrame
    ruled: pl.DataFrame
    entries: pl.DataFrame
    repeats: pl.DataFrame
    counted: pl.DataFrame
    known: pl.DataFrame
    income: pl.DataFrame
    again: pl.Series
    as_at: pl.DataFrame

    @property
    def moves(self) -> dict[str, Any]:
        """By how much gross premium changes in all (:func:`premium_moves.moves_of`)."""
        return moves_of(self.counted, self.known)

    @property
    def present(self) -> pl.DataFrame:
        """Entries of the books that rows tell again."""
        told = self.entries["replaces"].explode().drop_nulls()
        return pl.DataFrame(
            {"entry": pl.concat([told, self.repeats["id"], self.again])},
            schema={"entry": pl.Int64},
        )

    @property
    def beside(self) -> pl.DataFrame:
        """Files of other senders beside whose premiums new ones stand (``number``)."""
        return told_beside(self.entries, self.known)


def settle_premiums(
    cursor: Any,
    rows: pl.DataFrame,
    *,
    number: int,
    conventions: Conventions,
    labels: Mapping[str, str],
    listing: Callable[[], Collection[int]],
    parts: Collection[int] = (),
) -> PremiumSettlement:
    """Settle good rows of an ingestion; inside a transaction.

    ``listing``: gives the keys of senders whose files list the year to date; ``parts``:
    numbers of other ingestions with rows of the same file.
    """
    told = _as_told(rows, conventions, labels)
    twice = told_twice(told, conventions)
    wrong = twice.filter(pl.col("severity") == "error")["row"]
    good = told.filter(~pl.col("row").is_in(wrong.implode()))
    every, good = _with_books(cursor, good, conventions, listing)
    spoken = corrections(cursor, good["treaty_reference"])
    torn = unclear_in_later_lists(good, every, spoken, number, conventions)
    good, every = with_keys(good, every, spoken, number)
    known = every.unique("id", keep="first", maintain_order=True)
    several = fits_several(good, every, conventions)
    torn = torn.filter(~pl.col("row").is_in(several["row"].implode()))
    unclear = pl.concat(
        [
            *(several, torn, written_otherwise(good, known, conventions)),
            *(of_another_type(good, known), overlapping(good, known, number)),
            _of_its_file(good, every, spoken, number, conventions, parts),
        ]
    )
    wrong = pl.concat([wrong, unclear["row"]]).unique()
    good = good.filter(~pl.col("row").is_in(wrong.implode()))
    names = [n for n in stored(good) if n not in KEY]
    good = good.with_columns(told=_bits(names) + pl.col("filled"))
    matched = beside(
        good, every, spoken, number, equal_rows_add=conventions.equal_rows_add
    )
    entries = _with_actions(matched, names)
    late = late_rows(entries, every, spoken, number)
    counting = entries.clear() if late is None else that_count(late)
    entries = _with_counting(entries, counting)
    is_repeat = _is_repeat(conventions)
    repeats = entries.filter(is_repeat).select("row", id=pl.col("was_id"))
    added = entries.filter(~is_repeat)
    days = at_days(entries, every, spoken, number)
    as_at = changed_as_at(days)
    counted = pl.concat(
        [added.filter(pl.col("later").is_null()), counting], how="diagonal_relaxed"
    )
    return PremiumSettlement(
        rows=entries.select("row", "__action"),
        held_out=wrong.unique(),
        issues=pl.concat(
            [
                *(twice, unclear, changed(counted), as_at),
                *(told_otherwise_often(added), currencies_changed(counted)),
                listed_to_date(good, known, conventions),
                lacked_by_later_lists(cursor, entries, known, number, conventions),
            ]
        ),
        ruled=ruled(entries, counting, late, days, conventions),
        entries=added,
        counted=counted,
        repeats=repeats,
        known=known,
        income=income_moves(
            pl.concat([entries, counting], how="diagonal_relaxed"), known
        ),
        again=told_again(entries, known, conventions),
        as_at=as_at,
    )


def _of_its_file(
    good: pl.DataFrame,
    every: pl.DataFrame,
    spoken: pl.DataFrame,
    number: int,
    conventions: Conventions,
    parts: Collection[int],
) -> pl.DataFrame:
    """Rows that went on, of what their file or one received since tells, too."""
    again = premiums_of_other_parts(good, every, parts, adds=conventions.equal_rows_add)
    since = premiums_told_since(good, every, spoken, number=number, parts=parts)
    return pl.concat(
        [again, since.filter(~pl.col("row").is_in(again["row"].implode()))]
    )


def _with_counting(entries: pl.DataFrame, counting: pl.DataFrame) -> pl.DataFrame:
    """Late rows that fill in what came later change the books, too."""
    is_counting = pl.col("row").is_in(counting["row"].implode())
    action = pl.when(is_counting).then(pl.lit(UPDATED)).otherwise("__action")
    return entries.with_columns(action.alias("__action"))


def _is_repeat(conventions: Conventions) -> pl.Expr:
    """Whether a row says word for word what stands, and needs no entry of its own."""
    return (
        (pl.col("__action") == UNCHANGED)
        & pl.col("was_id").is_not_null()
        & pl.col("later").is_null()
        & (pl.col("told") == pl.col("was_told") % APART)
        & pl.col("was_end").eq_missing(pl.col("period_end"))
        & _has_same_parts()
        & ~pl.lit(conventions.is_correction or conventions.equal_rows_add)
    )


def _has_same_parts() -> pl.Expr:
    """Whether the entry has each part of the key, and not the row alone.

    A row that fills one in is no repeat: that part would be told nowhere, and the next
    section would take the place of this one.
    """
    return pl.all_horizontal(pl.col(n).eq_missing(pl.col(f"stored.{n}")) for n in PARTS)


def _with_actions(matched: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Rows beside the books with what each does to them (``__action``)."""
    differs = [tells(n) & pl.col(n).ne_missing(pl.col(f"was.{n}")) for n in names]
    details_differ = pl.col("details").is_not_null() & pl.col("details").ne_missing(
        pl.col("was.details")
    )
    changes = pl.any_horizontal(
        *differs, details_differ, adds_otherwise(), ~_has_same_parts()
    )
    is_late = pl.col("later").is_not_null()
    return matched.with_columns(
        pl.when(pl.col("was_id").is_null() & ~is_late)
        .then(pl.lit(CREATED))
        .when(is_late | ~changes)
        .then(pl.lit(UNCHANGED))
        .otherwise(pl.lit(UPDATED))
        .alias("__action")
    )


def _bits(names: list[str]) -> pl.Expr:
    """The bits of the columns that a row tells."""
    bits = pl.lit(0, dtype=pl.Int64)
    for name in names:
        bit = 1 << COLUMNS.index(name)
        bits = bits + pl.when(tells(name)).then(bit).otherwise(0)
    details = 1 << COLUMNS.index("details")
    return bits + pl.when(pl.col("details").is_not_null()).then(details).otherwise(0)


def _as_told(
    rows: pl.DataFrame, conventions: Conventions, labels: Mapping[str, str]
) -> pl.DataFrame:
    frame = rows.with_columns(details_of(rows, labels))
    for name in KEY:
        dtype = dtype_of(field_of(name))
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=dtype).alias(name))
        if dtype == pl.String:
            frame = frame.with_columns(pl.col(name).fill_null(""))
    if "amounts_are" not in frame.columns and conventions.premium_amounts_are:
        frame = frame.with_columns(amounts_are=pl.lit(conventions.premium_amounts_are))
    period = pl.col(END)
    if conventions.premium_lists == "year":
        period = period.dt.truncate("1y")
    return frame.with_columns(__same_period=period)


def _with_books(
    cursor: Any,
    rows: pl.DataFrame,
    conventions: Conventions,
    listing: Callable[[], Collection[int]],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What loads that stand told of the same policies, and the rows in its groups.

    Replaced entries are there, too.  Who lists the year to date is asked only where
    others than the sender told of the policies.
    """
    own: set[int] = set()
    if conventions.premium_lists == "year" and conventions.sender is not None:
        own = {conventions.sender}
    keys = rows.select(treaty="treaty_reference", policy="policy_reference").unique()
    every = (
        tellings(cursor, keys.drop_nulls(), own)
        .filter(pl.col("stands"))
        .with_columns(is_standing=pl.col("gone").is_null())
    )
    others = set(every["sender"].drop_nulls().unique()) - {conventions.sender}
    if others:
        every = with_groups(every, own | (others & set(listing())))
    sender = pl.lit(conventions.sender, dtype=pl.Int64)
    rows = rows.with_columns(
        sender=sender, period_start=pl.col(START), period_end=pl.col(END)
    )
    return every, with_groups(rows, own)
