"""What must not be true of a row of premiums, alone and against its contract."""

import polars as pl
from django.utils import timezone

from reinsurance.choices import PremiumTransaction
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.rules import (
    CurrencyRule,
    Rule,
    decimals_of_currency,
    off_by_more_than,
)

RETURNS = (PremiumTransaction.RETURN.value, PremiumTransaction.CANCELLATION.value)
"""Transactions that give premium back: their amounts are below zero."""

SIGNED = (
    *("gross_premium", "commission", "brokerage", "other_fees", "taxes"),
    *("net_premium", "net_premium_settlement"),
)
"""Amounts of a transaction; those of the whole risk have no sign."""

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
        *(
            pl.when(_IS_RETURN).then(-pl.col(name)).otherwise(name).alias(name)
            for name in SIGNED
            if name in frame.columns
        ),
        is_negated=_IS_RETURN.fill_null(value=False),
    )


def _adds_up(amount: str, share: str) -> Rule:
    what = amount.capitalize()
    return CurrencyRule(
        f"{amount}_does_not_add_up",
        "error",
        amount,
        f"{what} {{told_{amount}}} is not {{{share}}} of the gross premium "
        "{told_gross_premium}. Correct the amounts.",
        lambda units: off_by_more_than(
            pl.col(amount),
            pl.col("gross_premium").cast(pl.Float64) * pl.col(share).cast(pl.Float64),
            units=units,
        ),
    )


DERIVED_FROM = {
    "known_commission": ("commission", "commission_rate"),
    "deductible_brokerage": ("brokerage", "brokerage_rate"),
    "settled_in": ("settlement_currency",),
    "settlement_rate": ("settlement_currency", "rate_of_exchange"),
}
"""Columns that rules look at beside those of the file, and what they come from."""


def derived(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the columns of :data:`DERIVED_FROM`.

    Commission that is known by its amount or rate; brokerage likewise, else nought;
    the currency that net is settled in, and the rate: one, where it is the same.
    ``told_<amount>``: as the file has it, for messages; ``today``: of the check.
    """

    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in frame.columns else pl.lit(None)

    def known(amount: str) -> pl.Expr:
        told = column(amount).cast(pl.Decimal(20, 4))
        gross = column("gross_premium").cast(pl.Float64)
        by_rate = gross * column(f"{amount}_rate").cast(pl.Float64)
        return pl.coalesce(told, by_rate.cast(pl.Decimal(20, 4)))

    negated = pl.lit(value=False)
    if "is_negated" in frame.columns:
        negated = pl.col("is_negated")
    commission = known("commission")
    told = {
        f"told_{name}": pl.when(negated).then(-pl.col(name)).otherwise(name)
        for name in SIGNED
        if name in frame.columns
    }
    settled_in = column("settlement_currency").cast(pl.String)
    is_same = settled_in == column("currency").cast(pl.String)
    rate = column("rate_of_exchange").cast(pl.Decimal(20, 10))
    one = pl.when(is_same).then(pl.lit(1).cast(pl.Decimal(20, 10)))
    return frame.with_columns(
        known_commission=commission,
        told_known_commission=pl.when(negated).then(-commission).otherwise(commission),
        deductible_brokerage=known("brokerage").fill_null(0),
        settled_in=settled_in,
        settlement_rate=pl.coalesce(rate, one),
        is_negated=negated,
        today=pl.lit(timezone.localdate()),
        **told,
    )


def _net_is_off(units: pl.Expr) -> pl.Expr:
    """Net is gross less commission, and less brokerage where that is deducted."""
    net = pl.col("net_premium")
    less_commission = pl.col("gross_premium") - pl.col("known_commission")
    less_both = less_commission - pl.col("deductible_brokerage")
    return off_by_more_than(net, less_commission, units=units) & off_by_more_than(
        net, less_both, units=units
    )


_NET, _GROSS = pl.col("net_premium"), pl.col("gross_premium")
_HAS_OTHER_SIGN = (_NET < 0) & (_GROSS > 0) | (_NET > 0) & (_GROSS < 0)
_COMMISSION, _BROKERAGE = pl.col("known_commission"), pl.col("deductible_brokerage")
_IS_EXPLAINED = _COMMISSION.abs() + _BROKERAGE.abs() > _GROSS.abs()
_IS_SETTLED_WITHOUT_RATE = (
    pl.col("settlement_rate").is_null() & pl.col("settled_in").is_not_null()
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


def _far_ahead(date: str, what: str) -> Rule:
    """A warning where a date lies more than a year after the day of the check."""
    return Rule(
        "date_in_future",
        "warning",
        date,
        f"{what} on {{{date}}}, more than a year from now. Is its year right?",
        pl.col(date) > pl.col("today").dt.offset_by("1y"),
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
    _far_ahead("effective_date", "The premium takes effect"),
    _far_ahead("risk_inception", "The risk begins"),
    Rule(
        "premium_sign",
        "error",
        "gross_premium",
        "An original or additional premium is above zero, this one is "
        "{told_gross_premium}. Correct the amount or the type.",
        ~_IS_RETURN & (pl.col("gross_premium") < 0),
    ),
    Rule(
        "premium_sign",
        "error",
        "gross_premium",
        "A return or cancellation is below zero, this one is {told_gross_premium}. "
        "Correct the amount or the type, or say at the sender how it writes returns.",
        _IS_RETURN & (pl.col("gross_premium") > 0) & ~pl.col("is_negated"),
    ),
    Rule(
        "premium_sign",
        "error",
        "gross_premium",
        "This sender writes a return or cancellation above zero, this one is "
        "{told_gross_premium}. Correct the amount or the type.",
        pl.col("is_negated") & (pl.col("gross_premium") > 0),
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
    Rule(
        "rate_not_positive",
        "error",
        "rate_of_exchange",
        "The rate of exchange is {rate_of_exchange}. It is above zero: correct it, or "
        "leave it empty.",
        pl.col("rate_of_exchange") <= 0,
    ),
    _adds_up("commission", "commission_rate"),
    _adds_up("brokerage", "brokerage_rate"),
    CurrencyRule(
        "net_does_not_add_up",
        "warning",
        "net_premium",
        "Net premium {told_net_premium} is not gross {told_gross_premium} less "
        "commission {told_known_commission}; a deduction such as a fee or tax may "
        "explain it.",
        _net_is_off,
    ),
    Rule(
        "net_sign",
        "error",
        "net_premium",
        "Net premium {told_net_premium} and gross premium {told_gross_premium} have "
        "different signs, and no commission is told that explains it. Correct the "
        "amounts.",
        _HAS_OTHER_SIGN & ~_IS_EXPLAINED.fill_null(value=False),
    ),
    Rule(
        "net_does_not_add_up",
        "warning",
        "net_premium",
        "Net premium {told_net_premium} is more than gross {told_gross_premium}, and "
        "no commission is told. Is it the right amount?",
        pl.col("known_commission").is_null()
        & ~_HAS_OTHER_SIGN
        & (pl.col("net_premium").abs() > pl.col("gross_premium").abs()),
    ),
    Rule(
        "no_settlement_currency",
        "error",
        "net_premium_settlement",
        "Net premium {told_net_premium_settlement} in settlement currency is told, and "
        "not the currency. Add the settlement currency.",
        pl.col("net_premium_settlement").is_not_null() & pl.col("settled_in").is_null(),
    ),
    Rule(
        "settlement_does_not_add_up",
        "error",
        "net_premium_settlement",
        "Net premium {told_net_premium_settlement} in settlement currency cannot be "
        "{told_net_premium} at any rate of exchange. Correct the amounts.",
        _IS_SETTLED_WITHOUT_RATE
        & (pl.col("net_premium_settlement").sign() != pl.col("net_premium").sign()),
    ),
    CurrencyRule(
        "settlement_does_not_add_up",
        "error",
        "net_premium_settlement",
        "Net premium {told_net_premium_settlement} in settlement currency is not "
        "{told_net_premium} at the rate {settlement_rate}. Correct the amounts.",
        lambda units: off_by_more_than(
            pl.col("net_premium_settlement"),
            pl.col("net_premium").cast(pl.Float64)
            * pl.col("settlement_rate").cast(pl.Float64),
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
