"""Rules over what premiums would stand in the books after a load."""

import polars as pl
from django.db.models import Sum

from reinsurance.ledger.rates import rates_for
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.issues import issues_at, no_issues


def premium_issues(entries: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Contracts whose premium in aggregate passes their premium income limit."""
    keys = entries["treaty_reference"].unique().to_list()
    limits = pl.DataFrame(
        list(
            Treaty.objects.filter(
                pk__in=keys, premium_income_limit__isnull=False
            ).values_list("pk", "currency_id", "premium_income_limit")
        ),
        schema={
            "treaty_reference": pl.Int64,
            "quote": pl.String,
            "limit": pl.Float64,
        },
        orient="row",
    )
    if not limits.height:
        return no_issues()
    written = (
        PremiumEntry.objects.filter(treaty_id__in=limits["treaty_reference"].to_list())
        .order_by()
        .values_list("treaty_id", "currency_id")
        .annotate(Sum("gross_premium"))
    )
    schema = {
        "treaty_reference": pl.Int64,
        "currency": pl.String,
        "gross": pl.Float64,
    }
    books = pl.DataFrame(list(written), schema=schema, orient="row")
    moves = entries.filter(
        pl.col("later").is_null() & (pl.col("__action") != "unchanged")
    )
    gone = known.filter(
        pl.col("id").is_in(moves["replaces"].explode().drop_nulls().implode())
    )
    parts = [
        books,
        moves.select(
            "treaty_reference",
            "currency",
            gross=pl.col("gross_premium").cast(pl.Float64),
        ),
        gone.select(
            "treaty_reference",
            "currency",
            gross=-pl.col("gross_premium").cast(pl.Float64),
        ),
    ]
    sums = (
        pl.concat(parts)
        .group_by("treaty_reference", "currency")
        .agg(pl.col("gross").sum())
        .join(limits, on="treaty_reference")
    )
    day = pl.lit(None, dtype=pl.Date)
    rates = rates_for(sums.select(base="currency", quote="quote", day=day)).drop("day")
    totals = (
        sums.join(
            rates, left_on=["currency", "quote"], right_on=["base", "quote"], how="left"
        )
        .group_by("treaty_reference")
        .agg(
            total=(pl.col("gross") * pl.col("rate")).sum(),
            unknown=pl.col("currency").filter(pl.col("rate").is_null()).first(),
            limit=pl.col("limit").first(),
            quote=pl.col("quote").first(),
        )
    )
    first = entries.unique("treaty_reference", keep="first", maintain_order=True)
    seen = first.select("row", "treaty_reference").join(totals, on="treaty_reference")

    def text(name: str) -> pl.Expr:
        return pl.col(name).round(2).cast(pl.Decimal(20, 2)).cast(pl.String)

    return pl.concat(
        [
            issues_at(
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
            ),
            issues_at(
                seen.filter(pl.col("unknown").is_not_null()),
                column="currency",
                value=None,
                code="missing_rate",
                severity="warning",
                message=pl.format(
                    "No rate of {} in {} is in the books, so the premium income limit "
                    "cannot be looked at. Load the rate.",
                    "unknown",
                    "quote",
                ),
            ),
        ]
    )
