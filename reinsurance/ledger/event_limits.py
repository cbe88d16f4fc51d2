"""Events against the top of a contract's layers: all claims of one, in its currency."""

from typing import Any

import polars as pl
from django.db.models import Sum

from reinsurance.ledger.cash_losses import in_money
from reinsurance.ledger.rates import with_rates
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import Claim, ClaimPosition, LossEvent

_EVENT = ["treaty", "loss_event"]


def event_issues(settlement: Any, totals: pl.DataFrame) -> list[pl.DataFrame]:
    """Breaches ``above_event_limit``, and rates that are missing for it.

    ``totals``: what claims of the rows stand at (``total``), with ``event_top`` and
    ``contract_currency``.
    """
    claims = settlement.claims
    if "loss_event" not in claims.columns:
        return []
    own = (
        claims.filter(pl.col("loss_event").is_not_null())
        .select("claim", *_EVENT)
        .join(totals.drop("treaty"), on="claim")
        .filter(pl.col("event_top").is_not_null())
        .group_by(_EVENT, maintain_order=True)
        .agg(
            pl.col("total").sum(),
            pl.col("event_top", "contract_currency").first(),
            keys=pl.col("claim").filter(pl.col("claim") > 0),
            claim=pl.col("claim").first(),
        )
    )
    if not own.height:
        return []
    whole = (
        own.join(_others(own), on=_EVENT, how="left")
        .join(_codes(own["loss_event"]), on="loss_event")
        .with_columns(whole=pl.col("total") + pl.col("other").fill_null(0))
    )
    rows = settlement.settled.join(whole, on="claim").unique("claim", keep="first")
    return [_above(rows), _without_rate(rows)]


def _others(own: pl.DataFrame) -> pl.DataFrame:
    """``other``: what claims of the events stand at that the rows do not touch.

    ``lacks``: a currency of theirs without a rate.
    """
    held: list[tuple[Any, ...]] = []
    picked = own.select(*_EVENT, "contract_currency", "keys")
    for treaty, event, quote, keys in picked.iter_rows():
        claims = Claim.objects.filter(treaty_id=treaty, loss_event_id=event)
        sums = (
            ClaimPosition.objects.filter(claim__in=claims.exclude(pk__in=keys))
            .order_by()
            .values_list("currency_id", "period_end")
            .annotate(Sum("incurred"))
        )
        held += [(treaty, event, quote, *row) for row in sums]
    schema = {
        "treaty": pl.Int64,
        "loss_event": pl.Int64,
        "quote": pl.String,
        "currency": pl.String,
        "day": pl.Date,
        "incurred": pl.Float64,
    }
    frame = pl.DataFrame(held, schema=schema, orient="row")
    is_unknown = pl.col("rate").is_null() & (pl.col("incurred") != 0)
    return (
        with_rates(frame, base="currency", quote="quote", day="day")
        .group_by(_EVENT)
        .agg(
            other=(pl.col("incurred") * pl.col("rate")).sum(),
            lacks=pl.col("currency").filter(is_unknown).min(),
        )
    )


def _codes(events: pl.Series) -> pl.DataFrame:
    found = LossEvent.objects.filter(pk__in=events.unique().to_list())
    return pl.DataFrame(
        list(found.values_list("pk", "code")),
        schema={"loss_event": pl.Int64, "event": pl.String},
        orient="row",
    )


def _above(rows: pl.DataFrame) -> pl.DataFrame:
    return rule_issue(
        rows.filter(pl.col("whole").round(4) > pl.col("event_top")),
        "above_event_limit",
        "breach",
        "loss_event",
        pl.format(
            "The claims of event {} stand at {} {}, above the top of the contract's "
            "layers, {} each occurrence.",
            "event",
            in_money("whole"),
            "contract_currency",
            in_money("event_top"),
        ),
    )


def _without_rate(rows: pl.DataFrame) -> pl.DataFrame:
    return rule_issue(
        rows.filter(pl.col("lacks").is_not_null()),
        "missing_rate",
        "warning",
        "loss_event",
        pl.format(
            "No rate of {} in {} is in the books for the period of another claim of "
            "event {}, so the limit of each occurrence cannot be looked at. Load the "
            "rate.",
            "lacks",
            "contract_currency",
            "event",
        ),
    )
