"""Premium that a correction leaves out, or that a list of the year lacks."""

from collections.abc import Collection
from typing import Any

import polars as pl
from django.utils.formats import date_format

from reinsurance.choices import PremiumTransaction
from reinsurance.ledger.contradictions import plain
from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.held_out import is_held_then
from reinsurance.ledger.lacking_then import stood_then
from reinsurance.ledger.lineage_ranges import loads_before, told_by
from reinsurance.ledger.premium_lines import with_lines
from reinsurance.ledger.premium_meanings import require_together
from reinsurance.ledger.premium_restating import is_last, keyed, told_beside
from reinsurance.ledger.premium_standing import GROUP, corrections, lacked
from reinsurance.ledger.timelines import MONEY

ENTRY = "premiumentry"


def missing_premiums(
    cursor: Any,
    pairs: pl.DataFrame,
    *,
    number: int,
    sender: int | None,
    told: pl.Series,
    held_out: pl.DataFrame,
    lists_year: bool,
    also_then: bool,
) -> pl.DataFrame:
    """Entries that the sender told before for the pairs, that stand and are not told.

    With those in whose place another sender's word stands, or one received later.
    Before a list of the year to date are those of an earlier period, too, of other
    files: its own rows are none that it lacks.  ``told``:
    keys of entries that the file tells again; ``held_out``: ``treaty``, ``reference``
    and ``held_end`` that its rejected rows name.  ``stands`` and ``back`` are null, and
    nothing ``is_replaced`` (:func:`still_standing`).
    ``also_then``: with entries that stood at the end of a list's period alone,
    which is ``day``; ``stands`` is who tells them for a later one.
    """
    sought(
        cursor,
        "spoken_for",
        treaty=("bigint", pairs["treaty"]),
        period_start=("date", pairs["period_start"]),
        period_end=("date", pairs["period_end"]),
    )
    is_of_pair = _is_of_pair(number, sender, lists_year=lists_year)
    named = held_out.rename({"reference": "policy"})

    def missing(entries: pl.DataFrame) -> pl.DataFrame:
        held = entries.join(named, on=["treaty", "policy"]).filter(
            is_held_then(lists=pl.lit(lists_year))
        )
        gone = pl.concat([told, held["entry"]])
        return entries.filter(~pl.col("entry").is_in(gone.implode()))

    again = f"(e.period_end = k.period_end AND {_told_again(number)})"
    own = f"{_STANDS} AND NOT {again}"
    counts = own if lists_year else f"({_STANDS} OR {_is_replaced(number, sender)})"
    found = missing(_entries(cursor, "NULL", f"{counts} AND {is_of_pair}"))
    found = found.with_columns(stands=pl.lit(None, pl.String))
    if lists_year and also_then and sender is not None:
        is_then = f"{_is_later(number)} AND {is_of_pair}"
        then = missing(_entries(cursor, "k.period_end", is_then))
        gone = found["entry"]
        then = stood_then(cursor, then, gone=gone, number=number, sender=sender)
        found = pl.concat([found, then])
    return found.sort("entry").with_columns(
        plain(pl.col("gross")),
        back=pl.lit(None, pl.List(pl.Int64)),
        is_replaced=pl.lit(value=False),
    )


_ANEW = (
    "This correction leaves out what number {number} went on from: have that handed in "
    "anew with {names}, or undo it first."
)
_STANDS = "(g.id IS NULL OR g.undone_at IS NOT NULL)"
_SCHEMA = {
    "entry": pl.Int64(),
    "treaty": pl.Int64(),
    "policy": pl.String(),
    "period_end": pl.Date(),
    "certificate": pl.String(),
    "section": pl.String(),
    "risk_code": pl.String(),
    "instalment": pl.Int64(),
    "kind": pl.String(),
    "effective": pl.Date(),
    "gross": MONEY,
    "currency": pl.String(),
    "day": pl.Date(),
}


def _entries(cursor: Any, day: str, condition: str) -> pl.DataFrame:
    """Entries ``e`` of contracts spoken for, ``k``, of loads that stand."""
    with by_index(cursor):
        return copy_out(
            cursor,
            f"""
            SELECT DISTINCT e.id, e.treaty_id, e.policy_reference, e.period_end,
                e.certificate_reference, e.section, e.risk_code, e.instalment_number,
                e.transaction_type, e.effective_date, e.gross_premium, e.currency_id,
                {day}
            FROM spoken_for k
            JOIN reinsurance_premiumentry e ON e.treaty_id = k.treaty
            JOIN reinsurance_load l ON l.id = e.load_id AND l.undone_at IS NULL
            LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id
            WHERE {condition}
            """,  # noqa: S608 our names and numbers
            _SCHEMA,
        )


def _is_of_pair(number: int, sender: int | None, *, lists_year: bool) -> str:
    """SQL: whether the sender told entry ``e`` before for the period of ``k``."""
    before = told_by("e.id", "e.load_id", ENTRY, loads_before(number, sender))
    if not lists_year:
        return (
            "e.period_end = k.period_end AND (k.period_start IS NULL "
            f"OR e.period_start = k.period_start) AND {before}"
        )
    others = f"{loads_before(None, sender)} AND number <> {number:d}"
    ever = told_by("e.id", "e.load_id", ENTRY, others)
    return (
        "e.period_end BETWEEN date_trunc('year', k.period_end)::date "
        f"AND k.period_end AND ({before} OR (e.period_end < k.period_end AND {ever}))"
    )


def _is_replaced(number: int, sender: int | None) -> str:
    """SQL: whether another sender's word, or one received later, replaced ``e``."""
    whose = "NULL" if sender is None else f"{sender:d}"
    return f"g.sender IS DISTINCT FROM {whose} OR g.number > {number:d}"


def _told_again(number: int) -> str:
    """SQL: whether a file received later told entry ``e`` again, word for word."""
    later = (
        "SELECT id FROM reinsurance_load WHERE undone_at IS NULL "  # noqa: S608 a number
        f"AND user_id IS NULL AND number > {number:d}"
    )
    return told_by("e.id", "e.load_id", ENTRY, later)


def _is_later(number: int) -> str:
    """SQL: whether entry ``e`` was replaced, or left out, for a later end only."""
    return (
        f"g.undone_at IS NULL AND g.number <> {number:d} AND EXISTS ("  # noqa: S608
        "SELECT FROM reinsurance_loadperiod p WHERE p.load_id = g.id "
        "AND p.treaty_id = e.treaty_id AND p.period_end > k.period_end)"
    )


def still_standing(
    cursor: Any,
    missing: pl.DataFrame,
    *,
    number: int,
    sender: int | None,
    listing: Collection[int],
) -> pl.DataFrame:
    """Those of the missing that the sender's word holds, with who else told them.

    ``stands``: in words, who; ``back``: keys of the entries that stand by that, once
    for each transaction.  Of what ``is_replaced`` by that nothing changes.  What an
    earlier correction left out is not among them.
    """
    if not missing.height:
        return missing
    every = told_beside(cursor, missing["entry"], listing=listing)
    told = every.filter("stands", "is_beside", pl.col("number") != number)
    told = told.with_row_index("__n")
    spoken = corrections(cursor, told["treaty_reference"]).filter(
        pl.col("correction") != number
    )
    told = keyed(told, spoken)
    live = told.join(lacked(told, spoken), on="__n", how="anti")
    goes = pl.col("sender").eq_missing(pl.lit(sender, pl.Int64)) & (
        pl.col("number") < number
    )
    _require_together(live, live.filter(goes), missing["entry"])
    own = (
        live.filter(goes)
        .filter(is_last())
        .select(*GROUP, entry="id", is_replaced=pl.col("gone").is_not_null())
        .unique("entry")
    )
    others = (
        live.filter(~goes)
        .filter(is_last())
        .group_by(GROUP, maintain_order=True)
        .agg(pl.col("number").last(), back=pl.col("id").unique(maintain_order=True))
        .with_columns(stands=_others_word(number))
    )
    is_first = pl.struct(GROUP).is_first_distinct()
    return (
        missing.drop("stands", "back", "is_replaced")
        .join(own, on="entry", maintain_order="left")
        .join(
            others.select(*GROUP, "stands", "back"),
            on=GROUP,
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .filter(~pl.col("is_replaced") | pl.col("stands").is_not_null())
        .with_columns(back=pl.when(is_first & ~pl.col("is_replaced")).then("back"))
    )


def _require_together(
    live: pl.DataFrame, own: pl.DataFrame, entries: pl.Series
) -> None:
    """Raise CountsTwiceError where others went on from what the sender told.

    ``own``: what it told before of transactions, some of which are missing.
    """
    gone = own.filter(pl.col("id").is_in(entries.implode())).select(GROUP).unique()
    gone = own.join(gone, on=GROUP, how="semi", nulls_equal=True)
    left = live.join(gone.select("__n"), on="__n", how="anti", maintain_order="left")
    require_together([(with_lines(left), with_lines(live))], _ANEW)


def _others_word(number: int) -> pl.Expr:
    later = pl.when(pl.col("number") > number).then(pl.lit(", received later,"))
    return pl.format(
        "what number {}{} told for it stays", "number", later.otherwise(pl.lit(""))
    )


def premium_name(row: dict[str, Any]) -> str:
    """The transaction so that a clerk tells it from others of its policy."""
    parts = {
        "certificate": row["certificate"],
        "section": row["section"],
        "risk code": row["risk_code"],
        "instalment": row["instalment"],
    }
    told = "".join(f", {name} {value}" for name, value in parts.items() if value)
    kind = PremiumTransaction(row["kind"]).label
    amount = "" if row["gross"] is None else f", {row['gross']} {row['currency']}"
    return (
        f"Premium of policy {row['policy']}{told}, {kind} of "
        f"{date_format(row['effective'], 'j F Y')}{amount}"
    )
