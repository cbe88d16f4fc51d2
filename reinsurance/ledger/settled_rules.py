"""Rules over what would stand in the books after a load, in the contract's currency."""

from dataclasses import replace
from typing import Any

import polars as pl

from reinsurance.ledger.beside import CENT, plain
from reinsurance.ledger.change_rules import change_issues
from reinsurance.ledger.claim_statuses import open_statuses
from reinsurance.ledger.date_rules import date_issues
from reinsurance.ledger.limit_rules import Watched, limit_issues
from reinsurance.ledger.period_rules import kinds_and_total, of_no_kind, period_issues
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import no_issues
from reinsurance.resources.rules import minor_units, off_by_more_than

_PARTS = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")


def claim_issues(
    settlement: Any, conventions: Conventions, limited: Watched | None
) -> pl.DataFrame:
    """What is wrong with what the rows leave in the books, or has to be looked at.

    ``limited``: claims that a limit looks at.  What those of a correction come to is
    known with the whole file only (:func:`limit_rules.whole_claims`).
    """
    seen = settlement.settled.filter("is_live")
    if not seen.height:
        return no_issues()
    settlement = replace(settlement, settled=seen)
    if conventions.is_correction:
        limited = None
    amounts = amount_issues(settlement, conventions, limited)
    return pl.concat([amounts, *date_issues(settlement)])


def amount_issues(
    settlement: Any, conventions: Conventions, limited: Watched | None
) -> pl.DataFrame:
    """What is to be said of the amounts that rows which count leave in the books."""
    seen = settlement.settled
    return pl.concat(
        [
            *_adding_up(seen, conventions),
            *_fees_of_no_kind(seen),
            *change_issues(seen, conventions),
            *_of_position(seen),
            *period_issues(seen, settlement.later, conventions),
            *(limit_issues(settlement, limited) if limited else ()),
        ]
    )


def _adding_up(seen: pl.DataFrame, conventions: Conventions) -> list[pl.DataFrame]:
    """Told incurred against paid plus reserve as they stand at the row's period.

    Not where another file has told them since: its word is in what stands.
    """
    found = []
    of_all = " of all rows of the claim" if conventions.equal_rows_add else ""
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
            f"Incurred {{}} is not paid plus reserve{said}{of_all}, which make {{}}. "
            "Correct the amounts."
        )
        message = pl.format(text, plain(pl.col(told)), plain(stands))
        found.append(rule_issue(rows, code, "error", name, message, pl.col(told)))
    return found


def _fees_of_no_kind(seen: pl.DataFrame) -> list[pl.DataFrame]:
    """Fees told by kind beside a total told before, part of which is of no kind."""
    found = []
    for total, by_kind in (
        ("paid_fees", "paid_by_kind"),
        ("reserve_fees", "reserve_by_kind"),
    ):
        rest = of_no_kind(seen, total)
        if rest is None:
            continue
        is_off = pl.col(by_kind) & (rest.cast(pl.Float64) > CENT)
        message = pl.format(
            "{}If the kinds are all there is, add the column with the total.",
            kinds_and_total(seen, total),
        )
        rows = seen.filter(is_off)
        found.append(rule_issue(rows, "fees_of_no_kind", "warning", total, message))
    return found


def _of_position(seen: pl.DataFrame) -> list[pl.DataFrame]:
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
    return [
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
