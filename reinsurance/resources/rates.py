"""Exchange rates as files list them."""

import polars as pl

from reinsurance.models import ExchangeRate
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.rate_rules import rate_issues, replaced_issues
from reinsurance.resources.rules import Rule
from reinsurance.resources.widgets import DateWidget, RateWidget


class ExchangeRateResource(DomainResource):
    """One rate of one day a row."""

    base_currency = references.currency(
        "base_id",
        "Base currency",
        synonyms=("Base", "From", "From currency", "Original currency"),
        required=True,
    )
    quote_currency = references.currency(
        "quote_id",
        "Quote currency",
        synonyms=("Quote", "To", "To currency", "Currency", "Target currency"),
        required=True,
    )
    rate_date = Column(
        "date",
        "Rate date",
        DateWidget(),
        synonyms=("Date", "As at", "Valuation date"),
        required=True,
    )
    rate = Column(
        "rate",
        "Rate",
        RateWidget(),
        synonyms=("Exchange rate", "Rate of exchange", "ROE", "FX rate", "CR0067"),
        required=True,
        explanation="What one unit of the base currency is worth in the other.",
    )

    rules = (
        Rule(
            "rate_not_positive",
            "error",
            "rate",
            "The rate {rate} is not above zero. Correct it.",
            pl.col("rate") <= 0,
        ),
        Rule(
            "rate_of_same_currency",
            "error",
            "rate",
            "The rate of {base_currency} to itself is 1, this one is {rate}. Correct "
            "the rate or a currency.",
            (pl.col("base_currency") == pl.col("quote_currency"))
            & (pl.col("rate") != 1),
        ),
    )
    seen_together = ("base_currency", "quote_currency", "rate_date", "rate")

    def judge(self, compared: pl.DataFrame, context: FileContext) -> pl.DataFrame:
        """Rates far from the one that they replace."""
        return replaced_issues(compared)

    def judge_together(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rates that do not fit those of the other direction, or the last ones."""
        names = dict(zip(self.seen_together, ("base", "quote", "date"), strict=False))
        return rate_issues(rows.rename(names))

    class Meta(DomainResource.Meta):
        model = ExchangeRate
        import_id_fields = ("base_currency", "quote_currency", "rate_date")
