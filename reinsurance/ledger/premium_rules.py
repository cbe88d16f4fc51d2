"""Rules over what premiums would stand in the books after a load."""

import polars as pl
from django.db.models import Sum
from django.db.models.functions import Coalesce

from reinsurance.ledger.premium_columns import tells
from reinsurance.ledger.rates import with_rates
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.issues import issues_at, no_issues

SUMMED = ["treaty_reference", "currency", "amounts_are", "day"]
"""Premium is added up by contract, currency, whose share it is, and period's end."""

MOST_DECIMALS = 4
"""Of an amount; what a sum of rates has beyond them is none of it."""

NOTHING = 0.000_01
"""What is left of amounts that cancel out."""


def premium_issues(entries: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Contracts whose premium in aggregate passes their premium income limit.

    Each entry is taken at the rate of its own period's end, whoever told it.
    """
    limits = _limits(entries["treaty_reference"].unique().to_list())
    if not limits.height:
        return no_issues()
    sums = _after(entries, known, limits["treaty_reference"].to_list()).join(
        limits, on="treaty_reference"
    )
    is_unknown = pl.col("rate").is_null()
    totals = (
        with_rates(sums, base="currency", quote="quote", day="day")
        .sort("day", "currency")
        .group_by("treaty_reference", "amounts_are")
        .agg(
            total=(pl.col("gross") * pl.col("rate")).sum().round(MOST_DECIMALS),
            unknown=pl.col("currency").filter(is_unknown).first(),
            unknown_day=pl.col("day").filter(is_unknown).first(),
            limit=pl.col("limit").first(),
            quote=pl.col("quote").first(),
        )
        .sort("treaty_reference", "total")
        .group_by("treaty_reference", maintain_order=True)
        .agg(
            pl.col("total", "limit", "quote").last(),
            pl.col("unknown", "unknown_day").drop_nulls().first(),
            shares=pl.len(),
        )
    )
    first = entries.unique("treaty_reference", keep="first", maintain_order=True)
    seen = first.select("row", "treaty_reference").join(totals, on="treaty_reference")
    return pl.concat([_above(seen), _not_comparable(seen)])


def _limits(treaties: list[int]) -> pl.DataFrame:
    """Premium income limits of the contracts that have one, and their currencies."""
    rows = Treaty.objects.filter(pk__in=treaties, premium_income_limit__isnull=False)
    return pl.DataFrame(
        list(rows.values_list("pk", "currency_id", "premium_income_limit")),
        schema={
            "treaty_reference": pl.Int64,
            "quote": pl.String,
            "limit": pl.Float64,
        },
        orient="row",
    )


def _after(
    entries: pl.DataFrame, known: pl.DataFrame, treaties: list[int]
) -> pl.DataFrame:
    """Gross premium of the contracts after the load, by the ends of its periods.

    An entry without a period counts as of the day on which it takes effect.
    """
    counted = entries.filter(pl.col("later").is_null())
    is_moved = (pl.col("__action") != "unchanged") | pl.col("was_end").ne_missing(
        pl.col("period_end")
    )
    # Rows that add share what they replace.
    shared = counted.filter(is_moved)["was_id"].drop_nulls()
    moves = counted.filter(is_moved | pl.col("was_id").is_in(shared.implode()))
    gone = known.filter(
        pl.col("id").is_in(moves["replaces"].explode().drop_nulls().implode())
    )
    share = pl.col("was.amounts_are")
    if "amounts_are" in moves.columns:
        own = pl.col("amounts_are")
        share = pl.when(tells("amounts_are")).then(own).otherwise(share)
    gross = pl.col("gross_premium").cast(pl.Float64)
    day = pl.coalesce("period_end", "effective_date")
    parts = [
        _written(treaties),
        moves.with_columns(amounts_are=share, day=day).select(*SUMMED, gross=gross),
        gone.with_columns(day=day).select(*SUMMED, gross=-gross),
    ]
    return (
        pl.concat(
            part.with_columns(pl.col("amounts_are").fill_null("")) for part in parts
        )
        .group_by(SUMMED)
        .agg(pl.col("gross").sum(), rows=pl.len())
        .filter((pl.col("gross").abs() > NOTHING) | (pl.col("rows") == 1))
        .drop("rows")
    )


def _written(treaties: list[int]) -> pl.DataFrame:
    """Gross premium of the contracts as it stands in the books."""
    written = (
        PremiumEntry.objects.filter(treaty_id__in=treaties)
        .order_by()
        .values_list(
            "treaty_id",
            "currency_id",
            "amounts_are",
            Coalesce("period_end", "effective_date"),
        )
        .annotate(Sum("gross_premium"))
    )
    schema = {
        "treaty_reference": pl.Int64,
        "currency": pl.String,
        "amounts_are": pl.String,
        "day": pl.Date,
        "gross": pl.Float64,
    }
    return pl.DataFrame(list(written), schema=schema, orient="row")


def _above(seen: pl.DataFrame) -> pl.DataFrame:
    def text(name: str) -> pl.Expr:
        return pl.col(name).round(2).cast(pl.Decimal(20, 2)).cast(pl.String)

    return issues_at(
        seen.filter(pl.col("total") > pl.col("limit")),
        column="gross_premium",
        value=None,
        code="above_premium_income_limit",
        severity="breach",
        message=pl.format(
            "The contract's premium stands at {} {} after this file, above its "
            "premium income limit of {}.",
            text("total"),
            "quote",
            text("limit"),
        ),
    )


def _not_comparable(seen: pl.DataFrame) -> pl.DataFrame:
    """Contracts whose premium cannot be added up to be held against the limit."""
    return pl.concat(
        [
            issues_at(
                seen.filter(pl.col("unknown").is_not_null()),
                column="currency",
                value=None,
                code="missing_rate",
                severity="warning",
                message=pl.format(
                    "No rate of {} in {} is in the books for the period to {}, so the "
                    "premium income limit cannot be looked at. Load the rate.",
                    "unknown",
                    "quote",
                    pl.col("unknown_day").cast(pl.String),
                ),
            ),
            issues_at(
                seen.filter(pl.col("shares") > 1),
                column="amounts_are",
                value=None,
                code="shares_differ",
                severity="warning",
                message=pl.lit(
                    "The contract has premium at 100 % and of our share, or not said "
                    "which. They are not added up: each is held against the premium "
                    "income limit by itself. Ask for all of it at one share."
                ),
            ),
        ]
    )
