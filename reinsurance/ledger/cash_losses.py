"""Cash losses: what is paid of a whole claim in one period, against the limit.

A claim is paid by sections, risk codes and currencies, and by several files of a
period; the contract's limit looks at all of it together.
"""

import polars as pl

from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.ledger.statements import timelines_of
from reinsurance.resources.issues import no_issues

_PAID = ("paid_indemnity", "paid_fees")


def cash_losses(seen: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """Breaches ``above_cash_loss_limit``, at the first row of a claim and period.

    ``seen``: rows beside the books, with ``cash_limit``, ``contract_currency`` and
    ``rate``; ``every``: all standing positions of their claims (``position``,
    ``claim``, ``rate``).
    """
    watched = seen.filter(pl.col("cash_limit").is_not_null())
    if not watched.height:
        return no_issues()
    mine = watched.unique(["position", "period_end"], keep="first").select(
        "claim", "period_end", paid=_paid("at_", "before_") * pl.col("rate")
    )
    beside = _of_other_positions(watched, every)
    paid = (
        pl.concat([mine, beside])
        .group_by("claim", "period_end")
        .agg(paid_now=pl.col("paid").sum())
    )
    rows = (
        watched.sort("row")
        .unique(["claim", "period_end"], keep="first", maintain_order=True)
        .join(paid, on=["claim", "period_end"], nulls_equal=True, maintain_order="left")
        .filter(pl.col("paid_now") >= pl.col("cash_limit"))
    )
    return rule_issue(
        rows,
        "above_cash_loss_limit",
        "breach",
        "claim_reference",
        pl.format(
            "{} {} were paid in the period, at or above the contract's cash-loss limit "
            "of {}.",
            in_money("paid_now"),
            "contract_currency",
            in_money("cash_limit"),
        ),
    )


def in_money(name: str) -> pl.Expr:
    """An amount as text, with two decimals."""
    return pl.col(name).round(2).cast(pl.Decimal(20, 2)).cast(pl.String)


def _paid(now: str, before: str) -> pl.Expr:
    return pl.sum_horizontal(
        pl.col(f"{now}{n}").fill_null(0) - pl.col(f"{before}{n}").fill_null(0)
        for n in _PAID
    ).cast(pl.Float64)


def _of_other_positions(watched: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """``claim``, ``period_end``, ``paid`` of positions that the rows leave alone."""
    others = every.join(watched, on="position", how="anti").join(
        watched, on="claim", how="semi"
    )
    nothing = pl.DataFrame(
        schema={"claim": pl.Int64, "period_end": pl.Date, "paid": pl.Float64}
    )
    if not others.height:
        return nothing
    line = timelines_of(others["position"].to_list())
    known = [n for n in _PAID if n in line.columns]
    if not known:
        return nothing
    is_next = pl.col("position") == pl.col("position").shift(1)
    moved = line.with_columns(
        *(
            pl.when(is_next).then(pl.col(n).shift(1)).alias(f"before_{n}")
            for n in known
        ),
        *(
            pl.lit(0).alias(f"{prefix}{n}")
            for n in _PAID
            if n not in known
            for prefix in ("", "before_")
        ),
    )
    return moved.join(others, on="position").select(
        "claim", "period_end", paid=_paid("", "before_") * pl.col("rate")
    )
