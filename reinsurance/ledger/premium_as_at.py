"""What stood at the end of a period of what lists of the year to date told.

A list that comes late, or corrects an earlier one, may leave the books as they are now,
as a list of a later period tells the same, and change what stood at its own end.
"""

import datetime
from dataclasses import dataclass

import polars as pl

from reinsurance.ledger.premium_checks import amount_replaced
from reinsurance.ledger.premium_columns import AMOUNTS, OF_RISK
from reinsurance.ledger.premium_lines import LINE, cells_of_lines, with_lines
from reinsurance.ledger.premium_restating import is_last
from reinsurance.ledger.premium_standing import COLUMNS, GROUP, has_bit, lacked
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import no_issues

ORDER = ["period_end", "number", "row"]


def live_at(
    told: pl.DataFrame,
    spoken: pl.DataFrame,
    day: datetime.date,
    every: pl.DataFrame,
) -> pl.DataFrame:
    """Tellings that corrections (``spoken``) had not left out at a day, in order.

    ``told`` with whole keys, of ``every`` telling of the year.
    """
    then = told.filter(pl.col("period_end") <= day).sort(ORDER).with_row_index("__n")
    gone = lacked(then, spoken.filter(pl.col("period_end") <= day), every)
    return then.join(gone, on="__n", how="anti")


def told_again(
    entries: pl.DataFrame, known: pl.DataFrame, conventions: Conventions
) -> pl.Series:
    """Keys of what the books have of transactions that a correction, or a list, tells.

    None of it does it lack: of a list, whatever period its own row is for; and none
    that another sender's word replaced.
    """
    if not conventions.is_correction and conventions.premium_lists != "year":
        return pl.Series(dtype=pl.Int64)
    groups = entries.select(GROUP).unique()
    return known.join(groups, on=GROUP, how="semi", nulls_equal=True)["id"]


@dataclass(frozen=True, slots=True)
class AtDay:
    """Rows of a list that comes late beside what stood at their own period's end.

    ``rows``: beside the books, with ``later``; ``live``: tellings up to the day that no
    correction left out, in order, with those of the rows; ``number``: the file's.
    """

    day: datetime.date
    rows: pl.DataFrame
    live: pl.DataFrame
    number: int

    @property
    def before(self) -> pl.DataFrame:
        """Live tellings of others, with ``is_last``."""
        others = self.live.filter(pl.col("number") != self.number)
        return others.with_columns(is_last=is_last())

    @property
    def own(self) -> pl.DataFrame:
        """Those of the file that stand on the day."""
        return self.live.filter(is_last()).filter(pl.col("number") == self.number)


def at_days(
    entries: pl.DataFrame, every: pl.DataFrame, spoken: pl.DataFrame, number: int
) -> list[AtDay]:
    """Rows of lists that stand at their own period's end alone, by that.

    ``entries``: rows beside the books, with ``later``; ``every``: what the books have
    of their policies, ``spoken`` the corrections, ``number`` the file's.
    """
    late = entries.filter(
        pl.col("later").is_not_null(), pl.col("same_sender").is_not_null()
    )
    if not late.height:
        return []
    groups = late.select(GROUP).unique()
    known = every.filter(pl.col("number") != number).join(
        groups, on=GROUP, how="semi", nulls_equal=True
    )
    names = [n for n in late.columns if n in known.columns and n != "number"]
    mine = late.select(pl.col(n).cast(known.schema[n]) for n in names).with_columns(
        number=pl.lit(number, known.schema["number"])
    )
    both = pl.concat([known, mine], how="diagonal")
    return [
        AtDay(
            day,
            late.filter(pl.col("period_end") == day),
            with_lines(
                live_at(
                    both.filter(
                        (pl.col("number") != number) | (pl.col("period_end") == day)
                    ),
                    spoken,
                    day,
                    both,
                )
            ),
            number,
        )
        for day in late["period_end"].unique().sort().to_list()
    ]


def stand_then(days: list[AtDay]) -> pl.DataFrame | None:
    """Rows that stand on these days alone, beside what they take the place of then.

    As rows that stand now: ``was_id``, ``was_number`` and ``was.<column>`` as it read
    then, and ``later`` is null.  None: no such rows.
    """
    found = [_standing(at) for at in days if at.own.height]
    return pl.concat(found) if found else None


def _standing(at: AtDay) -> pl.DataFrame:
    was = at.before.group_by(GROUP, maintain_order=True).agg(
        pl.col("id").last().alias("was_id"),
        pl.col("number").last().alias("was_number"),
        pl.col("sender").last().alias("was_sender"),
    )
    cells = cells_of_lines(at.before).rename({n: f"was.{n}" for n in COLUMNS})
    known = [n for n in (*was.columns, *cells.columns) if n not in GROUP]
    rows = at.rows.drop(n for n in known if n in at.rows.columns)
    return (
        rows.join(at.own.select("row", LINE), on="row", maintain_order="left")
        .with_columns(later=pl.lit(None, at.rows.schema["later"]))
        .join(was, on=GROUP, how="left", nulls_equal=True, maintain_order="left")
        .join(
            cells,
            on=[*GROUP, LINE],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
    )


def changed_as_at(days: list[AtDay]) -> pl.DataFrame:
    """Warnings of rows that change what stood at their own period's end alone."""
    return pl.concat([no_issues(), *(_changed_at(at) for at in days)])


def _changed_at(at: AtDay) -> pl.DataFrame:
    lines = _lines(at.before)
    sums = _told(at.own).join(_as_read(lines), on=GROUP, nulls_equal=True).sort("row")
    own = at.own.select("row", *GROUP, LINE, *OF_RISK)
    was = lines.filter("is_last").rename({n: f"was.{n}" for n in ("number", *OF_RISK)})
    each = own.join(was, on=[*GROUP, LINE], nulls_equal=True).sort("row")
    where = f"as at {at.day}. What was told for a later period stays."
    found = [
        amount_replaced(beside, name, "was.number", where)
        for beside, names in ((sums, AMOUNTS), (each, OF_RISK))
        for name in names
        if name in at.rows.columns
    ]
    return pl.concat([no_issues(), *found])


def _told(own: pl.DataFrame) -> pl.DataFrame:
    """Amounts of each transaction, as rows that add are several; ``row`` the first."""
    return own.group_by(GROUP, maintain_order=True).agg(
        pl.col("row").min(), *(_sum(n, pl.lit(value=True)) for n in AMOUNTS)
    )


def _lines(before: pl.DataFrame) -> pl.DataFrame:
    """Amounts of each line: what was left out is as told before."""
    return before.group_by([*GROUP, LINE], maintain_order=True).agg(
        pl.col("number").last(),
        pl.col("is_last").any(),
        *(pl.col(n).filter(has_bit(n)).last() for n in (*AMOUNTS, *OF_RISK)),
    )


def _as_read(lines: pl.DataFrame) -> pl.DataFrame:
    """Amounts of each transaction that stood, ``was.<amount>``."""
    return lines.group_by(GROUP, maintain_order=True).agg(
        pl.col("number").filter("is_last").last().alias("was.number"),
        *(_sum(n, pl.col("is_last")).alias(f"was.{n}") for n in AMOUNTS),
    )


def _sum(name: str, which: pl.Expr) -> pl.Expr:
    """The sum of what is told of a column; null where nothing is."""
    told = pl.col(name).filter(which & pl.col(name).is_not_null())
    return pl.when(told.len() > 0).then(told.sum()).alias(name)
