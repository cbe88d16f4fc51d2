"""Events against the top of a contract's layers: all claims of one, in its currency.

Asked of a whole file at once: its parts are settled each by itself, and what a
correction leaves out is known only after the last of them.
"""

from typing import Any

import polars as pl
from django.db.models import Sum
from django.db.models.expressions import RawSQL

from reinsurance.ledger.cash_losses import in_money
from reinsurance.ledger.copying import sought
from reinsurance.ledger.rates import LOAD_IT, with_rates
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import Claim, ClaimPosition, LossEvent
from reinsurance.resources.issues import no_issues

_EVENT = ["treaty", "loss_event"]


def event_issues(
    cursor: Any,
    shares: pl.DataFrame,
    gone: pl.DataFrame | None = None,
    *,
    is_loaded: bool,
) -> pl.DataFrame:
    """Breaches ``above_event_limit``, and rates that are missing for it.

    ``shares``: what all claims of the file's rows stand at; ``gone``: by how much
    claims change that a correction leaves out (:mod:`claim_shares`).  ``is_loaded``:
    the books have all of that already.  Inside a transaction.
    """
    told = pl.col("loss_event").is_not_null() & pl.col("event_top").is_not_null()
    own = (
        shares.filter(told)
        .sort("row", maintain_order=True)
        .group_by(_EVENT, maintain_order=True)
        .agg(
            pl.col("row", "event_top", "contract_currency").first(),
            pl.col("unknown").min(),
            own=pl.col("total").sum(),
        )
    )
    if not own.height:
        return no_issues()
    beside = shares["claim"].clear() if is_loaded else shares["claim"]
    whole = own.join(
        _others(cursor, own, beside), on=_EVENT, how="left", maintain_order="left"
    ).join(_codes(own["loss_event"]), on="loss_event")
    parts = ["other"] if is_loaded else ["other", "own"]
    if gone is not None and not is_loaded:
        less = gone.group_by(_EVENT).agg(pl.col("left_out").sum())
        whole = whole.join(less, on=_EVENT, how="left", maintain_order="left")
        parts.append("left_out")
    whole = whole.with_columns(
        whole=pl.sum_horizontal(parts),
        lacks=pl.when(pl.col("unknown").is_null()).then("lacks"),
    )
    return pl.concat([_above(whole), _without_rate(whole)])


def _others(cursor: Any, own: pl.DataFrame, claims: pl.Series) -> pl.DataFrame:
    """``other``: what claims of the events stand at beside these (keys).

    ``lacks``: a currency of theirs without a rate.
    """
    sought(cursor, "claim_beside", id=("bigint", claims.unique()))
    told = RawSQL("SELECT id FROM claim_beside", [])  # noqa: S611 our own table
    sums = (
        ClaimPosition.objects.filter(
            claim__treaty__in=own["treaty"].to_list(),
            claim__loss_event__in=own["loss_event"].to_list(),
            claim__in=Claim.objects.all(),
        )
        .exclude(claim__in=told)
        .order_by()
        .values_list("claim__treaty", "claim__loss_event", "currency_id", "period_end")
        .annotate(Sum("incurred"))
    )
    return _converted(list(sums), own).rename({"amount": "other"})


def _converted(held: list[tuple[Any, ...]], own: pl.DataFrame) -> pl.DataFrame:
    """Amounts (contract, event, currency, day, amount) in the contracts' currencies.

    By contract and event: ``amount``, and ``lacks``, a currency without a rate.
    """
    schema = {
        "treaty": pl.Int64,
        "loss_event": pl.Int64,
        "currency": pl.String,
        "day": pl.Date,
        "incurred": pl.Float64,
    }
    frame = pl.DataFrame(held, schema=schema, orient="row").join(
        own.select(*_EVENT, quote="contract_currency"), on=_EVENT
    )
    is_unknown = pl.col("rate").is_null() & (pl.col("incurred") != 0)
    return (
        with_rates(frame, base="currency", quote="quote", day="day")
        .group_by(_EVENT)
        .agg(
            amount=(pl.col("incurred") * pl.col("rate")).sum(),
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
            "event {}, so the limit of each occurrence cannot be looked at. "
            f"{LOAD_IT}",
            "lacks",
            "contract_currency",
            "event",
        ),
    )
