"""Thresholds and limits of contracts against whole claims, in their currency."""

from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.cash_losses import cash_losses, in_money
from reinsurance.ledger.rates import rates_for
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import Claim, ClaimPosition, Layer, LossEvent, Treaty


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
    layers = Layer.objects.filter(treaty_id__in=keys).values_list(
        "treaty_id",
        "risk_attachment",
        "risk_limit",
        "occurrence_attachment",
        "occurrence_limit",
    )
    tops: dict[int, dict[str, float | None]] = {}
    for treaty, risk_from, risk, event_from, event in layers:
        held = tops.setdefault(treaty, {})
        for name, start, limit in (
            ("risk_top", risk_from, risk),
            ("event_top", event_from, event),
        ):
            if limit is None:
                continue
            top = float((start or 0) + limit)
            held[name] = max(held.get(name) or 0.0, top)
    top_frame = pl.DataFrame(
        [(k, v.get("risk_top"), v.get("event_top")) for k, v in tops.items()],
        schema={"treaty": pl.Int64, "risk_top": pl.Float64, "event_top": pl.Float64},
        orient="row",
    )
    return terms.join(top_frame, on="treaty", how="left")


def limit_issues(settlement: Any) -> list[pl.DataFrame]:
    """Thresholds and limits against the whole claim, in its contract's currency."""
    after = settlement.positions
    claims = settlement.claims
    terms = _terms(claims)
    watched = terms.filter(
        pl.any_horizontal(
            pl.col(n).is_not_null()
            for n in ("threshold", "cash_limit", "risk_top", "event_top")
        )
    )
    if not watched.height:
        return []
    touched = after.filter(pl.col("treaty").is_in(watched["treaty"].implode())).select(
        "position", "claim", "currency", "period_end", incurred=timelines.incurred()
    )
    every = pl.concat([touched, _others(touched)]).join(
        claims.select("claim", "treaty"), on="claim"
    )
    every = every.join(watched, on="treaty")
    wanted = every.select(base="currency", quote="contract_currency", day="period_end")
    every = every.join(
        rates_for(wanted),
        left_on=["currency", "contract_currency", "period_end"],
        right_on=["base", "quote", "day"],
        how="left",
        nulls_equal=True,
    )
    totals = every.group_by("claim").agg(
        pl.col(
            "treaty",
            "contract_currency",
            "threshold",
            "cash_limit",
            "risk_top",
            "event_top",
        ).first(),
        total=(pl.col("incurred").cast(pl.Float64) * pl.col("rate")).sum(),
        unknown=pl.col("currency").filter(pl.col("rate").is_null()).first(),
    )
    seen = settlement.settled.join(totals, on="claim").join(
        every.select("position", "rate").unique("position"), on="position", how="left"
    )
    first = seen.unique("claim", keep="first", maintain_order=True)
    money = pl.col("total").round(2).cast(pl.Decimal(20, 2)).cast(pl.String)
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
                money,
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
                money,
                "contract_currency",
                in_money("risk_top"),
            ),
        ),
        cash_losses(
            seen,
            every.select("position", "claim", "rate").unique("position"),
        ),
        *_events(settlement, totals),
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


def _converted(held: list[tuple[str, Any, Any]], currency: str) -> float:
    """Amounts (currency, day, amount) in one currency; as far as there are rates."""
    rows = pl.DataFrame(
        [(base, currency, day, float(amount)) for base, day, amount in held],
        schema={
            "base": pl.String,
            "quote": pl.String,
            "day": pl.Date,
            "amount": pl.Float64,
        },
        orient="row",
    )
    if not rows.height:
        return 0.0
    found = rows.join(
        rates_for(rows.select("base", "quote", "day")),
        on=["base", "quote", "day"],
        how="left",
        nulls_equal=True,
    )
    return float((found["amount"] * found["rate"]).sum())


def _events(settlement: Any, totals: pl.DataFrame) -> list[pl.DataFrame]:
    """Losses outside their event's dates, and events above the contract's limit."""
    claims = settlement.claims
    if "loss_event" not in claims.columns:
        return []
    told = claims.filter(pl.col("loss_event").is_not_null())
    if not told.height:
        return []
    events = pl.DataFrame(
        list(
            LossEvent.objects.filter(
                pk__in=told["loss_event"].unique().to_list()
            ).values_list("pk", "code")
        ),
        schema={"loss_event": pl.Int64, "event": pl.String},
        orient="row",
    )
    mine = told.select("claim", "treaty", "loss_event").join(
        totals.drop("treaty"), on="claim"
    )
    own = mine.group_by("treaty", "loss_event").agg(
        pl.col("total").sum(),
        pl.col("event_top", "contract_currency").first(),
        keys=pl.col("claim").filter(pl.col("claim") > 0),
        first=pl.col("claim").first(),
    )
    sums = []
    for treaty, event, total, top, currency, keys, claim in own.iter_rows():
        if top is None:
            continue
        rest = ClaimPosition.objects.filter(
            claim__in=Claim.objects.filter(
                treaty_id=treaty, loss_event_id=event
            ).exclude(pk__in=keys)
        ).values_list("currency_id", "period_end", "incurred")
        whole = total + _converted(list(rest), currency)
        if whole > top:
            sums.append((claim, event, whole, top, currency))
    above = pl.DataFrame(
        sums,
        schema={
            "claim": pl.Int64,
            "loss_event": pl.Int64,
            "whole": pl.Float64,
            "top": pl.Float64,
            "contract_currency": pl.String,
        },
        orient="row",
    ).join(events, on="loss_event")
    rows = settlement.settled.join(above, on="claim").unique("claim", keep="first")
    return [
        rule_issue(
            rows,
            "above_event_limit",
            "breach",
            "loss_event",
            pl.format(
                "The claims of event {} stand at {} {}, above the top of the "
                "contract's layers, {} each occurrence.",
                "event",
                in_money("whole"),
                "contract_currency",
                in_money("top"),
            ),
        )
    ]
