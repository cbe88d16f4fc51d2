"""Rules between periods: what a row, or another period that it moves, comes to.

Of a later period, told already, and of one at whose end a row says what was paid before
its own, they say what the rows change: what stood before is not looked at again.
"""

from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from reinsurance.ledger.amounts import PAID_FEES, RESERVE_FEES, label_of
from reinsurance.ledger.beside import CENT, plain
from reinsurance.ledger.later_periods import moved, told_where
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.resources.conventions import Conventions

_NOWHERE = pl.lit("")
_IN_PERIOD = " in the period"
_KINDS = {"paid_fees": PAID_FEES, "reserve_fees": RESERVE_FEES}


def period_issues(
    seen: pl.DataFrame, later: pl.DataFrame, conventions: Conventions
) -> Iterator[pl.DataFrame]:
    """What is to be said of the rows' periods, and of ``later`` ones that they move."""
    for rows, is_later in ((seen, False), (later, True)):
        if rows.height:
            where = told_where(_IN_PERIOD) if is_later else _NOWHERE
            yield from _going_down(rows, where, is_later=is_later)
            yield from _below_zero(rows, where, is_later=is_later)
            yield from _kinds_above_total(rows, where, is_later=is_later)
            if conventions.incurred_factor:
                factor = conventions.incurred_factor
                yield _changing(rows, where, factor, is_later=is_later)


def of_no_kind(rows: pl.DataFrame, total: str, side: str = "at") -> pl.Expr | None:
    """A total of fees less its kinds; None where no kind was ever told."""
    kinds = [n for n in _KINDS[total] if f"{side}_{n}" in rows.columns]
    if not kinds:
        return None
    return pl.col(f"{side}_{total}").fill_null(0) - _sum_of(kinds, side)


def kinds_and_total(
    rows: pl.DataFrame, total: str, where: pl.Expr = _NOWHERE
) -> pl.Expr:
    """In words: what a total of fees and its kinds come to."""
    kinds = [n for n in _KINDS[total] if f"at_{n}" in rows.columns]
    whole, summed = pl.col(f"at_{total}"), _sum_of(kinds, "at")
    return pl.format(
        f"{label_of(total).capitalize()}, come to {{}} {{}}{{}}: {{}} by kind and {{}} "
        "of no kind, told in a total before or after. ",
        plain(whole),
        "currency",
        where,
        plain(summed),
        plain(whole.fill_null(0) - summed),
    )


def _sum_of(kinds: list[str], side: str) -> pl.Expr:
    return pl.sum_horizontal(pl.col(f"{side}_{n}").fill_null(0) for n in kinds)


def _going_down(
    rows: pl.DataFrame, where: pl.Expr, *, is_later: bool
) -> Iterator[pl.DataFrame]:
    """Paid to date that is less than before."""
    for amount, label in (
        ("paid_indemnity", "Paid to date goes"),
        ("paid_fees", "Paid to date goes"),
        ("recovered", "Recoveries received to date go"),
    ):
        if f"at_{amount}" not in rows.columns:
            continue
        before, at = pl.col(f"before_{amount}"), pl.col(f"at_{amount}")
        is_down = at < before
        yield rule_issue(
            rows.filter(is_down & moved(amount) if is_later else is_down),
            "paid_decreases",
            "warning",
            amount,
            pl.format(
                f"{label} down from {{}} to {{}} {{}}{{}}.",
                plain(before),
                plain(at),
                "currency",
                where,
            ),
            at,
        )


def _below_zero(
    rows: pl.DataFrame, where: pl.Expr, *, is_later: bool
) -> Iterator[pl.DataFrame]:
    for amount, label in (
        ("paid_indemnity", "paid to date"),
        ("paid_fees", "paid to date, fees"),
        ("reserve_indemnity", "reserve"),
        ("reserve_fees", "reserve, fees"),
        ("recoverable", "amount of recoveries outstanding"),
        ("recovered", "amount of recoveries received"),
        ("amount_claimed", "amount claimed"),
    ):
        at = f"at_{amount}"
        if at not in rows.columns:
            continue
        is_below = pl.col(at) < 0
        if is_later:
            is_below &= pl.col(f"was_{at}").fill_null(0) >= 0
        yield rule_issue(
            rows.filter(is_below),
            "negative_amount",
            "warning",
            amount,
            pl.format(
                f"The {label} is below zero{{}}: {{}} {{}}.",
                where,
                plain(pl.col(at)),
                "currency",
            ),
            pl.col(at),
        )


def _kinds_above_total(
    rows: pl.DataFrame, where: pl.Expr, *, is_later: bool
) -> Iterator[pl.DataFrame]:
    """Fees by kind that come to more than their total."""
    for total in _KINDS:
        rest = of_no_kind(rows, total)
        if rest is None:
            continue
        is_above = rest.cast(pl.Float64) < -CENT
        was = of_no_kind(rows, total, "was_at") if is_later else None
        if was is not None:
            is_above &= was.cast(pl.Float64) >= -CENT
        yield rule_issue(
            rows.filter(is_above),
            "kinds_above_total",
            "warning",
            total,
            pl.format(
                "{}The kinds are more than the total: tell both in one row.",
                kinds_and_total(rows, total, where),
            ),
        )


def _changing(
    rows: pl.DataFrame, where: pl.Expr, factor: Decimal, *, is_later: bool
) -> pl.DataFrame:
    """Incurred that grows or shrinks by more than a factor."""
    changes = _changes_much("before_incurred", "at_incurred", float(factor))
    if is_later:
        did = _changes_much("was_before_incurred", "was_at_incurred", float(factor))
        changes &= moved("incurred") | ~did
    return rule_issue(
        rows.filter(changes),
        "incurred_changed",
        "breach",
        "incurred",
        pl.format(
            f"Incurred changes from {{}} to {{}} {{}}{{}}, by more than the factor of "
            f"{factor} that is looked at for this sender.",
            plain(pl.col("before_incurred")),
            plain(pl.col("at_incurred")),
            "currency",
            where,
        ),
    )


def _changes_much(before: str, at: str, factor: float) -> pl.Expr:
    was, now = (pl.col(n).cast(pl.Float64) for n in (before, at))
    return (was > 0) & ((now > was * factor) | (now * factor < was))
