"""Thresholds and limits of contracts against whole claims, in their currency."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.cash_losses import cash_losses, in_money
from reinsurance.ledger.claim_shares import SHARES
from reinsurance.ledger.layer_tops import layer_tops
from reinsurance.ledger.rates import with_rates
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import ClaimPosition, Treaty

_LIMITS = ("threshold", "cash_limit", "risk_top", "event_top")


def _terms(claims: pl.DataFrame) -> pl.DataFrame:
    """Terms of the claims' contracts that a claim can break."""
    keys = claims["treaty"].unique().to_list()
    rows = Treaty.objects.filter(pk__in=keys).values_list(
        "pk", "currency_id", "loss_notification_threshold", "cash_loss_limit"
    )
    terms = pl.DataFrame(
        list(rows),
        schema={
            "treaty": pl.Int64,
            "contract_currency": pl.String,
            "threshold": pl.Float64,
            "cash_limit": pl.Float64,
        },
        orient="row",
    )
    return terms.join(layer_tops(keys), on="treaty", how="left")


def limit_issues(settlement: Any, *, is_correction: bool) -> list[pl.DataFrame]:
    """Thresholds and limits against the whole claim, in its contract's currency.

    What claims of a correction stand at is known with the whole file only
    (:func:`whole_claims`).
    """
    every = _watched(settlement, _LIMITS)
    if not every.height:
        return []
    totals = _totals(every)
    seen = settlement.settled.join(totals, on="claim", maintain_order="left")
    later = settlement.later
    if later.height:
        later = later.join(totals, on="claim", maintain_order="left")
    first = seen.unique("claim", keep="first", maintain_order=True)
    return [
        *([] if is_correction else _of_claims(first)),
        *cash_losses(seen, later, every, settlement.paid),
    ]


def claim_shares(settlement: Any, *, is_correction: bool) -> pl.DataFrame:
    """What the rules of the whole file need to know of claims (:data:`SHARES`).

    Of events alone, but in a correction.
    """
    claims = settlement.claims
    if "loss_event" not in claims.columns:
        claims = claims.with_columns(loss_event=pl.lit(None, pl.Int64))
    if not is_correction:
        claims = claims.filter(pl.col("loss_event").is_not_null())
    limits = ["threshold", "risk_top", "event_top"] if is_correction else ["event_top"]
    every = _watched(settlement, limits) if claims.height else claims
    if not every.height:
        return pl.DataFrame(schema=SHARES)
    live = settlement.settled.filter("is_live")
    first = live.group_by("claim").agg(pl.col("row").min())
    return (
        _totals(every)
        .join(claims.select("claim", "loss_event"), on="claim")
        .join(first, on="claim")
        .select(pl.col(n).cast(dtype) for n, dtype in SHARES.items())
    )


def whole_claims(shares: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Thresholds and limits of the claims of a correction, without what it leaves out.

    ``gone`` as of :func:`claim_shares.left_out`.
    """
    less = gone.group_by("claim").agg(pl.col("left_out").sum())
    whole = shares.join(less, on="claim", how="left").with_columns(
        total=(pl.col("total") + pl.col("left_out").fill_null(0)).round(4)
    )
    return pl.concat(_of_claims(whole.sort("row")))


def _watched(settlement: Any, limits: Sequence[str]) -> pl.DataFrame:
    """Positions of claims on contracts with such limits, empty where there are none."""
    has_limit = pl.any_horizontal(pl.col(n).is_not_null() for n in limits)
    watched = _terms(settlement.claims).filter(has_limit)
    return _positions(settlement, watched) if watched.height else watched


def _totals(every: pl.DataFrame) -> pl.DataFrame:
    """What claims stand at (``total``), and ``unknown``, a currency without a rate."""
    return every.group_by("claim").agg(
        pl.col("treaty", "contract_currency", *_LIMITS).first(),
        total=(pl.col("incurred").cast(pl.Float64) * pl.col("rate")).sum().round(4),
        unknown=pl.col("currency").filter(pl.col("rate").is_null()).min(),
    )


def _positions(settlement: Any, watched: pl.DataFrame) -> pl.DataFrame:
    """All positions of the claims with ``rate``, that of the period they stand at.

    ``is_touched``: the rows tell of it.
    """
    touched = settlement.positions.filter(
        pl.col("treaty").is_in(watched["treaty"].implode())
    ).select(
        "position", "claim", "currency", "period_end", incurred=timelines.incurred()
    )
    every = pl.concat(
        [
            touched.with_columns(is_touched=pl.lit(value=True)),
            _others(touched).with_columns(is_touched=pl.lit(value=False)),
        ]
    )
    every = every.join(settlement.claims.select("claim", "treaty"), on="claim")
    return with_rates(
        every.join(watched, on="treaty"),
        base="currency",
        quote="contract_currency",
        day="period_end",
    )


def _of_claims(first: pl.DataFrame) -> list[pl.DataFrame]:
    """What is to be said of claims as they stand, at the first row of each."""
    return [
        rule_issue(
            first.filter(pl.col("unknown").is_not_null()),
            "missing_rate",
            "warning",
            "currency",
            pl.format(
                "No rate of {} in {} is in the books for the period, so the limits of "
                "the contract cannot be looked at. Load the rate.",
                "unknown",
                "contract_currency",
            ),
        ),
        rule_issue(
            first.filter(pl.col("total") >= pl.col("threshold")),
            "above_notification_threshold",
            "breach",
            "claim_reference",
            pl.format(
                "The claim stands at {} {}, at or above the contract's loss "
                "notification threshold of {}.",
                in_money("total"),
                "contract_currency",
                in_money("threshold"),
            ),
        ),
        rule_issue(
            first.filter(pl.col("total") > pl.col("risk_top")),
            "above_risk_limit",
            "breach",
            "claim_reference",
            pl.format(
                "The claim stands at {} {}, above the top of the contract's layers, {} "
                "each risk.",
                in_money("total"),
                "contract_currency",
                in_money("risk_top"),
            ),
        ),
    ]


def _others(touched: pl.DataFrame) -> pl.DataFrame:
    """Standing positions of the same claims that the rows do not touch."""
    claims = touched.filter(pl.col("claim") > 0)["claim"].unique().to_list()
    rows = (
        ClaimPosition.objects.filter(claim_id__in=claims)
        .exclude(pk__in=touched.filter(pl.col("position") > 0)["position"].to_list())
        .values_list("pk", "claim_id", "currency_id", "period_end", "incurred")
        if claims
        else []
    )
    return pl.DataFrame(list(rows), schema=touched.schema, orient="row")
