"""What rows tell that does not hold together with the books, or within itself."""

import polars as pl

from reinsurance.ledger.amounts import (
    AS_AT,
    PAID,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.beside import CENT, Beside, differs, plain
from reinsurance.ledger.between_periods import between_periods
from reinsurance.ledger.overlaps import overlaps
from reinsurance.ledger.same_period import same_period
from reinsurance.resources.issues import issues_at, no_issues

UNALLOCATED = {
    "paid_fees_to_date": "paid_unallocated",
    "reserve_fees": "reserve_unallocated",
}
"""Totals of fees, and the columns that tell what they have beyond the kinds."""


def contradictions(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
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
    beside = Beside(old, new, paid)
    found += [
        *(_within_row(new, amount) for amount in paid),
        overlaps(old, new),
        *between_periods(beside),
        *same_period(beside),
    ]
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


def _within_row(new: pl.DataFrame, amount: str) -> pl.DataFrame:
    """To date, previously and this period of one row that do not fit together."""
    to, this, prev = (told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY))
    if not {to, this} <= set(new.columns):
        return no_issues()
    before = pl.col(to) - pl.col(this)
    negative = issues_at(
        new.filter((before < 0) & (pl.col(this) > 0)),
        column=this,
        value=pl.col(this),
        code="more_than_to_date",
        severity="warning",
        message=pl.format(
            "{} was paid this period, more than the {} paid to date "
            f"({label_of(amount)}): what was paid before would be below zero.",
            plain(pl.col(this)),
            plain(pl.col(to)),
        ),
    )
    if prev not in new.columns:
        return negative
    wrong = new.filter(differs(before, pl.col(prev)))
    return pl.concat(
        [
            negative,
            issues_at(
                wrong,
                column=amount,
                value=pl.col(to),
                code="bases_disagree",
                severity="error",
                message=pl.format(
                    "{} to date is not {} previously plus {} this period "
                    f"({label_of(amount)}). Correct the amounts.",
                    plain(pl.col(to)),
                    plain(pl.col(prev)),
                    plain(pl.col(this)),
                ),
            ),
        ]
    )
