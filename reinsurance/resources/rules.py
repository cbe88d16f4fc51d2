"""Rules over whole rows, declared as polars expressions beside the Resource."""

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

RuleSeverity = Literal["error", "warning", "breach"]


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
        names = [
            pl.col(name).cast(pl.String).fill_null("nothing") for name in parts[1::2]
        ]
        return pl.format(template, *names) if names else pl.lit(self.message)


def off_by_more_than(first: pl.Expr, second: pl.Expr, cents: int = 1) -> pl.Expr:
    """Whether two amounts differ by more than so many cents."""
    gap = (first.cast(pl.Float64) - second.cast(pl.Float64)).abs()
    return gap > cents / 100 + 0.000_1


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
