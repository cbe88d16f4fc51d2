"""Rules over whole rows, declared as polars expressions beside the Resource."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from reinsurance.caching import Topic, remembered
from reinsurance.models import Currency

RuleSeverity = Literal["error", "warning", "breach"]

USUAL_UNITS = 2
"""Digits after the point that most currencies have (ISO 4217)."""
PLACES = 4
"""Digits after the point that an amount is stored with."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What must not be true of a row.

    ``broken`` is an expression over field names (and ``reference__attribute`` of a
    record the row refers to) that is true where the rule is broken; null counts as
    kept.  A rule whose columns the file does not have is not asked.  ``message`` may
    name fields in braces; ``column`` is the field the issue is shown at.
    """

    code: str
    severity: RuleSeverity
    column: str
    message: str
    broken: pl.Expr

    @property
    def needs(self) -> frozenset[str]:
        """Names of the columns that the rule and its message look at."""
        told = re.findall(r"\{(\w+)\}", self.message)
        return frozenset([*self.broken.meta.root_names(), *told])

    def text(self) -> pl.Expr:
        """The message of each row as an expression."""
        parts = re.split(r"\{(\w+)\}", self.message)
        template = "{}".join(part for part in parts[::2])
        names = [_shown(name) for name in parts[1::2]]
        return pl.format(template, *names) if names else pl.lit(self.message)


def _shown(name: str) -> pl.Expr:
    """A value in a sentence: noughts behind the second decimal are left out."""
    text = pl.col(name).cast(pl.String)
    return text.str.replace(r"^(-?\d+\.\d\d\d*?)0+$", "${1}").fill_null("nothing")


class CurrencyRule(Rule):
    """A rule that asks how many decimals the row's currency has.

    ``make`` is given the minor units of the code in ``currency_column`` and answers
    what is broken; it is asked each time, for currencies are data, not declarations.
    """

    __slots__ = ("currency_column", "make")
    make: Callable[[pl.Expr], pl.Expr]
    currency_column: str

    def __init__(
        self,
        code: str,
        severity: RuleSeverity,
        column: str,
        message: str,
        make: Callable[[pl.Expr], pl.Expr],
        currency_column: str = "currency",
    ) -> None:
        told = {
            **{"code": code, "severity": severity, "column": column},
            **{"message": message, "make": make, "currency_column": currency_column},
        }
        for name, value in told.items():
            object.__setattr__(self, name, value)

    @property
    def broken(self) -> pl.Expr:
        """The expression, by the currencies as they are now; one query."""
        return self.make(minor_units(self.currency_column))

    @property
    def needs(self) -> frozenset[str]:
        """Names of the columns that the rule and its message look at."""
        told = re.findall(r"\{(\w+)\}", self.message)
        roots = self.make(pl.col(self.currency_column)).meta.root_names()
        return frozenset([*roots, self.currency_column, *told])


def minor_units(currency_column: str = "currency") -> pl.Expr:
    """Digits after the point of each row's currency (ISO 4217): JPY 0, KWD 3."""
    unusual = remembered(Topic.REFERENCE, "unusual minor units", _unusual_units)
    if not unusual:
        return pl.lit(USUAL_UNITS, dtype=pl.Int64)
    return pl.col(currency_column).replace_strict(
        unusual, default=USUAL_UNITS, return_dtype=pl.Int64
    )


def _unusual_units() -> dict[str, int]:
    unusual = Currency.objects.exclude(minor_units=USUAL_UNITS)
    return dict(unusual.values_list("pk", "minor_units"))


def decimals_of_currency(
    *amount_columns: str, currency_column: str = "currency"
) -> tuple[Rule, ...]:
    """Rules, one a column: no amount has more decimals than its currency."""
    return tuple(
        CurrencyRule(
            "too_many_decimals",
            "error",
            column,
            f"{{{column}}} has more decimals than {{{currency_column}}} has. "
            "Correct the amount or the currency.",
            _too_fine(column),
            currency_column,
        )
        for column in amount_columns
    )


def _too_fine(column: str) -> Callable[[pl.Expr], pl.Expr]:
    amount = pl.col(column).cast(pl.Decimal(20, PLACES)).to_physical()
    ten = pl.lit(10, dtype=pl.Int64)
    return lambda units: amount % ten.pow(PLACES - units) != 0


def off_by_more_than(
    first: pl.Expr, second: pl.Expr, cents: int = 1, *, units: pl.Expr | None = None
) -> pl.Expr:
    """Whether two amounts differ by more than so many of the smallest coins.

    ``units``: digits after the point of the currency; without it they are two.
    """
    gap = (first.cast(pl.Float64) - second.cast(pl.Float64)).abs()
    coin = 0.01 if units is None else pl.lit(0.1).pow(units)
    return gap > cents * coin + 0.000_1


def not_negative(*columns: str) -> tuple[Rule, ...]:
    """Rules: none of the amounts is below zero."""
    return tuple(
        Rule(
            "negative_amount",
            "error",
            column,
            f"{{{column}}} is below zero. A limit, attachment or premium of a "
            "contract is not negative.",
            pl.col(column) < 0,
        )
        for column in columns
    )


def not_whole(*columns: str) -> tuple[Rule, ...]:
    """Rules: none of the shares is 1, which may have been written for 1 %."""
    return tuple(
        Rule(
            "share_is_whole",
            "warning",
            column,
            f"{column.replace('_', ' ').capitalize()} is told as 1, which is 100 % of "
            "the premium. If 1 % is meant, write 1%.",
            pl.col(column) == 1,
        )
        for column in columns
    )
