"""Corrections that do not say again what was paid before their period.

What a row says was *previously* paid, as such or as what was paid to date less what was
paid this period, holds at the end of the period before.  A correction replaces that,
too: what is paid at that end changes, although the row does not speak of it.
"""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.beside import Beside, corrected, differs, plain
from reinsurance.ledger.timelines import KEY, start_of
from reinsurance.resources.issues import issues_at

_DAY = ["position", "preceding"]


def openings_left_out(beside: Beside, amounts: list[str]) -> list[pl.DataFrame]:
    """Warnings of corrections without which a period before theirs held more, or less.

    ``amounts``: those that the books know.
    """
    lost = {a: rows for a in amounts if (rows := _lost(beside, a)).height}
    if not lost:
        return []
    keys = pl.concat([rows["position"] for rows in lost.values()]).unique().implode()
    old = beside.old.filter(pl.col("position").is_in(keys))
    new = beside.rows.filter(pl.col("position").is_in(keys))
    was = timelines.timeline(old)
    now = timelines.timeline(pl.concat([old, new], how="diagonal_relaxed"))
    return [_changed(rows, was, now, amount) for amount, rows in lost.items()]


def _lost(beside: Beside, amount: str) -> pl.DataFrame:
    """Rows that leave it out: ``opening`` and ``preceding``, the day that it was of.

    Not where that day's own amount to date is told: that counts by itself.
    """
    prev = told_as(amount, PREVIOUSLY)
    rows = beside.mine(amount, THIS_PERIOD, TO_DATE).filter(
        pl.col("is_correction")
        & pl.col("prev").is_null()
        & (pl.col("to") - pl.col("this")).is_null()
    )
    said = timelines.best(timelines.with_implied(corrected(beside)))
    if not rows.height or prev not in said.columns:
        return rows.clear()
    told = said.filter(pl.col(prev).is_not_null()).select(
        *KEY,
        opening=pl.col(prev),
        preceding=pl.col(start_of(prev)).dt.offset_by("-1d"),
    )
    settled = beside.now[amount].filter("has_to")
    return rows.join(told, on=KEY).join(settled, left_on=_DAY, right_on=KEY, how="anti")


def _changed(
    rows: pl.DataFrame, was: pl.DataFrame, now: pl.DataFrame, amount: str
) -> pl.DataFrame:
    """Those of the rows with which another amount is paid at the end of that day."""
    here = rows.join(_at(rows, was, amount, "was"), on=_DAY, how="left").join(
        _at(rows, now, amount, "becomes"), on=_DAY, how="left"
    )
    return issues_at(
        here.filter(
            differs(pl.col("was").fill_null(0), pl.col("becomes").fill_null(0))
        ),
        column=amount,
        value=pl.coalesce("this", "to"),
        code="previously_left_out",
        severity="warning",
        message=pl.format(
            "The file that this corrects said that {} was paid before the period "
            f"({label_of(amount)}); the correction does not, so it does not count "
            "any more: at {} the books had {}, and have {} with it. If it still holds, "
            "add what was previously paid.",
            plain(pl.col("opening")),
            pl.col("preceding").cast(pl.String),
            plain(pl.col("was")),
            plain(pl.col("becomes")),
        ),
    )


def _at(rows: pl.DataFrame, line: pl.DataFrame, amount: str, name: str) -> pl.DataFrame:
    """What a timeline holds at the days of the rows, as ``name``."""
    if amount not in line.columns:
        line = line.with_columns(pl.lit(None, timelines.MONEY).alias(amount))
    return (
        rows.select(_DAY)
        .unique()
        .join(line.select(*KEY, pl.col(amount).alias(name)), on="position")
        .filter(pl.col("period_end") <= pl.col("preceding"))
        .sort("period_end")
        .group_by(_DAY)
        .agg(pl.col(name).last())
    )
