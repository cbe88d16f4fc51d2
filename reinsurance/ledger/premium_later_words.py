"""Rows of premium whose word does not hold: a file received later tells the same.

As :mod:`later_words` of claims.  What such a file leaves empty is as the row tells it:
of a row part may count, and the warning names what does not.
"""

from collections.abc import Callable
from typing import Any

import polars as pl

from reinsurance.ledger.beside import plain
from reinsurance.ledger.later_words import CODE, LEFT_OUT_LATER, TOLD_LATER
from reinsurance.ledger.premium_columns import labels, tells
from reinsurance.ledger.premium_standing import COLUMNS, GROUP, has_bit
from reinsurance.ledger.premiums import PremiumSettlement
from reinsurance.models import Load
from reinsurance.resources.issues import issues_at, no_issues

_GROSS, _DETAILS = "gross_premium", "details"
_NAMED = (
    "{}, received later, tells {} for the same period, and that stands: {}. If it is "
    "right, hand it in once more."
)
_MOST_NAMED = 200
"""Characters of what is named, so that a message is whole."""
_NOTHING = "this row does not count"
_WHO = pl.format("Number {}", "later_number")
_PART = (
    "what this row tells of it does not count; what that file leaves empty is as told "
    "here"
)


def later_premiums(settlement: PremiumSettlement, *, number: int) -> pl.DataFrame:
    """Warnings at rows of premium that a word received later overrules."""
    rows = settlement.entries.filter(pl.col("later").is_not_null())
    if not rows.height:
        return no_issues()
    loads = Load.objects.filter(pk__in=rows["later"].unique(), number__gt=number)
    numbers = dict(loads.values_list("pk", "number"))
    rows = rows.filter(pl.col("later").is_in(list(numbers))).with_columns(
        later_number=pl.col("later").replace_strict(
            numbers, default=None, return_dtype=pl.Int64
        )
    )
    names = [n for n in COLUMNS if n in rows.columns]
    beside = _beside(rows, settlement.known, names, number)
    is_told = pl.col("is_told").fill_null(value=False)
    over = {n: _is_told(n) & pl.col(f"{n}_told") & _differs(n) for n in names}
    part = [_is_told(n) & ~pl.col(f"{n}_any") & _differs(n) for n in names]
    nothing = pl.lit(value=False)
    beside = beside.with_columns(
        is_part=pl.any_horizontal(nothing, *part),
        **{f"{n}_over": is_over.fill_null(value=False) for n, is_over in over.items()},
    )
    is_over = pl.any_horizontal(nothing, *(f"{n}_over" for n in names))
    order = sorted(set(names) - {_DETAILS}, key=lambda name: name != _GROSS)
    return issues_at(
        beside.filter(~is_told | is_over),
        column=pl.coalesce(_first(order, pl.lit), pl.lit(_GROSS)),
        value=_first(order, lambda name: pl.col(name).cast(pl.String)),
        code=CODE,
        severity="warning",
        message=pl.when(is_told)
        .then(_overruled(names))
        .otherwise(pl.format(LEFT_OUT_LATER, _WHO)),
    )


def _beside(
    rows: pl.DataFrame, known: pl.DataFrame, names: list[str], number: int
) -> pl.DataFrame:
    """Rows beside what the later load told: ``<name>_later``, and ``is_told``.

    ``<name>_told``: that load tells the column, ``<name>_any``: some later one does.
    """
    told = {f"{n}_told": has_bit(n) for n in names}
    first = known.select(
        *GROUP,
        "load",
        *(pl.col(n).alias(f"{n}_later") for n in names),
        is_told=pl.lit(value=True),
        **told,
    ).unique([*GROUP, "load"], keep="last", maintain_order=True)
    ends = rows.select(*GROUP, own_end="period_end").unique(GROUP, keep="last")
    later = (
        known.filter(pl.col("number") > number)
        .join(ends, on=GROUP, nulls_equal=True)
        .filter((pl.col("period_end") >= pl.col("own_end")).fill_null(value=True))
        .group_by(GROUP)
        .agg(has_bit(n).any().alias(f"{n}_any") for n in names)
    )
    whose: dict[str, Any] = {
        "how": "left",
        "nulls_equal": True,
        "maintain_order": "left",
    }
    flags = [f"{n}_{which}" for n in names for which in ("told", "any")]
    return (
        rows.join(first, left_on=[*GROUP, "later"], right_on=[*GROUP, "load"], **whose)
        .join(later, on=GROUP, **whose)
        .with_columns(pl.col(flags).fill_null(value=False))
    )


def _is_told(name: str) -> pl.Expr:
    return pl.col(name).is_not_null() if name == _DETAILS else tells(name)


def _differs(name: str) -> pl.Expr:
    return pl.col(name).ne_missing(pl.col(f"{name}_later"))


def _first(names: list[str], value: Callable[[str], pl.Expr]) -> pl.Expr:
    """Of the first column that is overruled: something about it, as text."""
    found = (pl.when(pl.col(f"{n}_over")).then(value(n)) for n in names)
    return pl.coalesce(pl.lit(None, pl.String), *found)


def _overruled(names: list[str]) -> pl.Expr:
    """The sentence that names what does not count, and whether anything does."""
    others = [pl.col(f"{n}_over") for n in names if n != _GROSS]
    is_gross = ~pl.any_horizontal(pl.lit(value=False), "is_part", *others)
    both = pl.concat_str(
        (pl.when(pl.col(f"{n}_over")).then(_named(n)) for n in names),
        separator=", ",
        ignore_nulls=True,
    ).str.slice(0, _MOST_NAMED)
    counts = pl.when("is_part").then(pl.lit(_PART)).otherwise(pl.lit(_NOTHING))
    named = pl.format(_NAMED, _WHO, both, counts)
    if _GROSS not in names:
        return named
    told = pl.concat_str(_WHO, pl.lit(", received later"))
    gross = pl.format(TOLD_LATER, told, plain(pl.col(f"{_GROSS}_later")), pl.lit("row"))
    return pl.when(is_gross).then(gross).otherwise(named)


def _named(name: str) -> pl.Expr:
    """A column with what is told of it later and here."""
    if name == _DETAILS:
        return pl.lit("further details")
    later, here = plain(pl.col(f"{name}_later")), plain(pl.col(name))
    return pl.format(f"“{labels()[name]}” {{}} (here {{}})", later, here)
