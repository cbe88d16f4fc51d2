"""Rules over what would stand in the books after a load, in the contract's currency."""

from dataclasses import replace
from typing import Any

import polars as pl

from reinsurance.ledger.amounts import PAID_FEES, RESERVE_FEES, label_of
from reinsurance.ledger.beside import CENT, plain
from reinsurance.ledger.claim_statuses import open_statuses
from reinsurance.ledger.date_rules import date_issues
from reinsurance.ledger.limit_rules import limit_issues
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import no_issues
from reinsurance.resources.rules import minor_units, off_by_more_than

_PARTS = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")


def claim_issues(settlement: Any, conventions: Conventions) -> pl.DataFrame:
    """What is wrong with what the rows leave in the books, or has to be looked at."""
    seen = settlement.settled.filter("is_live")
    if not seen.height:
        return no_issues()
    settlement = replace(settlement, settled=seen)
    return pl.concat([amount_issues(settlement, conventions), *date_issues(settlement)])


def amount_issues(settlement: Any, conventions: Conventions) -> pl.DataFrame:
    """What is to be said of the amounts that rows which count leave in the books."""
    seen = settlement.settled
    return pl.concat(
        [
            *_adding_up(seen),
            *_fees_of_no_kind(seen),
            *_of_position(seen, conventions),
            *limit_issues(settlement),
        ]
    )


def _adding_up(seen: pl.DataFrame) -> list[pl.DataFrame]:
    """Told incurred against paid plus reserve as they stand at the row's period.

    Not where another file has told them since: its word is in what stands.
    """
    found = []
    for name, parts, said, code in (
        ("incurred", _PARTS, "", "incurred_does_not_add_up"),
        (
            "incurred_indemnity",
            ("paid_indemnity", "reserve_indemnity"),
            " (indemnity)",
            "indemnity_does_not_add_up",
        ),
        (
            "incurred_fees",
            ("paid_fees", "reserve_fees"),
            " (fees)",
            "fees_do_not_add_up",
        ),
    ):
        told = f"told_{name}"
        if told not in seen.columns:
            continue
        stands = pl.sum_horizontal(pl.col(f"at_{p}").fill_null(0) for p in parts)
        is_off = off_by_more_than(pl.col(told), stands, units=minor_units())
        rows = seen.filter(pl.col("is_last") & is_off)
        text = (
            f"Incurred {{}} is not paid plus reserve{said}, which make {{}}. "
            "Correct the amounts."
        )
        message = pl.format(text, plain(pl.col(told)), plain(stands))
        found.append(rule_issue(rows, code, "error", name, message, pl.col(told)))
    return found


def _fees_of_no_kind(seen: pl.DataFrame) -> list[pl.DataFrame]:
    """Fees told by kind beside a total told before, part of which is of no kind."""
    found = []
    for total, kinds, by_kind in (
        ("paid_fees", PAID_FEES, "paid_by_kind"),
        ("reserve_fees", RESERVE_FEES, "reserve_by_kind"),
    ):
        here = [f"at_{k}" for k in kinds if f"at_{k}" in seen.columns]
        if not here:
            continue
        summed = pl.sum_horizontal(pl.col(n).fill_null(0) for n in here)
        rest = pl.col(f"at_{total}").fill_null(0) - summed
        text = (
            f"{label_of(total).capitalize()}, come to {{}} {{}}: {{}} by kind and {{}} "
            "of no kind, told in a total before or after. "
        )
        amounts = [pl.col(f"at_{total}"), pl.col("currency"), summed, rest]
        told = [e if n == 1 else plain(e) for n, e in enumerate(amounts)]
        is_off = rest.cast(pl.Float64) > CENT
        is_below = rest.cast(pl.Float64) < -CENT
        found += [
            rule_issue(
                seen.filter(pl.col(by_kind) & is_off),
                "fees_of_no_kind",
                "warning",
                total,
                pl.format(
                    f"{text}If the kinds are all there is, add the column with the "
                    "total.",
                    *told,
                ),
            ),
            rule_issue(
                seen.filter(is_below),
                "kinds_above_total",
                "warning",
                total,
                pl.format(
                    f"{text}The kinds are more than the total: tell both in one row.",
                    *told,
                ),
            ),
        ]
    return found


def _going_down(seen: pl.DataFrame) -> list[pl.DataFrame]:
    """Paid to date that is less than before, or is put above what is told for later."""
    found = []
    for amount, label in (
        ("paid_indemnity", "Paid to date goes"),
        ("paid_fees", "Paid to date goes"),
        ("recovered", "Recoveries received to date go"),
    ):
        if f"at_{amount}" not in seen.columns:
            continue
        before, at = pl.col(f"before_{amount}"), pl.col(f"at_{amount}")
        said = (at < before, before, at, pl.lit(""))
        late = [said]
        if f"after_{amount}" in seen.columns:
            after, day = pl.col(f"after_{amount}"), pl.col("after_period_end")
            told = pl.format(
                " at {}, which is told already", day.cast(pl.String).fill_null("")
            )
            late.append(
                ((after < at) & ~(at < before).fill_null(value=False), at, after, told)
            )
        found += [
            rule_issue(
                seen.filter(is_down),
                "paid_decreases",
                "warning",
                amount,
                pl.format(
                    f"{label} down from {{}} to {{}} {{}}{{}}.",
                    plain(high),
                    plain(low),
                    "currency",
                    where,
                ),
                at,
            )
            for is_down, high, low, where in late
        ]
    return found


def _of_position(seen: pl.DataFrame, conventions: Conventions) -> list[pl.DataFrame]:
    """What a position says by itself."""
    opens = list(open_statuses())
    reserve = pl.col("now_reserve_indemnity").fill_null(0) + pl.col(
        "now_reserve_fees"
    ).fill_null(0)
    nothing = pl.all_horizontal(pl.col(f"at_{n}").fill_null(0) == 0 for n in _PARTS)
    closed = (
        pl.col("status_now").is_not_null()
        & ~pl.col("status_now").is_in(opens)
        & (reserve != 0)
    )
    found = [
        rule_issue(
            seen.filter(nothing),
            "no_money",
            "warning",
            "reserve_indemnity",
            pl.lit("The claim has neither a payment nor a reserve."),
        ),
        rule_issue(
            seen.filter(closed),
            "closed_with_reserve",
            "warning",
            "reserve_indemnity",
            pl.format(
                "The claim is closed but still has a reserve of {} {}.",
                plain(reserve),
                "currency",
            ),
        ),
    ]
    for amount, label in (
        ("paid_indemnity", "paid to date"),
        ("paid_fees", "paid to date, fees"),
        ("reserve_indemnity", "reserve"),
        ("reserve_fees", "reserve, fees"),
        ("recoverable", "amount of recoveries outstanding"),
        ("recovered", "amount of recoveries received"),
        ("amount_claimed", "amount claimed"),
    ):
        if f"at_{amount}" not in seen.columns:
            continue
        found.append(
            rule_issue(
                seen.filter(pl.col(f"at_{amount}") < 0),
                "negative_amount",
                "warning",
                amount,
                pl.format(
                    f"The {label} is below zero: {{}} {{}}.",
                    plain(pl.col(f"at_{amount}")),
                    "currency",
                ),
                pl.col(f"at_{amount}"),
            )
        )
    found += _going_down(seen)
    factor = conventions.incurred_factor
    if factor:
        before = pl.col("before_incurred").cast(pl.Float64)
        at = pl.col("at_incurred").cast(pl.Float64)
        rows = seen.filter(
            (before > 0)
            & ((at > before * float(factor)) | (at * float(factor) < before))
        )
        found.append(
            rule_issue(
                rows,
                "incurred_changed",
                "breach",
                "incurred",
                pl.format(
                    f"Incurred changes from {{}} to {{}} {{}}, by more than the "
                    f"factor of {factor} that is looked at for this sender.",
                    plain(pl.col("before_incurred")),
                    plain(pl.col("at_incurred")),
                    "currency",
                ),
            )
        )
    return found
