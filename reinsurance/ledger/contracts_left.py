"""Contracts that a sender told of, and a file that takes the place does not name."""

import datetime
from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out
from reinsurance.ledger.list_periods import is_within, listed_by_itself
from reinsurance.ledger.spoken_for import Period

Rejected = tuple[int, str | None, datetime.date | None]
"""Contract, reference and period's end of a rejected row, as far as it tells them."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a file is for: ``periods`` as of :class:`Effect`.

    ``rejected``: what its rejected rows are about.
    """

    ledger: str
    number: int
    sender: int | None
    periods: list[Period]
    rejected: list[Rejected]
    is_correction: bool
    lists_year: bool

    @property
    def own_ends(self) -> pl.DataFrame:
        """``treaty`` and ``own_end``: the contracts and periods of its good rows."""
        ends = [(t, e) for t, _, e in self.periods if t is not None and e is not None]
        return pl.DataFrame(
            list(dict.fromkeys(ends)),
            schema={"treaty": pl.Int64, "own_end": pl.Date},
            orient="row",
        )

    @property
    def rejected_rows(self) -> pl.DataFrame:
        """``treaty``, ``reference`` and ``period_end``; null: not known."""
        return pl.DataFrame(
            self.rejected,
            schema={
                "treaty": pl.Int64,
                "reference": pl.String,
                "period_end": pl.Date,
            },
            orient="row",
        )


def contracts_left(cursor: Any, spoken: Spoken) -> pl.DataFrame:
    """Contracts and periods that the sender told of and the file does not name.

    ``treaty``; ``period_end`` and ``number`` (who told it last), ``ends`` and
    ``is_shared`` (a file that told of a contract of this one told it, too) of what was
    told before; ``asked``: ends of all that may count beside the file's rows, whenever
    it was received, of lists the whole year; ``is_rejected``: rejected rows of the file
    name the contract.  Of a contract with a list
    of its own, which warns by itself, not what that list told.
    """
    mine = spoken.own_ends
    if not mine.height:
        return mine
    told = _told(cursor, mine["own_end"], spoken)
    is_before = pl.col("number") < spoken.number
    if spoken.lists_year:
        is_before |= pl.col("period_end") < pl.col("own_end")
    is_before &= pl.col("period_end") <= pl.col("own_end")
    within = (
        told.join(mine.select("own_end").unique(), how="cross")
        .filter(is_within(lists_year=spoken.lists_year))
        .with_columns(is_before=is_before)
    )
    shared = within.join(mine, on=["treaty", "own_end"], how="semi")["file"]
    within = _with_rejected(within, spoken)
    key = ["treaty"] if spoken.lists_year else ["treaty", "own_end"]
    last = mine["own_end"].max()
    listed = listed_by_itself(told, last, shared)
    is_listed = pl.lit(spoken.lists_year) & pl.col("treaty").is_in(listed.implode())
    is_shared = pl.col("file").is_in(shared.implode()) & ~is_listed
    return (
        within.join(mine, on=key, how="anti")
        .filter(~is_listed | (pl.col("period_end") != last))
        .sort("period_end", "number", "treaty")
        .group_by("treaty", maintain_order=True)
        .agg(
            pl.col("period_end", "number").filter("is_before").last(),
            ends=pl.col("period_end").filter("is_before").unique(),
            asked=pl.col("period_end").unique(),
            is_shared=(pl.col("is_before") & is_shared).any(),
            is_rejected=pl.col("is_rejected").any(),
        )
    )


def _with_rejected(within: pl.DataFrame, spoken: Spoken) -> pl.DataFrame:
    """With ``is_rejected``: rejected rows are about the contract then, or may be."""
    rejected = spoken.rejected_rows
    exact = rejected.select("treaty", own_end="period_end").drop_nulls().unique()
    if not spoken.lists_year:
        rejected = rejected.filter(pl.col("period_end").is_null())
    is_any = pl.col("treaty").is_in(rejected["treaty"].implode())
    here = pl.col("is_here").fill_null(value=False)
    return (
        within.join(
            exact.with_columns(is_here=pl.lit(value=True)),
            on=["treaty", "own_end"],
            how="left",
            maintain_order="left",
        )
        .with_columns(is_rejected=is_any | here)
        .drop("is_here")
    )


def file_of(load: str) -> str:
    """SQL: the number of the file that the rows of a load were received in."""
    return f"coalesce({load}.first_number, {load}.number)"


def its(load: str, spoken: Spoken) -> str:
    """SQL: whether a load stands and is another one of the sender."""
    sender = "NULL" if spoken.sender is None else f"{spoken.sender:d}"
    return (
        f"{load}.undone_at IS NULL AND {file_of(load)} <> {spoken.number:d} "
        f"AND {load}.sender IS NOT DISTINCT FROM {sender}"
    )


def _told(cursor: Any, own_ends: pl.Series, spoken: Spoken) -> pl.DataFrame:
    """What files of the sender that stand are for: contract, end and number.

    ``file``: of rows that went on by themselves, the number of their first file.
    """
    first = last = own_ends
    if spoken.lists_year:
        first = own_ends.dt.truncate("1y")
        last = first.dt.offset_by("1y").dt.offset_by("-1d")
    return copy_out(
        cursor,
        f"SELECT p.treaty_id, p.period_end, l.number, {file_of('l')} "  # noqa: S608
        "FROM reinsurance_load l JOIN reinsurance_loadperiod p ON p.load_id = l.id "
        "WHERE l.user_id IS NULL "
        f"AND l.record_type = '{spoken.ledger}' AND {its('l', spoken)} "
        f"AND p.period_end BETWEEN DATE '{first.min()!s}' AND DATE '{last.max()!s}'",
        {
            "treaty": pl.Int64(),
            "period_end": pl.Date(),
            "number": pl.Int64(),
            "file": pl.Int64(),
        },
    )
