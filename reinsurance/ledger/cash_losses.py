"""Cash losses: what is paid of a whole claim in one period, against the limit.

A claim is paid by sections, risk codes and currencies, and by several files of a
period; the contract's limit looks at all of it together, by the rates of the period.
"""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.later_periods import moves_by, told_where
from reinsurance.ledger.paid_periods import paid_of
from reinsurance.ledger.rates import LOAD_IT, with_rates
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import ClaimPosition

_CLAIM_AND_PERIOD = ["claim", "period_end"]
_TAKEN = ["row", "contract_currency", "cash_limit", "unknown"]


PERIODS: dict[str, pl.DataType] = {
    "claim": pl.Int64(),
    "period_end": pl.Date(),
    "row": pl.Int64(),
    "contract_currency": pl.String(),
    "cash_limit": pl.Float64(),
    "unknown": pl.String(),
    "where": pl.String(),
    "paid_now": pl.Float64(),
    "lacks": pl.String(),
}
"""What is paid of claims in periods: at which row it is told, and ``where`` in words.

``unknown`` is a currency without a rate that is told of the claim already, ``lacks``
one of what is paid in the period.
"""


def paid_in_periods(
    seen: pl.DataFrame, later: pl.DataFrame, every: pl.DataFrame, paid: pl.DataFrame
) -> pl.DataFrame:
    """What is paid of claims in periods that rows tell or move (:data:`PERIODS`).

    ``seen``: rows beside the books, with ``cash_limit``, ``contract_currency`` and
    ``unknown``; ``later``: periods told already that they change, alike; ``every``: all
    positions of their claims (``position``, ``claim``, ``currency``,
    ``contract_currency``, ``is_touched``); ``paid``: what is paid by period, of those
    that the rows touch at least.
    """
    of_period = (
        seen.filter(pl.col("cash_limit").is_not_null())
        .sort("row")
        .unique(_CLAIM_AND_PERIOD, keep="first", maintain_order=True)
        .select(*_CLAIM_AND_PERIOD, *_TAKEN, where=pl.lit(""))
    )
    if not of_period.height:
        return pl.DataFrame(schema=PERIODS)
    if later.height:
        of_period = pl.concat([of_period, _moved(later, of_period)])
    whole = of_period.join(
        _whole(of_period, every, paid),
        on=_CLAIM_AND_PERIOD,
        nulls_equal=True,
        maintain_order="left",
    )
    return whole.select(pl.col(n).cast(dtype) for n, dtype in PERIODS.items())


def cash_losses(whole: pl.DataFrame) -> list[pl.DataFrame]:
    """Breaches ``above_cash_loss_limit``, at the first row of a claim and period."""
    return [_above(whole), _without_rate(whole)]


def without_left_out(whole: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """What is paid in periods (:data:`PERIODS`) without what a correction leaves out.

    ``changed``: ``position``, ``period_end`` and by how much ``paid`` changes.
    """
    rows = ClaimPosition.all_objects.filter(pk__in=changed["position"].to_list())
    schema = {"position": pl.Int64, "claim": pl.Int64, "currency": pl.String}
    places = pl.DataFrame(
        list(rows.values_list("pk", "claim", "currency")), schema=schema, orient="row"
    )
    quotes = whole.select("claim", "contract_currency").unique("claim")
    moved = (
        changed.join(places, on="position")
        .join(quotes, on="claim")
        .with_columns(day=timelines.told_end())
    )
    less = (
        with_rates(moved, base="currency", quote="contract_currency", day="day")
        .group_by(_CLAIM_AND_PERIOD)
        .agg(less=(pl.col("paid").cast(pl.Float64) * pl.col("rate")).sum())
    )
    return (
        whole.join(less, on=_CLAIM_AND_PERIOD, how="left", maintain_order="left")
        .with_columns((pl.col("paid_now") + pl.col("less").fill_null(0)).round(4))
        .drop("less")
    )


def in_money(name: str) -> pl.Expr:
    """An amount as text, with two decimals."""
    return pl.col(name).round(2).cast(pl.Decimal(20, 2)).cast(pl.String)


def _moved(later: pl.DataFrame, of_period: pl.DataFrame) -> pl.DataFrame:
    """Claims and later periods in which the rows change what is paid in all."""
    change = pl.sum_horizontal(moves_by(n) for n in ("paid_indemnity", "paid_fees"))
    return (
        later.filter(pl.col("cash_limit").is_not_null())
        .join(of_period, on=_CLAIM_AND_PERIOD, how="anti")
        .sort("row", "number_later")
        .group_by(*_CLAIM_AND_PERIOD, "currency", maintain_order=True)
        .agg(
            pl.col(_TAKEN).first(),
            where=told_where("").last(),
            change=change.sum(),
        )
        .filter(pl.col("change") != 0)
        .unique(_CLAIM_AND_PERIOD, keep="first", maintain_order=True)
        .select(of_period.columns)
    )


def _whole(
    of_period: pl.DataFrame, every: pl.DataFrame, paid: pl.DataFrame
) -> pl.DataFrame:
    """``paid_now`` of claims in periods, and ``lacks``: a currency without a rate."""
    mine = every.join(of_period, on="claim", how="semi").select(
        "position", "claim", "currency", "contract_currency", "is_touched"
    )
    others = mine.filter(~pl.col("is_touched")).join(paid, on="position", how="anti")
    if others.height:
        paid = pl.concat([paid, paid_of(others["position"].to_list())])
    moved = (
        paid.join(mine, on="position")
        .join(of_period, on=_CLAIM_AND_PERIOD, how="semi", nulls_equal=True)
        .with_columns(day=timelines.told_end())
    )
    rated = with_rates(moved, base="currency", quote="contract_currency", day="day")
    is_unknown = pl.col("rate").is_null() & (pl.col("paid") != 0)
    return rated.group_by(_CLAIM_AND_PERIOD).agg(
        paid_now=(pl.col("paid").cast(pl.Float64) * pl.col("rate")).sum().round(4),
        lacks=pl.col("currency").filter(is_unknown).min(),
    )


def _above(rows: pl.DataFrame) -> pl.DataFrame:
    return rule_issue(
        rows.filter(pl.col("paid_now") >= pl.col("cash_limit")),
        "above_cash_loss_limit",
        "breach",
        "claim_reference",
        pl.format(
            "{} {} were paid in the period{}, at or above the contract's cash-loss "
            "limit of {}.",
            in_money("paid_now"),
            "contract_currency",
            "where",
            in_money("cash_limit"),
        ),
    )


def _without_rate(rows: pl.DataFrame) -> pl.DataFrame:
    return rule_issue(
        rows.filter(pl.col("lacks").is_not_null() & pl.col("unknown").is_null()),
        "missing_rate",
        "warning",
        "currency",
        pl.format(
            "No rate of {} in {} is in the books for the period to {}, so the "
            f"cash-loss limit cannot be looked at. {LOAD_IT}",
            "lacks",
            "contract_currency",
            pl.col("period_end").cast(pl.String),
        ),
    )
