"""What claims of a file stand at, for rules that need the whole of the file."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.rates import with_rates
from reinsurance.models import ClaimPosition

SHARES: dict[str, pl.DataType] = {
    "treaty": pl.Int64(),
    "loss_event": pl.Int64(),
    "claim": pl.Int64(),
    "row": pl.Int64(),
    "total": pl.Float64(),
    "threshold": pl.Float64(),
    "risk_top": pl.Float64(),
    "event_top": pl.Float64(),
    "contract_currency": pl.String(),
    "unknown": pl.String(),
}
"""What a claim of the rows stands at after them, and the limits of its contract.

``unknown``: a currency of it without a rate.
"""


def left_out(shares: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """By how much a correction changes positions that it leaves out (``left_out``).

    By ``claim``, its ``treaty`` and its ``loss_event`` after the file, in the currency
    of the contract, where ``shares`` has it.  ``changed``: ``position``, ``incurred``
    and the ``period_end`` whose rate it is taken at.
    """
    rows = ClaimPosition.all_objects.filter(
        pk__in=changed["position"].unique().to_list()
    )
    places = pl.DataFrame(
        list(
            rows.values_list(
                "pk", "claim", "claim__treaty", "claim__loss_event", "currency"
            )
        ),
        schema={
            "position": pl.Int64,
            "claim": pl.Int64,
            "treaty": pl.Int64,
            "loss_event": pl.Int64,
            "currency": pl.String,
        },
        orient="row",
    )
    told = shares.select("claim", told="loss_event").unique("claim")
    quotes = shares.select("treaty", quote="contract_currency").unique("treaty")
    moved = (
        changed.join(places, on="position")
        .join(told, on="claim", how="left")
        .join(quotes, on="treaty")
        .with_columns(
            loss_event=pl.coalesce("told", "loss_event"), day=timelines.told_end()
        )
    )
    return with_rates(moved, base="currency", quote="quote", day="day").select(
        "treaty",
        "loss_event",
        "claim",
        left_out=pl.col("incurred").cast(pl.Float64) * pl.col("rate"),
    )
