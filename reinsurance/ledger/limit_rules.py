"""Thresholds and limits of contracts against whole claims, in their currency."""

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.cash_losses import (
    PERIODS,
    cash_losses,
    in_money,
    paid_in_periods,
    without_left_out,
)
from reinsurance.ledger.claim_shares import SHARES
from reinsurance.ledger.layer_tops import layer_tops
from reinsurance.ledger.rates import LOAD_IT, with_rates
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import Claim, ClaimPosition, Treaty

_THE_CLAIM = pl.lit("The claim")
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


@dataclass(frozen=True, slots=True)
class Watched:
    """Claims of rows on contracts that limit them.

    ``positions``: all of theirs; ``totals``: what each claim stands at.
    """

    positions: pl.DataFrame
    totals: pl.DataFrame


def watched(settlement: Any) -> Watched | None:
    """The claims of rows that a limit of their contract looks at; None: none."""
    has_limit = pl.any_horizontal(pl.col(n).is_not_null() for n in _LIMITS)
    terms = _terms(settlement.claims).filter(has_limit)
    if not terms.height:
        return None
    positions = _positions(settlement, terms)
    return Watched(positions, _totals(positions)) if positions.height else None


def limit_issues(settlement: Any, found: Watched) -> list[pl.DataFrame]:
    """Thresholds and limits against the whole claim, in its contract's currency."""
    seen = settlement.settled.join(found.totals, on="claim", maintain_order="left")
    first = seen.unique("claim", keep="first", maintain_order=True)
    return [
        *of_claims(first, _THE_CLAIM),
        *cash_losses(_paid_in_periods(settlement, found)),
    ]


def shares_of(
    settlement: Any, found: Watched | None, *, is_correction: bool
) -> dict[str, pl.DataFrame]:
    """What the rules of the whole file need to know of the claims of rows.

    ``shares`` (:data:`SHARES`): of events alone, but in a correction; ``paid``
    (:data:`PERIODS`): in a correction.
    """
    nothing = {
        "shares": pl.DataFrame(schema=SHARES),
        "paid": pl.DataFrame(schema=PERIODS),
    }
    if found is None:
        return nothing
    live = settlement.settled.filter("is_live")
    first = live.group_by("claim").agg(pl.col("row").min())
    shares = found.totals.join(_events(settlement.claims, found), on="claim").join(
        first, on="claim"
    )
    if not is_correction:
        shares = shares.drop_nulls(["loss_event", "event_top"])
    shares = shares.with_columns(name=None).select(
        pl.col(n).cast(d) for n, d in SHARES.items()
    )
    if not is_correction or not live.height:
        return nothing | {"shares": shares}
    paid = _paid_in_periods(replace(settlement, settled=live), found)
    return {"shares": shares, "paid": paid}


def _events(claims: pl.DataFrame, found: Watched) -> pl.DataFrame:
    """``claim`` and ``loss_event`` after the rows; of the books if they are silent."""
    if "loss_event" in claims.columns:
        return claims.select("claim", "loss_event")
    limited = found.totals.filter(pl.col("event_top").is_not_null())
    known = limited.filter(pl.col("claim") > 0)["claim"].to_list()
    rows = Claim.all_objects.filter(pk__in=known, loss_event__isnull=False)
    events = pl.DataFrame(
        list(rows.values_list("pk", "loss_event")),
        schema={"claim": pl.Int64, "loss_event": pl.Int64},
        orient="row",
    )
    return claims.select("claim").join(events, on="claim", how="left")


def whole_claims(
    shares: pl.DataFrame, gone: pl.DataFrame, paid: pl.DataFrame, moved: pl.DataFrame
) -> pl.DataFrame:
    """Thresholds and limits of the claims of a correction, without what it leaves out.

    ``shares`` and ``paid`` as of :func:`shares_of`; ``gone`` as of
    :func:`claim_shares.left_out`; ``moved``: by how much ``paid`` of a ``position``
    changes within a period (``period_end``).
    """
    less = gone.group_by("claim").agg(pl.col("left_out").sum())
    whole = shares.join(less, on="claim", how="left").with_columns(
        total=(pl.col("total") + pl.col("left_out").fill_null(0)).round(4)
    )
    cash = cash_losses(without_left_out(paid, moved))
    named = "Claim “{}”, of which this correction leaves something out,"
    subject = pl.format(named, "name").fill_null(_THE_CLAIM)
    return pl.concat([*of_claims(whole.sort("row"), subject), *cash])


def _paid_in_periods(settlement: Any, found: Watched) -> pl.DataFrame:
    seen, later = (
        frame.join(found.totals, on="claim", maintain_order="left")
        if frame.height
        else frame
        for frame in (settlement.settled, settlement.later)
    )
    return paid_in_periods(seen, later, found.positions, settlement.paid)


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


def of_claims(first: pl.DataFrame, subject: pl.Expr) -> list[pl.DataFrame]:
    """What is to be said of claims as they stand (``subject``), at a row of each."""
    return [
        rule_issue(
            first.filter(pl.col("unknown").is_not_null()),
            "missing_rate",
            "warning",
            "currency",
            pl.format(
                "No rate of {} in {} is in the books for the period, so the limits of "
                f"the contract cannot be looked at. {LOAD_IT}",
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
                "{} stands at {} {}, at or above the contract's loss "
                "notification threshold of {}.",
                subject,
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
                "{} stands at {} {}, above the top of the contract's layers, {} each "
                "risk.",
                subject,
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
