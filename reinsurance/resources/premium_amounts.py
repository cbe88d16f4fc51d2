"""Columns of a premium's money: of the transaction, and of the whole risk."""

import polars as pl

from reinsurance.choices import AmountsAre
from reinsurance.resources import references
from reinsurance.resources.base import Column
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import BROKEN
from reinsurance.resources.widgets import (
    AmountWidget,
    ChoiceWidget,
    IntegerWidget,
    RateWidget,
    ShareWidget,
)


def amounts() -> dict[str, Column]:
    """Amounts, rates and their currencies, in the order of a file."""
    return {
        "gross_premium": Column(
            "gross_premium",
            "Gross premium this time",
            AmountWidget(),
            synonyms=("Gross premium paid this time", "Gross premium", "CR0059"),
            ask=("GWP", "G.P.", "Gross Written Premium", "Written Premium", "Premium"),
            required=True,
            total=True,
            explanation="This transaction's gross premium, not the whole risk's.",
        ),
        "commission_rate": Column(
            "commission_rate",
            "Commission %",
            ShareWidget(),
            synonyms=("Commission rate", "Commission percentage", "CR0061"),
        ),
        "commission": Column(
            "commission",
            "Commission amount",
            AmountWidget(),
            synonyms=("Commission", "Acquisition cost", "CR0062"),
            total=True,
        ),
        "brokerage_rate": Column(
            "brokerage_rate",
            "Brokerage %",
            ShareWidget(),
            synonyms=("Brokerage rate", "Brokerage % of gross premium", "CR0069"),
        ),
        "brokerage": Column(
            "brokerage",
            "Brokerage amount",
            AmountWidget(),
            synonyms=("Brokerage", "Brokerage Amount (Original Currency)", "CR0070"),
            total=True,
        ),
        "other_fees": Column(
            "other_fees",
            "Other fees and deductions",
            AmountWidget(),
            synonyms=("Other Fees or Deductions Amount", "Other fees", "CR0087"),
            total=True,
        ),
        "taxes": Column(
            "taxes",
            "Taxes and levies",
            AmountWidget(),
            synonyms=("Total taxes and levies", "Taxes", "Tax", "CR0064"),
            total=True,
        ),
        "net_premium": Column(
            "net_premium",
            "Net premium",
            AmountWidget(),
            synonyms=("Net premium to London in original currency", "CR0065")
            + ("Net premium to London",),
            total=True,
        ),
        "settlement_currency": references.currency(
            "settlement_currency_id",
            "Settlement currency",
            synonyms=("Settlement Ccy", "Settlement Ccy Code", "CR0066"),
        ),
        "rate_of_exchange": Column(
            "rate_of_exchange",
            "Rate of exchange",
            RateWidget(),
            synonyms=("ROE", "Exchange rate", "CR0067"),
        ),
        "net_premium_settlement": Column(
            "net_premium_settlement",
            "Net premium in settlement currency",
            AmountWidget(),
            synonyms=("Net premium to London in settlement currency", "CR0068"),
        ),
        "amounts_are": Column(
            "amounts_are",
            "Amounts are",
            ChoiceWidget(
                AmountsAre, {"100": "whole", "Whole": "whole", "Our line": "ours"}
            ),
            synonyms=("Share of amounts",),
            explanation="100 % of the premium, or our share of it.",
        ),
        "written_premium": Column(
            "written_premium",
            "Total gross written premium",
            AmountWidget(),
            synonyms=("Gross written premium of the risk", "CR0021"),
            explanation="Of the whole risk, as told; part of no sum.",
        ),
        "sum_insured": Column(
            "sum_insured",
            "Sum insured",
            AmountWidget(),
            synonyms=("Sum Insured Amount", "Sums insured", "TIV", "CR0052"),
        ),
        "sum_insured_currency": references.currency(
            "sum_insured_currency_id",
            "Sum insured currency",
            synonyms=("Sum Insured Currency (see code list)", "CR0051"),
        ),
        "deductible": Column(
            "deductible",
            "Deductible",
            AmountWidget(),
            synonyms=("Deductible Amount", "Deductible or Excess Amount", "CR0054"),
        ),
        "instalments": Column(
            "instalments",
            "Number of instalments",
            IntegerWidget(0, 32_767),
            synonyms=("Instalments", "CR0288"),
        ),
    }


def with_nil(frame: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """The rows with nil in empty cells of amounts that add up, of who means that.

    Before the rules, so that they look at what is loaded.  A row with a cell that is
    not understood stays as it is: that cell is not an empty one.
    """
    if not conventions.blank_is_zero:
        return frame
    return frame.with_columns(
        pl.when(pl.col(BROKEN))
        .then(n)
        .otherwise(pl.col(n).fill_null(0))
        .cast(frame.schema[n])
        .alias(n)
        for n, column in amounts().items()
        if column.total and n in frame.columns
    )
