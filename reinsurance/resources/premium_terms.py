"""Rows of premiums beside the period they are told for and their contract's terms."""

import polars as pl

from reinsurance.ledger.periods import END
from reinsurance.models import Layer
from reinsurance.resources.issues import ROW, issues_at, no_issues
from reinsurance.resources.rules import minor_units, off_by_more_than

NEARLY = 0.000_001
"""Rates that differ by less are the same."""
NO_PERIOD = (
    "Neither file nor row says for which period the premium is told, so it would stand "
    "beside the same premium of a bordereau. Hand the file in again with the end of "
    "its period, or add a column with it."
)


def without_period(frame: pl.DataFrame, unclear: pl.DataFrame) -> pl.DataFrame:
    """Issues ``missing_period`` of rows that name no period, clear or ``unclear``.

    A transaction told again replaces for the same period and adds for another: without
    one it would stand beside each of them.
    """
    rows = frame.filter(
        pl.col(END).is_null() & ~pl.col(ROW).is_in(unclear[ROW].implode())
    )
    return issues_at(
        rows,
        column="period_end",
        value=None,
        code="missing_period",
        severity="error",
        message=pl.lit(NO_PERIOD),
    )


def against_terms(frame: pl.DataFrame) -> pl.DataFrame:
    """Issues ``commission_differs`` and ``brokerage_differs`` of a chunk's rows.

    ``frame`` is a row frame with the contracts' keys; one query.  A row of a section
    is held against the layer of that number if there is one, else against all layers:
    a rate that none of them has is a breach.  Where a layer has no brokerage the
    contract's own counts.
    """
    if not {"treaty_reference", "gross_premium"} <= set(frame.columns):
        return no_issues()
    parts = [
        (amount, rate)
        for amount, rate in (
            ("commission", "commission_rate"),
            ("brokerage", "brokerage_rate"),
        )
        if amount in frame.columns or rate in frame.columns
    ]
    if not parts:
        return no_issues()
    layers = _layers(frame["treaty_reference"].drop_nulls().unique().to_list())
    if not layers.height:
        return no_issues()
    section = pl.col("section") if "section" in frame.columns else pl.lit("")
    terms = frame.with_columns(__section=section).join(layers, on="treaty_reference")
    is_its = (pl.col("__section") == pl.col("layer")).fill_null(value=False)
    terms = terms.filter(is_its | ~is_its.any().over(ROW))
    return pl.concat([_differs(terms, *part) for part in parts])


def _layers(keys: list[int]) -> pl.DataFrame:
    rows = Layer.objects.filter(treaty_id__in=keys).values_list(
        *("treaty_id", "number", "commission", "brokerage", "treaty__brokerage")
    )
    return pl.DataFrame(
        [
            (treaty, str(number), commission, own if own is not None else whole)
            for treaty, number, commission, own, whole in rows
        ],
        schema={
            "treaty_reference": pl.Int64(),
            "layer": pl.String(),
            "agreed_commission": pl.Decimal(9, 8),
            "agreed_brokerage": pl.Decimal(9, 8),
        },
        orient="row",
    )


def _differs(terms: pl.DataFrame, amount: str, rate: str) -> pl.DataFrame:
    agreed = pl.col(f"agreed_{amount}").cast(pl.Float64)
    by_rate = by_amount = pl.lit(None, dtype=pl.Boolean)
    if rate in terms.columns:
        by_rate = (pl.col(rate).cast(pl.Float64) - agreed).abs() > NEARLY
    if amount in terms.columns:
        due = pl.col("gross_premium").cast(pl.Float64) * agreed
        by_amount = off_by_more_than(pl.col(amount), due, units=minor_units())
    off = pl.coalesce(by_rate, by_amount)
    told = terms.filter(off.is_not_null()).with_columns(
        __off=off,
        __agreed=(agreed * 100).round(4).cast(pl.String) + "%",
    )
    broken = (
        told.filter(pl.col("__off").all().over(ROW))
        .with_columns(
            pl.col("__agreed").unique(maintain_order=True).implode().over(ROW)
        )
        .unique(ROW, keep="first", maintain_order=True)
    )
    shown = next(name for name in (rate, amount) if name in terms.columns)
    return issues_at(
        broken,
        column=shown,
        value=pl.col(shown),
        code=f"{amount}_differs",
        severity="breach",
        message=pl.format(
            f"The {amount} is not what the contract says: {{}}. "
            "Ask the sender, or correct the contract.",
            pl.col("__agreed").list.join(" or "),
        ),
    )
