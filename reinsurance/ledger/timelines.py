"""Positions from statements: what holds at the end of each period, never accumulated.

Frames in, frames out; nothing here knows the database.  A frame of *statements* has

- ``position`` (Int64), ``number`` and ``row`` (receipt: the ingestion and its row),
- ``period_start`` and ``period_end`` (Date; null: no period told),
- ``is_correction`` (Boolean: of a file declared a correction), ``status`` (String),
- amounts of :data:`~reinsurance.ledger.amounts.TOLD`, null where not told; a column
  that no row tells may be missing.

Only statements of loads that stand belong into it.
"""

import datetime
from collections.abc import Iterable

import polars as pl

from reinsurance.ledger.amounts import (
    AS_AT,
    PAID,
    PAID_FEES,
    PREVIOUSLY,
    RESERVE_FEES,
    THIS_PERIOD,
    TO_DATE,
    TOLD,
    told_as,
)

MONEY = pl.Decimal(20, 4)
NO_PERIOD = datetime.date(1, 1, 1)
"""Stands for a period that was not told while none was told before."""
KEY = ("position", "period_end")
ORDER = ("position", "period_end", "number", "row")

_PLAIN = {TO_DATE: "to", THIS_PERIOD: "this", PREVIOUSLY: "prev"}


def told_amounts(frame: pl.DataFrame) -> list[str]:
    """Names of the amounts of which some row tells something."""
    return [
        name
        for name in TOLD
        if name in frame.columns and frame.get_column(name).null_count() < frame.height
    ]


def with_periods(statements: pl.DataFrame) -> pl.DataFrame:
    """Every row with a period: one not told is that of the latest told before it.

    A statement without a period is the latest word: it belongs to the latest period
    that was told of its position when it was received.
    """
    ordered = statements.sort("position", "number", "row")
    if not ordered.get_column("period_end").null_count():
        return ordered
    latest = pl.col("period_end").cum_max().forward_fill().over("position")
    return ordered.with_columns(pl.coalesce("period_end", latest).fill_null(NO_PERIOD))


def replaced_by_corrections(
    statements: pl.DataFrame, names: Iterable[str]
) -> pl.DataFrame:
    """What a declared correction tells replaces what was told before, in every basis.

    ``statements`` has periods (:func:`with_periods`).
    """
    if not statements.get_column("is_correction").any():
        return statements
    told = set(names)
    for amount in PAID:
        bases = [told_as(amount, b) for b in _PLAIN if told_as(amount, b) in told]
        if not bases:
            continue
        tells = pl.any_horizontal(pl.col(name).is_not_null() for name in bases)
        corrected = (
            pl.when(pl.col("is_correction") & tells)
            .then("number")
            .max()
            .over(*KEY)
            .fill_null(-1)
        )
        stands = pl.col("number") >= corrected
        statements = statements.with_columns(
            pl.when(stands).then(pl.col(name)).alias(name) for name in bases
        )
    return statements


def best(statements: pl.DataFrame) -> pl.DataFrame:
    """What was told last, for each position and period, of each amount in its basis.

    The frame has the columns of the statements, ``number`` and ``row`` of the last of
    them, one row for each position and period; of amounts of a period also where it
    starts (:func:`start_of`).
    """
    names = told_amounts(statements)
    ordered = replaced_by_corrections(with_periods(statements), names).sort(*ORDER)
    return ordered.group_by(*KEY, maintain_order=True).agg(
        pl.col("number", "row").last(),
        pl.col("period_start", "status", *names).drop_nulls().last(),
        *(
            pl.col("period_start")
            .filter(pl.col(name).is_not_null())
            .last()
            .alias(start_of(name))
            for name in names
            if name.endswith((THIS_PERIOD, PREVIOUSLY))
        ),
    )


def start_of(name: str) -> str:
    """The column with the start of the period for which an amount was told last."""
    return f"{name}_start"


def with_implied(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that tell to date and this period tell what was paid previously, too."""
    for amount in PAID:
        to, this, prev = (told_as(amount, basis) for basis in _PLAIN)
        if {to, this} <= set(frame.columns):
            known = pl.col(to) - pl.col(this)
            told = pl.col(prev) if prev in frame.columns else pl.lit(None, MONEY)
            frame = frame.with_columns(pl.coalesce(told, known).cast(MONEY).alias(prev))
    return frame


def _with_openings(told: pl.DataFrame) -> pl.DataFrame:
    """Previously paid as a to date of the period before, where none is told for it."""
    for amount in PAID:
        prev, to = told_as(amount, PREVIOUSLY), told_as(amount, TO_DATE)
        if prev not in told.columns:
            continue
        start = pl.col(start_of(prev))
        opening = (
            told.filter(pl.col(prev).is_not_null() & start.is_not_null())
            .with_columns(period_end=start.dt.offset_by("-1d"))
            .sort(*ORDER)
            .group_by(*KEY, maintain_order=True)
            .agg(pl.col("number", "row").last(), pl.col(prev).last().alias("__to"))
        )
        told = told.join(opening, on=KEY, how="full", coalesce=True, suffix="__opening")
        known = pl.coalesce(to, "__to") if to in told.columns else pl.col("__to")
        told = told.with_columns(
            known.alias(to),
            pl.coalesce("number", "number__opening").alias("number"),
            pl.coalesce("row", "row__opening").alias("row"),
        ).drop("number__opening", "row__opening", "__to")
    return told


def _to_date(amount: str, columns: set[str]) -> pl.Expr | None:
    """The amount to date at each period of a position; None where it is never told."""
    to, this = told_as(amount, TO_DATE), told_as(amount, THIS_PERIOD)
    has_to, has_this = to in columns, this in columns
    if not (has_to or has_this):
        return None
    nil = pl.lit(0, MONEY)
    added = pl.col(this).fill_null(0).cum_sum().over("position") if has_this else nil
    if not has_to:
        told = pl.col(this).is_not_null().cum_sum().over("position") > 0
        return pl.when(told).then(added).cast(MONEY)
    base = pl.col(to).forward_fill().over("position")
    if not has_this:
        return base.cast(MONEY)
    at_base = (
        pl.when(pl.col(to).is_not_null()).then(added).forward_fill().over("position")
    )
    told = (pl.col(to).is_not_null() | pl.col(this).is_not_null()).cum_sum().over(
        "position"
    ) > 0
    whole = base.fill_null(0) + added - at_base.fill_null(0)
    return pl.when(told).then(whole).cast(MONEY)


def timeline(statements: pl.DataFrame, *, implied: bool = True) -> pl.DataFrame:
    """What holds at the end of each told period, of each position.

    One row for each position and period, in order: ``position``, ``period_end``,
    ``number`` and ``row`` (who told it last), ``status`` and the amounts of a position
    that were ever told, to date or as at; null until they are.  A total of fees stands
    beside their kinds as what is not allocated: fees are the sum of both.  ``implied``:
    a row that tells to date and this period tells what was paid previously, too.
    """
    if not statements.height:
        return statements.select(*KEY, "number", "row", "status")
    told = best(with_implied(statements) if implied else statements)
    told = _with_openings(told).sort(*KEY)
    columns = set(told.columns)
    values: dict[str, pl.Expr] = {}
    for amount in PAID:
        if (expression := _to_date(amount, columns)) is not None:
            values[amount] = expression
    for amount in AS_AT:
        if amount in columns:
            values[amount] = pl.col(amount).forward_fill().over("position")
    line = told.select(
        *KEY,
        "number",
        "row",
        pl.col("status").forward_fill().over("position"),
        *(expression.alias(name) for name, expression in values.items()),
        *(
            pl.col(name).alias(f"__{name}")
            for name in ("paid_fees_to_date", "paid_fees_this_period")
            if name in columns
        ),
        *(
            pl.col("reserve_fees").alias("__reserve_fees")
            for _ in range("reserve_fees" in columns)
        ),
    )
    return _with_fees(line).drop("^__.*$")


def _with_fees(line: pl.DataFrame) -> pl.DataFrame:
    """Totals of fees: their kinds and what is told in one sum beside them."""
    columns = set(line.columns)
    kinds = [name for name in PAID_FEES if name in columns]
    if kinds:
        allocated = pl.sum_horizontal(pl.col(n).fill_null(0) for n in kinds).cast(MONEY)
        line = line.with_columns(__kinds=allocated)
        rest: dict[str, pl.Expr] = {}
        if "__paid_fees_to_date" in columns:
            rest["rest_to_date"] = pl.col("__paid_fees_to_date") - pl.col("__kinds")
        if "__paid_fees_this_period" in columns:
            before = pl.col("__kinds").shift(1).over("position").fill_null(0)
            moved = pl.col("__kinds") - before
            rest["rest_this_period"] = pl.col("__paid_fees_this_period") - moved
        line = line.with_columns(e.cast(MONEY).alias(n) for n, e in rest.items())
        unallocated = _to_date("rest", set(rest))
        total = pl.col("__kinds")
        if unallocated is not None:
            total = total + unallocated.fill_null(0)
        line = line.with_columns(total.cast(MONEY).alias("paid_fees")).drop(*rest)
    reserves = [name for name in RESERVE_FEES if name in columns]
    if reserves:
        allocated = pl.sum_horizontal(pl.col(n).fill_null(0) for n in reserves)
        total = allocated
        if "__reserve_fees" in columns:
            rest_told = pl.col("__reserve_fees") - allocated
            total = allocated + rest_told.forward_fill().over("position").fill_null(0)
        line = line.with_columns(total.cast(MONEY).alias("reserve_fees"))
    return line


def latest(line: pl.DataFrame) -> pl.DataFrame:
    """The position as it stands: the last period of each position of a timeline."""
    return line.group_by("position", maintain_order=True).last()


def as_at(line: pl.DataFrame, day: datetime.date) -> pl.DataFrame:
    """The positions as at a period's end: nothing of what was told for later ones."""
    return latest(line.filter(pl.col("period_end") <= day))


def movements(line: pl.DataFrame) -> pl.DataFrame:
    """By how much each amount changed from one told period to the next."""
    amounts = [n for n in (*PAID, *AS_AT) if n in line.columns]
    return line.with_columns(
        (
            pl.col(name).fill_null(0)
            - pl.col(name).fill_null(0).shift(1).over("position").fill_null(0)
        )
        .cast(MONEY)
        .alias(name)
        for name in amounts
    )


def told_end() -> pl.Expr:
    """The end of a period; null where none was ever told."""
    return pl.when(pl.col("period_end") != NO_PERIOD).then("period_end")


def incurred() -> pl.Expr:
    """Paid plus reserve, of indemnity and fees; what was never told is nil."""
    names = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")
    return pl.sum_horizontal(pl.col(name).fill_null(0) for name in names).cast(MONEY)
