"""Payments of periods that overlap: nobody can say what of them counts twice.

Payments of a month and of the quarter around it overlap; so do those of a quarter
and what was paid to date at the end of one of its months, unless the quarter also tells
what was paid to date at its own end.
"""

from collections.abc import Callable

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    PAID,
    PAID_FEES,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    told_as,
)
from reinsurance.ledger.replaced_periods import replaced, replacing
from reinsurance.ledger.tellers import teller
from reinsurance.resources.issues import issues_at, no_issues

_SCHEMA = {
    "position": pl.Int64(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "number": pl.Int64(),
    "row": pl.Int64(),
    "is_new": pl.Boolean(),
    "amount": pl.String(),
    "basis": pl.String(),
}
_PAIR = ["position", "number", "row", "number_other", "row_other"]
_TOTAL = "paid_fees"
_FAMILIES = pl.DataFrame(
    [(a, a) for a in PAID] + [(_TOTAL, kind) for kind in PAID_FEES],
    schema=["amount", "family"],
    orient="row",
)
"""A total of fees is told beside each of its kinds."""


class CountsTwiceError(Exception):
    """Payments would count twice, or nobody can say; the message says whose."""


def require_no_overlap(live: pl.DataFrame) -> None:
    """Raise CountsTwiceError where payments of live statements overlap."""
    pairs = overlapping(live)
    if pairs.height:
        raise CountsTwiceError(
            f"Payments would count twice: {_said(pairs)}, of "
            f"{pairs['position'].n_unique()} position(s) of claims. Undo the other one "
            "first."
        )
    if said := replaced(live):
        raise CountsTwiceError(f"{said} Undo one of the two first.")


def require_left_apart(
    left: pl.DataFrame, live: pl.DataFrame, name_of: Callable[[int], str]
) -> None:
    """Raise CountsTwiceError where what a correction leaves out kept payments apart.

    ``left``: of the ``live`` statements those that stay; ``name_of``: what a position
    is called.
    """
    pairs = added_overlaps(left, live)
    if not pairs.height:
        return
    name = name_of(pairs["position"][0])
    more = pairs["position"].n_unique() - 1
    others = f" and {more:,} more" if more else ""
    raise CountsTwiceError(
        f"Without what this correction leaves out of {name}{others}, payments would "
        f"count twice: {_said(pairs)}. Tell what was paid to date in the correction, "
        "too, or have one of these two words taken back first; then hand the "
        "correction in anew."
    )


def added_overlaps(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Pairs that overlap (:func:`overlapping`) and did not before."""
    pairs = overlapping(now)
    if not pairs.height:
        return pairs
    return pairs.join(overlapping(before), on=_PAIR, how="anti")


def _said(pairs: pl.DataFrame) -> str:
    """In words: who told what in the first of the pairs."""
    said: str = pairs.select(
        pl.format(
            "{} told what was paid {} and {} what was paid {}",
            teller(),
            _when(""),
            teller("_other"),
            _when("_other"),
        )
    ).item(0, 0)
    return said


def overlaps(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Issues of the new rows whose payments overlap others of their position."""
    both = pl.concat([old, new], how="diagonal_relaxed")
    pairs, of_corrections = overlapping(both), replacing(both)
    if not pairs.height:
        return of_corrections
    return pl.concat(
        [of_corrections, _of_rows(pairs), _by_corrections(pairs, old, new)]
    )


def _of_rows(pairs: pl.DataFrame) -> pl.DataFrame:
    """Rows that tell payments which overlap others."""
    swapped = pairs.rename(
        {n: n.removesuffix("_other") for n in pairs.columns if n.endswith("_other")}
        | {n.removesuffix("_other"): n for n in pairs.columns if n.endswith("_other")}
    ).select(pairs.columns)
    mine = (
        pl.concat([pairs, swapped])
        .filter("is_new")
        .unique("row", keep="first", maintain_order=True)
    )
    if not mine.height:
        return no_issues()
    return issues_at(
        mine,
        column="period_end",
        value=pl.col("period_end"),
        code="periods_overlap",
        severity="error",
        message=pl.format(
            "The row tells what was paid {}; {} told what was paid {}. Nobody can say "
            "what of it counts twice. Ask which holds, or have what was paid to date "
            "at the end of the longer period told, too.",
            _when(""),
            teller("_other"),
            _when("_other"),
        ),
    )


def _by_corrections(
    pairs: pl.DataFrame, old: pl.DataFrame, new: pl.DataFrame
) -> pl.DataFrame:
    """Rows of corrections that take back what kept payments of others apart."""
    others = pairs.filter(~pl.col("is_new") & ~pl.col("is_new_other"))
    if not others.height or not new["is_correction"].any():
        return no_issues()
    rows = new.filter("is_correction").select("position", pl.col("row").alias("mine"))
    here = (
        others.join(overlapping(old), on=_PAIR, how="anti")
        .join(rows, on="position")
        .unique("mine", keep="first", maintain_order=True)
    )
    return issues_at(
        here.rename({"row": "row_one", "number": "number_one", "mine": "row"}),
        column="period_end",
        value=pl.col("period_end"),
        code="periods_overlap",
        severity="error",
        message=pl.format(
            "The row takes back what was paid to date; without that, payments would "
            "count twice: {} told what was paid {} and {} what was paid {}. Tell what "
            "was paid to date in this row, too.",
            teller("_one"),
            _when(""),
            teller("_other"),
            _when("_other"),
        ),
    )


def _when(suffix: str) -> pl.Expr:
    end = pl.col(f"period_end{suffix}").cast(pl.String)
    return (
        pl.when(pl.col(f"basis{suffix}") == THIS_PERIOD)
        .then(
            pl.format(
                "from {} to {}", pl.col(f"period_start{suffix}").cast(pl.String), end
            )
        )
        .otherwise(pl.format("to date at {}", end))
    )


def overlapping(statements: pl.DataFrame) -> pl.DataFrame:
    """Pairs of tellings of one position that overlap: a long one and another.

    ``statements`` as in :mod:`timelines`; those without ``statement`` are new.
    """
    names = timelines.told_amounts(statements)
    of_period = [
        told_as(a, THIS_PERIOD) for a in PAID if told_as(a, THIS_PERIOD) in names
    ]
    rows = timelines.replaced_by_corrections(timelines.with_periods(statements), names)
    is_long = pl.col("period_start") < pl.col("period_end").dt.month_start()
    tells = (pl.col(n).is_not_null() for n in of_period)
    watched = rows.filter(is_long & pl.any_horizontal(pl.lit(value=False), *tells))[
        "position"
    ]
    every = _long(rows.filter(pl.col("position").is_in(watched.implode())), names)
    # With what was paid to date told for its own end, nothing is added up.
    settled = every.filter(pl.col("basis") == TO_DATE).select(
        "position", "period_end", "amount", __settled=pl.lit(value=True)
    )
    every = every.join(
        settled.unique(), on=["position", "period_end", "amount"], how="left"
    ).with_columns(pl.col("__settled").fill_null(value=False))
    return _pairs(every.filter(is_long & (pl.col("basis") == THIS_PERIOD)), every)


def _long(rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """A row for each amount paid that is told, with its basis."""
    base = ["position", "period_start", "period_end", "number", "row"]
    found = [pl.DataFrame(schema=_SCHEMA)]
    is_new = pl.col("statement").is_null().alias("is_new")
    for amount in PAID:
        for basis in (THIS_PERIOD, TO_DATE, PREVIOUSLY):
            name = told_as(amount, basis)
            if name not in names:
                continue
            told = rows.filter(pl.col(name).is_not_null()).select(
                *base,
                is_new,
                pl.lit(amount).alias("amount"),
                pl.lit(TO_DATE if basis == PREVIOUSLY else basis).alias("basis"),
            )
            if basis == PREVIOUSLY:
                day_before = pl.col("period_start").dt.offset_by("-1d")
                told = told.with_columns(period_end=day_before)
            found.append(told.select(_SCHEMA.keys()).cast(_SCHEMA))  # type: ignore[arg-type]
    return pl.concat(found).filter(pl.col("period_end").is_not_null())


def _pairs(lasting: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    start, end = pl.col("period_start"), pl.col("period_end")
    first, last = pl.col("period_start_other"), pl.col("period_end_other")
    has_total = pl.when(end >= last).then("__settled").otherwise("__settled_other")
    is_twice = (
        (pl.col("basis_other") == THIS_PERIOD)
        & (start <= last)
        & (first <= end)
        & ((start != first) | (end != last))
        & ~has_total
    )
    is_inside = (
        (pl.col("basis_other") == TO_DATE)
        & (start <= last)
        & (last < end)
        & ~pl.col("__settled")
    )
    return (
        lasting.join(_FAMILIES, on="amount")
        .join(
            every.join(_FAMILIES, on="amount"),
            on=["position", "family"],
            suffix="_other",
        )
        .filter(is_twice | is_inside)
        .drop("__settled", "__settled_other")
        .unique(["row", "number", "row_other", "number_other"], maintain_order=True)
    )
