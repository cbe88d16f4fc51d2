"""Rules of a row, asked of what would stand in the books after the load.

A row that leaves a column out has what was told of it before: the two have to hold
together as the columns of one row have to.
"""

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from reinsurance.choices import AmountsAre
from reinsurance.ledger.contradictions import plain
from reinsurance.ledger.premium_columns import labels, tells
from reinsurance.ledger.premium_standing import COLUMNS
from reinsurance.resources.issues import issues_at, no_issues
from reinsurance.resources.premium_rules import DERIVED_FROM, PREMIUM_RULES, SIGNED
from reinsurance.resources.premiums import PremiumEntryResource
from reinsurance.resources.rules import Rule

WHY = " What the row leaves out is as the books have it."

MEANT_BY = {
    "settlement_currency": ("net_premium_settlement", "rate_of_exchange"),
    "sum_insured_currency": ("sum_insured", "deductible"),
    "amounts_are": SIGNED,
}
"""Columns that say what amounts mean: another word for one needs these told anew."""

_OF_GROSS = ("commission", "brokerage", "other_fees", "taxes")
_OF_NET = ("net_premium", "net_premium_settlement")
FOLLOWS = {
    "gross_premium": (*_OF_GROSS, *_OF_NET),
    "commission_rate": _OF_NET,
    "brokerage_rate": _OF_NET,
    **dict.fromkeys(_OF_GROSS, _OF_NET),
    "net_premium": ("net_premium_settlement",),
}
"""Amounts that follow from a column: another word for it needs these told anew."""


def settled_issues(entries: pl.DataFrame) -> pl.DataFrame:
    """Rules that rows break together with what the books have of their entries."""
    rows = entries.filter(
        pl.col("later").is_null() & pl.col("was_id").is_not_null()
    ).with_columns(as_they_stand(entries))
    if not rows.height:
        return no_issues()
    told = set(entries.columns)
    found = [no_issues()]
    for rule, _, broken in broken_rules(PremiumEntryResource().derive(rows)):
        column = rule.column if rule.column in told else "gross_premium"
        found.append(
            issues_at(
                broken,
                column=column,
                value=pl.col(column),
                code=rule.code,
                severity=rule.severity,
                message=pl.concat_str(rule.text(), pl.lit(WHY)),
            )
        )
    found += [*_amounts_left_out(rows, told), *_left_under_another(rows, told)]
    return pl.concat(found)


def broken_rules(
    whole: pl.DataFrame,
) -> Iterator[tuple[Rule, list[str], pl.DataFrame]]:
    """Rules that rows break by what they leave out, the columns, and these rows.

    ``whole``: derived rows with what stands of their premiums; ``leaves.<column>``:
    the row does not tell it.
    """
    for rule in PREMIUM_RULES:
        if not rule.needs <= set(whole.columns):
            continue
        sources = {s for n in rule.needs for s in DERIVED_FROM.get(n, (n,))}
        left_out = sorted(n for n in sources if f"leaves.{n}" in whole.columns)
        if not left_out:
            continue
        is_left = pl.any_horizontal(f"leaves.{n}" for n in left_out)
        broken = whole.filter(is_left & rule.broken)
        if broken.height:
            yield rule, left_out, broken


def _amounts_left_out(rows: pl.DataFrame, told: set[str]) -> Iterator[pl.DataFrame]:
    """Rows with another currency or share, under amounts that only the books have."""
    names = labels()
    for column, amounts in MEANT_BY.items():
        if column not in told:
            continue
        was = pl.col(f"was.{column}").fill_null("")
        left_out = _left_out(amounts)
        broken = rows.filter(
            (was != "") & (pl.col(column) != was), pl.any_horizontal(left_out.values())
        )
        yield issues_at(
            broken,
            column=column,
            value=pl.col(column),
            code="amounts_left_out",
            severity="error",
            message=pl.format(
                f"“{names[column]}” is {{}} here and {{}} in the books, where it goes "
                "with what the row leaves out: {}. Write these, too, or correct "
                f"“{names[column]}”.",
                _labelled(column, pl.col(column)),
                _labelled(column, was),
                _listed(left_out),
            ),
        )


def _left_under_another(rows: pl.DataFrame, told: set[str]) -> Iterator[pl.DataFrame]:
    """Rows with another amount or rate, over amounts of before that follow from it."""
    names = labels()
    tells_net = pl.col("net_premium").is_not_null() & ~pl.col("leaves.net_premium")
    for column, amounts in FOLLOWS.items():
        if column not in told:
            continue
        was = pl.col(f"was.{column}")
        left_out = _left_out(amounts)
        if column != "net_premium":  # settled is net, where the row tells that
            left_out["net_premium_settlement"] &= ~tells_net
        broken = rows.filter(
            was.is_not_null() & (pl.col(column) != was),
            pl.any_horizontal(left_out.values()),
        )
        yield issues_at(
            broken,
            column=column,
            value=pl.col(column),
            code="amounts_left_out",
            severity="error",
            message=pl.format(
                f"“{names[column]}” is {{}} here and {{}} in the books, where what "
                "follows from it was told, too, and the row leaves that out: {}. Write "
                f"it as well, or correct “{names[column]}”.",
                plain(pl.col(column)),
                plain(was),
                _listed(left_out),
            ),
        )


def _left_out(amounts: Iterable[str]) -> dict[str, pl.Expr]:
    """Whether only the books have the amount, and it is not nil, by its name."""
    return {
        n: (pl.col(f"leaves.{n}") & (pl.col(n) != 0)).fill_null(value=False)
        for n in amounts
    }


def _listed(left_out: Mapping[str, pl.Expr]) -> pl.Expr:
    """The columns that a row leaves out, as a clerk reads them."""
    names = labels()
    return pl.concat_str(
        (pl.when(is_out).then(pl.lit(names[n])) for n, is_out in left_out.items()),
        separator=", ",
        ignore_nulls=True,
    )


def _labelled(column: str, value: pl.Expr) -> pl.Expr:
    """The value as a clerk reads it."""
    if column != "amounts_are":
        return value
    return value.replace({key: str(label) for key, label in AmountsAre.choices})


def as_they_stand(entries: pl.DataFrame) -> list[pl.Expr]:
    """Columns as the row or else the books tell them; ``leaves.<column>``: the books.

    ``entries`` has ``was.<column>`` of all columns.
    """
    found = []
    for name in COLUMNS:
        was = pl.col(f"was.{name}")
        if name == "details":
            continue
        if name not in entries.columns:
            found += [was.alias(name), was.is_not_null().alias(f"leaves.{name}")]
            continue
        found += [
            pl.when(tells(name)).then(name).otherwise(was).alias(name),
            (~tells(name) & was.is_not_null()).alias(f"leaves.{name}"),
        ]
    return found
