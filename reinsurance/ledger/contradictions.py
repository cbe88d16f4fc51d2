"""What rows tell that does not hold together with the books, or within itself."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    AS_AT,
    PAID,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.timelines import MONEY
from reinsurance.resources.issues import issues_at, no_issues

CENT = 0.0051
UNALLOCATED = {
    "paid_fees_to_date": "paid_unallocated",
    "reserve_fees": "reserve_unallocated",
}
"""Totals of fees, and the columns that tell what they have beyond the kinds."""


def contradictions(
    old: pl.DataFrame, new: pl.DataFrame, *, number: int
) -> pl.DataFrame:
    """What does not hold together with the books: held out, or warned of."""
    found = [no_issues(), _without_period(new), _kinds_and_total(new)]
    paid = [
        a
        for a in PAID
        if any(told_as(a, b) in new.columns for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY))
    ]
    if not paid:
        return pl.concat(found)
    periodic = [
        told_as(amount, basis) for amount in paid for basis in (THIS_PERIOD, PREVIOUSLY)
    ]
    if not any(
        name in frame.columns and frame[name].null_count() < frame.height
        for name in periodic
        for frame in (old, new)
    ):
        return pl.concat(found)  # amounts to date alone contradict nothing
    found.append(_overlaps(old, new, paid))
    silent = new.with_columns(
        pl.lit(None, MONEY).alias(told_as(a, PREVIOUSLY))
        for a in paid
        if told_as(a, PREVIOUSLY) in new.columns
    )
    both = pl.concat([old, silent], how="diagonal_relaxed")
    told = timelines.best(both)
    line = timelines.timeline(both, implied=False)
    rows = timelines.with_periods(pl.concat([old, new], how="diagonal_relaxed")).filter(
        pl.col("statement").is_null()
    )
    before = rows.select(
        "row",
        "position",
        "period_end",
        "is_correction",
        preceding=pl.col("period_start").dt.offset_by("-1d"),
    )
    for amount in paid:
        found += _against_books(amount, rows, told, line, before)
    return pl.concat(found)


def _without_period(new: pl.DataFrame) -> pl.DataFrame:
    """Amounts of a period that nobody named."""
    names = [
        told_as(a, b)
        for a in PAID
        for b in (THIS_PERIOD, PREVIOUSLY)
        if told_as(a, b) in new.columns
    ]
    if not names:
        return no_issues()
    bad = new.filter(
        pl.col("period_end").is_null()
        & pl.any_horizontal(pl.col(n).is_not_null() for n in names)
    )
    return issues_at(
        bad,
        column="period_end",
        value=None,
        code="missing_period",
        severity="error",
        message=pl.lit(
            "The row tells amounts of a period, and not of which. Hand the file in "
            "again with the end of its period, or add a column with it."
        ),
    )


def _kinds_and_total(new: pl.DataFrame) -> pl.DataFrame:
    """Fees by kind and their total, told in one row, agree."""
    found = [no_issues()]
    for total, kinds in (
        *(
            (
                told_as("paid_fees", basis),
                [
                    told_as(a, basis)
                    for a in PAID
                    if a.startswith("paid_")
                    and a not in {"paid_indemnity", "paid_fees"}
                ],
            )
            for basis in (TO_DATE, THIS_PERIOD, PREVIOUSLY)
        ),
        (
            "reserve_fees",
            [
                a
                for a in AS_AT
                if a.startswith("reserve_")
                and a not in {"reserve_indemnity", "reserve_fees"}
            ],
        ),
    ):
        here = [n for n in kinds if n in new.columns]
        if total not in new.columns or not here:
            continue
        rest = [n for n in (UNALLOCATED.get(total, ""),) if n in new.columns]
        summed = pl.sum_horizontal(pl.col(n).fill_null(0) for n in (*here, *rest))
        bad = new.filter(
            pl.col(total).is_not_null()
            & pl.any_horizontal(pl.col(n).is_not_null() for n in here)
            & ((pl.col(total) - summed).cast(pl.Float64).abs() > CENT)
        )
        found.append(
            issues_at(
                bad,
                column=total.removesuffix("_to_date"),
                value=pl.col(total),
                code="fees_do_not_add_up",
                severity="error",
                message=pl.format(
                    "The fees in total, {}, are not the sum of the fees by kind, {}. "
                    "Correct one of them.",
                    plain(pl.col(total)),
                    plain(summed),
                ),
            )
        )
    return pl.concat(found)


def _overlaps(old: pl.DataFrame, new: pl.DataFrame, paid: list[str]) -> pl.DataFrame:
    """Amounts of a period that overlaps another period of the same position."""
    names = [
        told_as(a, THIS_PERIOD) for a in paid if told_as(a, THIS_PERIOD) in new.columns
    ]
    if not names:
        return no_issues()
    columns = ["position", "period_start", "period_end", "number", "row"]

    def of_period(frame: pl.DataFrame) -> pl.DataFrame:
        here = [n for n in names if n in frame.columns]
        return frame.filter(
            pl.any_horizontal(
                pl.lit(value=False), *(pl.col(n).is_not_null() for n in here)
            )
            & pl.col("period_end").is_not_null()
        ).select(columns)

    mine, known = of_period(new), pl.concat([of_period(old), of_period(new)])
    if (
        mine.select(
            (pl.col("period_start") == pl.col("period_end").dt.month_start()).all()
        ).item()
        and known.select(
            (pl.col("period_start") == pl.col("period_end").dt.month_start()).all()
        ).item()
    ):
        return no_issues()
    pairs = (
        mine.join(known, on="position", suffix="_other")
        .filter(
            (pl.col("period_start") <= pl.col("period_end_other"))
            & (pl.col("period_start_other") <= pl.col("period_end"))
            & (
                (pl.col("period_start") != pl.col("period_start_other"))
                | (pl.col("period_end") != pl.col("period_end_other"))
            )
        )
        .unique("row", keep="first", maintain_order=True)
    )
    return issues_at(
        pairs,
        column="period_end",
        value=pl.col("period_end"),
        code="periods_overlap",
        severity="error",
        message=pl.format(
            "The row tells what was paid from {} to {}; number {} told the same from "
            "{} to {}. The periods overlap, so the payments would count twice.",
            pl.col("period_start").cast(pl.String),
            pl.col("period_end").cast(pl.String),
            "number_other",
            pl.col("period_start_other").cast(pl.String),
            pl.col("period_end_other").cast(pl.String),
        ),
    )


def plain(amount: pl.Expr) -> pl.Expr:
    """An amount as text, without zeros that say nothing."""
    return amount.cast(pl.String).str.replace(r"(\.\d\d)0+$", "$1").fill_null("nothing")


def _against_books(
    amount: str,
    rows: pl.DataFrame,
    told: pl.DataFrame,
    line: pl.DataFrame,
    before: pl.DataFrame,
) -> list[pl.DataFrame]:
    """Bases that disagree (an error) and what was paid previously (a warning)."""
    to, this, prev = (told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY))
    if amount not in line.columns:
        return []
    own = [n for n in (to, this) if n in told.columns]
    is_told = (
        pl.any_horizontal(pl.col(n).is_not_null() for n in own)
        if own
        else pl.lit(value=False)
    )
    known = (
        line.select("position", "period_end", pl.col(amount).alias("books"))
        .join(
            told.filter(is_told).select("position", "period_end"),
            on=["position", "period_end"],
        )
        .rename({"period_end": "preceding"})
    )
    found: list[pl.DataFrame] = []
    here = before.join(known, on=["position", "preceding"])
    if not here.height:
        return []
    if prev in rows.columns:
        differs = (
            here.join(rows.select("row", pl.col(prev).alias("told")), on="row")
            .filter(pl.col("told").is_not_null())
            .filter((pl.col("told") - pl.col("books")).cast(pl.Float64).abs() > CENT)
        )
        found.append(
            issues_at(
                differs,
                column=prev,
                value=pl.col("told"),
                code="previously_paid_differs",
                severity="warning",
                message=pl.format(
                    "The sender says that {} was paid up to {}; the books have {} "
                    f"({label_of(amount)}). The sender's word counts.",
                    plain(pl.col("told")),
                    pl.col("preceding").cast(pl.String),
                    plain(pl.col("books")),
                ),
            )
        )
    if to in told.columns and this in told.columns:
        at = told.select(
            "position", "period_end", pl.col(to).alias("to"), pl.col(this).alias("this")
        )
        wrong = (
            here.filter(~pl.col("is_correction"))
            .join(at, on=["position", "period_end"])
            .filter(
                (pl.col("to") - pl.col("this") - pl.col("books")).cast(pl.Float64).abs()
                > CENT
            )
        )
        mine = rows.select(
            "row",
            tells=pl.any_horizontal(
                pl.col(n).is_not_null() for n in (to, this) if n in rows.columns
            ),
        )
        wrong = wrong.join(mine.filter("tells"), on="row")
        found.append(
            issues_at(
                wrong,
                column=to.removesuffix("_to_date"),
                value=pl.col("to"),
                code="bases_disagree",
                severity="error",
                message=pl.format(
                    "{} to date is not {} (up to {}) plus {} this period "
                    f"({label_of(amount)}). Correct the amounts, or declare the file "
                    "a correction.",
                    plain(pl.col("to")),
                    plain(pl.col("books")),
                    pl.col("preceding").cast(pl.String),
                    plain(pl.col("this")),
                ),
            )
        )
    return found
