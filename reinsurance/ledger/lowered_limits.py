"""Limits of contracts that are lowered: what the books hold above them already.

Claims and premium are held against the limits of their contract as they come.  Who
lowers a limit, or tells one that nobody knew, is told what stands above it.
"""

import polars as pl

from reinsurance.ledger.contract_names import contract_names
from reinsurance.ledger.layer_tops import layer_tops, tops_of
from reinsurance.models import Treaty
from reinsurance.resources.issues import ROW

LIMITS = (
    "premium_income_limit",
    "loss_notification_threshold",
    "risk_top",
    "event_top",
)
TERMS: dict[str, pl.DataType] = {
    ROW: pl.Int64(),
    "treaty": pl.Int64(),
    "treaty_reference": pl.String(),
    "contract_currency": pl.String(),
    **dict.fromkeys(LIMITS, pl.Float64()),
}
"""Contracts and their limits; null: nothing to hold the books against."""


def terms_of(treaties: list[int]) -> pl.DataFrame:
    """The limits of contracts as the books have them (:data:`TERMS`, row 0)."""
    found = Treaty.objects.filter(pk__in=treaties)
    rows = found.values_list("pk", "currency_id", *LIMITS[:2])
    names = contract_names(treaties)
    told = pl.DataFrame(
        [(0, key, names[key], *terms) for key, *terms in rows],
        schema={n: d for n, d in TERMS.items() if not n.endswith("_top")},
        orient="row",
    )
    tops = layer_tops(treaties)
    return told.join(tops, on="treaty", how="left").select(*TERMS)


def lowered(after: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The limits of ``after`` that are new or lower than ``before``; others null.

    Both are :data:`TERMS`; contracts without such a limit are left out.  In another
    currency every limit is a new one.
    """
    was = before.select(
        "treaty", pl.col("contract_currency", *LIMITS).name.prefix("was.")
    )
    is_other = pl.col("contract_currency") != pl.col("was.contract_currency")
    is_lower = {
        n: is_other | (pl.col(n) < pl.col(f"was.{n}")).fill_null(value=True)
        for n in LIMITS
    }
    return (
        after.join(was, on="treaty")
        .with_columns(pl.when(is_lower[n]).then(n).alias(n) for n in LIMITS)
        .filter(pl.any_horizontal(pl.col(LIMITS).is_not_null()))
        .select(*TERMS)
    )


def lowered_by(
    rows: pl.DataFrame, layers: pl.DataFrame, before: pl.DataFrame
) -> pl.DataFrame:
    """Limits of contracts of the books that a register lowers, as after its load.

    ``rows``: its good rows with ``treaty``, a limit that is told as none being
    infinite; ``layers``: all of its contracts as they
    would stand (:data:`layer_tops.RANGES`); ``before``: the contracts before it.
    """
    names = ("currency", *LIMITS[:2])
    told = (
        rows.sort(ROW)
        .group_by("treaty")
        .agg(pl.col(ROW).min(), pl.col(names).drop_nulls().first().name.prefix("told."))
    )
    after = (
        before.drop(ROW, *LIMITS[2:])
        .join(told, on="treaty")
        .join(tops_of(layers), on="treaty", how="left")
        .with_columns(
            pl.coalesce("told.currency", "contract_currency").alias(
                "contract_currency"
            ),
            *(pl.coalesce(f"told.{n}", n).alias(n) for n in LIMITS[:2]),
        )
        .with_columns(
            pl.when(pl.col(n).is_finite()).then(n).alias(n) for n in LIMITS[:2]
        )
    )
    return lowered(after, before)
