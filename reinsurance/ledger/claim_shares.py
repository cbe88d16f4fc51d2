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
    "name": pl.String(),
}
"""What a claim of the rows stands at after them, and the limits of its contract.

``unknown``: a currency of it without a rate; ``name``: its reference, where no row
tells of it.
"""


def left_out(
    shares: pl.DataFrame, changed: pl.DataFrame, events: pl.DataFrame
) -> pl.DataFrame:
    """By how much a correction changes positions that it leaves out (``left_out``).

    By ``claim``, its ``treaty`` and its ``loss_event`` after the load (``events``), in
    the currency of the contract, where ``shares`` has it.  ``changed``: ``position``,
    ``incurred`` and the ``period_end`` whose rate it is taken at.
    """
    rows = ClaimPosition.all_objects.filter(
        pk__in=changed["position"].unique().to_list()
    )
    places = pl.DataFrame(
        list(rows.values_list("pk", "claim", "claim__treaty", "currency")),
        schema={
            "position": pl.Int64,
            "claim": pl.Int64,
            "treaty": pl.Int64,
            "currency": pl.String,
        },
        orient="row",
    )
    quotes = shares.select("treaty", quote="contract_currency").unique("treaty")
    moved = (
        changed.join(places, on="position")
        .join(events, on="claim", how="left")
        .join(quotes, on="treaty")
        .with_columns(day=timelines.told_end())
    )
    return with_rates(moved, base="currency", quote="quote", day="day").select(
        "treaty",
        "loss_event",
        "claim",
        left_out=pl.col("incurred").cast(pl.Float64) * pl.col("rate"),
    )


def with_left_out(
    shares: pl.DataFrame, gone: pl.DataFrame, *, is_loaded: bool
) -> pl.DataFrame:
    """``shares`` and the claims of ``gone`` that no row tells of, as if nothing were.

    At the first row about their contract.  ``is_loaded``: the books are without what is
    left out.
    """
    others = (
        gone.join(shares, on="claim", how="anti")
        .group_by("claim", "treaty", "loss_event")
        .agg(pl.col("left_out").sum())
    )
    limits = shares.group_by("treaty").agg(
        pl.col("row").min(),
        pl.col("threshold", "risk_top", "event_top", "contract_currency").first(),
    )
    rows = others.join(limits, on="treaty")
    if not rows.height:
        return shares
    less = pl.col("left_out") if is_loaded else pl.lit(0.0)
    held = rows.join(_held(rows), on="claim", how="left").with_columns(
        total=(pl.col("total").fill_null(0) - less).round(4)
    )
    return pl.concat(
        [shares, held.select(pl.col(n).cast(d) for n, d in SHARES.items())]
    )


def _held(claims: pl.DataFrame) -> pl.DataFrame:
    """``total``, ``unknown`` and ``name`` of claims as they stand in the books."""
    rows = ClaimPosition.objects.filter(
        claim__in=claims["claim"].to_list()
    ).values_list("claim", "claim__reference", "currency", "period_end", "incurred")
    schema = {
        "claim": pl.Int64,
        "name": pl.String,
        "currency": pl.String,
        "period_end": pl.Date,
        "incurred": pl.Float64,
    }
    held = pl.DataFrame(list(rows), schema=schema, orient="row").join(
        claims.select("claim", quote="contract_currency"), on="claim"
    )
    return (
        with_rates(held, base="currency", quote="quote", day="period_end")
        .group_by("claim")
        .agg(
            pl.col("name").first(),
            total=(pl.col("incurred") * pl.col("rate")).sum(),
            unknown=pl.col("currency").filter(pl.col("rate").is_null()).min(),
        )
    )
