"""What claims of a file stand at, for rules that need the whole of the file."""

import polars as pl

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
_HELD: dict[str, pl.DataType] = {
    "treaty": pl.Int64(),
    "loss_event": pl.Int64(),
    "currency": pl.String(),
    "day": pl.Date(),
    "claim": pl.Int64(),
    "incurred": pl.Float64(),
}


def left_out(shares: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """By how much a correction changes positions that it leaves out (``left_out``).

    By ``claim``, its ``treaty`` and its ``loss_event`` after the file, in the currency
    of the contract, where ``shares`` has it.  ``changed``: ``position``, ``incurred``.
    """
    amounts = dict(changed.select("position", "incurred").iter_rows())
    told = dict(shares.select("claim", "loss_event").iter_rows())
    rows = ClaimPosition.all_objects.filter(pk__in=amounts).values_list(
        "claim__treaty", "claim__loss_event", "currency_id", "period_end", "claim", "pk"
    )
    held = [
        (treaty, told.get(claim) or event, currency, end, claim, amounts[key])
        for treaty, event, currency, end, claim, key in rows
    ]
    quotes = shares.select("treaty", quote="contract_currency").unique("treaty")
    frame = pl.DataFrame(held, schema=_HELD, orient="row").join(quotes, on="treaty")
    return (
        with_rates(frame, base="currency", quote="quote", day="day")
        .with_columns(left_out=pl.col("incurred") * pl.col("rate"))
        .select("treaty", "loss_event", "claim", "left_out")
    )
