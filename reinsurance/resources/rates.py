"""Exchange rates as files list them."""

import polars as pl

from reinsurance.models import ExchangeRate
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
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
    )

    class Meta(DomainResource.Meta):
        model = ExchangeRate
        import_id_fields = ("base_currency", "quote_currency", "rate_date")
