"""The premium income of contracts, as it would stand after a load, against its limit.

Asked of a whole file at once: its parts are settled each by itself, and what a
correction leaves out is known only after the last of them.
"""

from collections.abc import Collection

import polars as pl
from django.db import models
from django.db.models import Sum
from django.db.models.functions import Coalesce

from reinsurance.ledger.premium_moves import share_after
from reinsurance.ledger.rates import LOAD_IT, with_rates
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.issues import issues_at, no_issues

SUMMED = ["treaty_reference", "currency", "amounts_are", "day"]
"""Premium is added up by contract, currency, whose share it is, and period's end."""

INCOME: dict[str, pl.DataType] = {
    "treaty_reference": pl.Int64(),
    "currency": pl.String(),
    "amounts_are": pl.String(),
    "day": pl.Date(),
    "gross": pl.Float64(),
    "row": pl.Int64(),
}

MOST_DECIMALS = 4
"""Of an amount; what a sum of rates has beyond them is none of it."""

NOTHING = 0.000_01
"""What is left of amounts that cancel out."""


def income_moves(entries: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """By how much rows change the gross premium of contracts (:data:`INCOME`).

    ``row``: the first that is about the contract; its line has no currency, and no
    amount.  An entry without a period counts as of the day on which it takes effect.
    """
    first = entries.group_by("treaty_reference").agg(row=pl.col("row").min())
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
    gross = pl.col("gross_premium").cast(pl.Float64)
    day = pl.coalesce("period_end", "effective_date")
    sums = _summed(
        moves.with_columns(amounts_are=share_after(moves), day=day).select(
            *SUMMED, gross=gross
        ),
        gone.with_columns(day=day).select(*SUMMED, gross=-gross),
    )
    told = pl.concat([first, sums], how="diagonal")
    return told.select(
        (pl.col(n) if n in told.columns else pl.lit(None)).cast(dtype).alias(n)
        for n, dtype in INCOME.items()
    )


def income_issues(
    moves: pl.DataFrame,
    *,
    lacked: Collection[int] = (),
    back: Collection[int] = (),
    is_loaded: bool,
) -> pl.DataFrame:
    """Contracts whose premium in aggregate passes their premium income limit.

    ``moves``: what all rows of the file change (:data:`INCOME`); ``lacked``: keys of
    entries that it leaves out as a correction, ``back``: of those that stand instead.
    ``is_loaded``: the books have all of that already.  Each entry is taken at the rate
    of its own period's end, whoever told it.
    """
    first = moves.group_by("treaty_reference", maintain_order=True).agg(
        pl.col("row").min()
    )
    limits = _limits(first["treaty_reference"].to_list())
    if not limits.height:
        return no_issues()
    standing = PremiumEntry.objects.filter(
        treaty_id__in=limits["treaty_reference"].to_list()
    )
    parts = [written(standing)]
    if not is_loaded:
        gone = PremiumEntry.objects.filter(pk__in=lacked)
        told = moves.filter(pl.col("currency").is_not_null())
        parts += [
            told.drop("row"),
            written(gone).with_columns(-pl.col("gross")),
            written(PremiumEntry.all_objects.filter(pk__in=back)),
        ]
    is_unknown = pl.col("rate").is_null()
    sums = _summed(*parts).join(limits, on="treaty_reference")
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
        .sort("treaty_reference", "total", "amounts_are")
        .group_by("treaty_reference", maintain_order=True)
        .agg(
            pl.col("total", "limit", "quote").last(),
            pl.col("unknown", "unknown_day").drop_nulls().first(),
            shares=pl.len(),
        )
    )
    seen = first.join(totals, on="treaty_reference", maintain_order="left")
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


def _summed(*parts: pl.DataFrame) -> pl.DataFrame:
    """Gross premium by :data:`SUMMED`, without what comes to nothing."""
    return (
        pl.concat(
            part.with_columns(pl.col("amounts_are").fill_null("")).select(
                *SUMMED, "gross"
            )
            for part in parts
        )
        .group_by(SUMMED)
        .agg(pl.col("gross").sum(), rows=pl.len())
        .filter((pl.col("gross").abs() > NOTHING) | (pl.col("rows") == 1))
        .drop("rows")
    )


def written(entries: models.QuerySet[PremiumEntry]) -> pl.DataFrame:
    """Gross premium of entries of the books."""
    written = (
        entries.order_by()
        .values_list(
            "treaty_id",
            "currency_id",
            "amounts_are",
            Coalesce("period_end", "effective_date"),
        )
        .annotate(Sum("gross_premium"))
    )
    schema = {n: dtype for n, dtype in INCOME.items() if n != "row"}
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
                    f"premium income limit cannot be looked at. {LOAD_IT}",
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
