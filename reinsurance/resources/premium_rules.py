"""What must not be true of a row of premiums, alone and against its contract."""

import polars as pl

from reinsurance.choices import PremiumTransaction
from reinsurance.ledger.periods import END
from reinsurance.models import Layer
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import ROW, issues_at, no_issues
from reinsurance.resources.rules import (
    CurrencyRule,
    Rule,
    decimals_of_currency,
    minor_units,
    off_by_more_than,
)

RETURNS = (PremiumTransaction.RETURN.value, PremiumTransaction.CANCELLATION.value)
"""Transactions that give premium back: their amounts are below zero."""

SIGNED = (
    *("gross_premium", "commission", "brokerage", "other_fees", "taxes"),
    *("net_premium", "net_premium_settlement"),
)
"""Amounts of a transaction; those of the whole risk have no sign."""

NEARLY = 0.000_001
"""Rates that differ by less are the same."""

_IS_RETURN = pl.col("transaction_type").is_in(RETURNS)


def signed(frame: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """The rows with returns and cancellations below zero.

    A sender that writes them above zero (``return_sign`` *positive*) has all their
    amounts negated, so that one of them below zero is as wrong as it looks.
    """
    if conventions.return_sign != "positive":
        return frame
    if "transaction_type" not in frame.columns:
        return frame
    return frame.with_columns(
        pl.when(_IS_RETURN).then(-pl.col(name)).otherwise(name).alias(name)
        for name in SIGNED
        if name in frame.columns
    )


def _adds_up(amount: str, share: str) -> Rule:
    what = amount.capitalize()
    return CurrencyRule(
        f"{amount}_does_not_add_up",
        "error",
        amount,
        f"{what} {{{amount}}} is not {{{share}}} of the gross premium "
        "{gross_premium}. Correct the amounts.",
        lambda units: off_by_more_than(
            pl.col(amount),
            pl.col("gross_premium").cast(pl.Float64) * pl.col(share).cast(pl.Float64),
            units=units,
        ),
    )


def _net_is_off(units: pl.Expr) -> pl.Expr:
    """Net is gross less commission, and less brokerage where that is deducted."""
    net, less_commission = (
        pl.col("net_premium"),
        pl.col("gross_premium") - pl.col("commission"),
    )
    less_both = less_commission - pl.col("deductible_brokerage")
    return off_by_more_than(net, less_commission, units=units) & off_by_more_than(
        net, less_both, units=units
    )


def _outside(date: str) -> pl.Expr:
    is_before = pl.col(date) < pl.col("treaty_reference__inception")
    is_after = pl.col(date) > pl.col("treaty_reference__expiry")
    return is_before.fill_null(value=False) | is_after.fill_null(value=False)


def _within_contract(basis: str, date: str, what: str, called: str) -> Rule:
    return Rule(
        "premium_outside_treaty_period",
        "error",
        date,
        f"{what} on {{{date}}}, outside the contract's period, "
        "{treaty_reference__inception} to {treaty_reference__expiry} "
        f"({called}). Correct the date or the treaty reference.",
        (pl.col("treaty_reference__basis") == basis) & _outside(date),
    )


PREMIUM_RULES: tuple[Rule, ...] = (
    Rule(
        "risk_expiry_before_inception",
        "error",
        "risk_expiry",
        "The risk expires on {risk_expiry}, before its inception on "
        "{risk_inception}. Correct one of the dates.",
        pl.col("risk_expiry") < pl.col("risk_inception"),
    ),
    Rule(
        "effective_before_inception",
        "error",
        "effective_date",
        "The original premium takes effect on {effective_date}, before the risk's "
        "inception on {risk_inception}. Correct one of the dates.",
        (pl.col("transaction_type") == PremiumTransaction.ORIGINAL.value)
        & (pl.col("effective_date") < pl.col("risk_inception")),
    ),
    _within_contract(
        "LO", "effective_date", "The premium takes effect", "losses occurring"
    ),
    _within_contract("RA", "risk_inception", "The risk begins", "risks attaching"),
    Rule(
        "premium_sign",
        "error",
        "gross_premium",
        "An original or additional premium is above zero, this one is "
        "{gross_premium}. Correct the amount or the type.",
        ~_IS_RETURN & (pl.col("gross_premium") < 0),
    ),
    Rule(
        "premium_sign",
        "error",
        "gross_premium",
        "A return or cancellation is below zero, this one is {gross_premium}. "
        "Correct the amount or the type, or say at the sender how it writes returns.",
        _IS_RETURN & (pl.col("gross_premium") > 0),
    ),
    Rule(
        "rate_of_same_currency",
        "error",
        "rate_of_exchange",
        "The rate of exchange is {rate_of_exchange}, but premium and settlement are "
        "both in {currency}: it is 1. Correct the rate or a currency.",
        (pl.col("currency") == pl.col("settlement_currency"))
        & (pl.col("rate_of_exchange") != 1),
    ),
    _adds_up("commission", "commission_rate"),
    _adds_up("brokerage", "brokerage_rate"),
    CurrencyRule(
        "net_does_not_add_up",
        "warning",
        "net_premium",
        "Net premium {net_premium} is not gross {gross_premium} less commission "
        "{commission}; a deduction such as a fee or tax may explain it.",
        _net_is_off,
    ),
    CurrencyRule(
        "settlement_does_not_add_up",
        "error",
        "net_premium_settlement",
        "Net premium {net_premium_settlement} in settlement currency is not "
        "{net_premium} at the rate {rate_of_exchange}. Correct the amounts.",
        lambda units: off_by_more_than(
            pl.col("net_premium_settlement"),
            pl.col("net_premium").cast(pl.Float64)
            * pl.col("rate_of_exchange").cast(pl.Float64),
            units=units,
        ),
        "settled_in",
    ),
    *decimals_of_currency(
        *(name for name in SIGNED if name != "net_premium_settlement"),
        "written_premium",
    ),
    *decimals_of_currency(
        "net_premium_settlement", currency_column="settlement_currency"
    ),
    *decimals_of_currency(
        "sum_insured", "deductible", currency_column="sum_insured_currency"
    ),
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
        message=pl.lit(
            "Neither file nor row says for which period the premium is told, so it "
            "would stand beside the same premium of a bordereau. Hand the file in "
            "again with the end of its period, or add a column with it."
        ),
    )


# ------------------------------------------------------------- against the contract
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
