"""New rows of amounts paid beside what the books hold of their positions."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import PREVIOUSLY, THIS_PERIOD, TO_DATE, told_as
from reinsurance.ledger.timelines import MONEY

CENT = 0.0051


def plain(amount: pl.Expr) -> pl.Expr:
    """An amount as text, without zeros that say nothing."""
    return amount.cast(pl.String).str.replace(r"(\.\d\d)0+$", "$1").fill_null("nothing")


def differs(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether two amounts are not the same; null where one is not told."""
    return (one - other).cast(pl.Float64).abs() > CENT


class Beside:
    """New rows of some amounts paid, beside the periods before and after theirs.

    ``old`` and ``new`` are statements as in :mod:`timelines`.  ``now`` and ``before``:
    by amount, what the books come to with the rows and without them, at the periods
    for which it is told (``position``, ``period_end``, ``books``; ``has_to``: to date).
    ``books``: all statements, with what new rows say of the period before left out.
    """

    def __init__(self, old: pl.DataFrame, new: pl.DataFrame, paid: list[str]) -> None:
        self.paid, self.old = paid, old
        both = pl.concat([old, new], how="diagonal_relaxed")
        self.rows = timelines.with_periods(both).filter(pl.col("statement").is_null())
        silent = new.with_columns(
            pl.lit(None, MONEY).alias(told_as(a, PREVIOUSLY))
            for a in paid
            if told_as(a, PREVIOUSLY) in new.columns
        )
        self.books = books = pl.concat([old, silent], how="diagonal_relaxed")
        self.told = timelines.best(books)
        self.line = timelines.timeline(books, implied=False)
        self.old_line = (
            timelines.timeline(old, implied=False) if old.height else self.line.clear()
        )
        self.old_told = timelines.best(old) if old.height else self.told.clear()
        self.now = {a: _books(self.line, self.told, a) for a in paid}
        self.before = {a: _books(self.old_line, self.old_told, a) for a in paid}

    def mine(self, amount: str, *bases: str) -> pl.DataFrame:
        """New rows that tell the amount in one of the bases."""
        here = [
            told_as(amount, b) for b in bases if told_as(amount, b) in self.rows.columns
        ]
        tells = pl.any_horizontal(
            pl.lit(value=False), *(pl.col(n).is_not_null() for n in here)
        )
        names = [told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY)]
        return self.rows.filter(tells).select(
            "row",
            "position",
            "period_start",
            "period_end",
            "is_correction",
            *(
                (pl.col(n) if n in self.rows.columns else pl.lit(None, MONEY)).alias(b)
                for n, b in zip(names, ("to", "this", "prev"), strict=True)
            ),
        )

    def first_told(self, rows: pl.DataFrame, amount: str) -> pl.DataFrame:
        """Those of the rows (of :meth:`mine`) before whose period nothing is told."""
        known = self.now[amount].select("position", preceding="period_end")
        return rows.with_columns(preceding=day_before()).join(
            known, on=["position", "preceding"], how="anti"
        )


def corrected(beside: Beside) -> pl.DataFrame:
    """What was told before the file was received: a correction replaces that alone."""
    return beside.old.filter(pl.col("number") < beside.rows["number"].min())


def day_before() -> pl.Expr:
    """The end of the period before a row's."""
    return pl.col("period_start").dt.offset_by("-1d")


def _books(line: pl.DataFrame, told: pl.DataFrame, amount: str) -> pl.DataFrame:
    """What the books come to where the amount is told: ``books`` and ``has_to``."""
    own = [
        told_as(amount, b)
        for b in (TO_DATE, THIS_PERIOD)
        if told_as(amount, b) in told.columns
    ]
    if not own or amount not in line.columns:
        return pl.DataFrame(
            schema={
                "position": pl.Int64,
                "period_end": pl.Date,
                "books": MONEY,
                "has_to": pl.Boolean,
            }
        )
    to = told_as(amount, TO_DATE)
    at = told.filter(pl.any_horizontal(pl.col(n).is_not_null() for n in own)).select(
        "position",
        "period_end",
        has_to=pl.col(to).is_not_null() if to in own else pl.lit(value=False),
    )
    return line.select("position", "period_end", pl.col(amount).alias("books")).join(
        at, on=["position", "period_end"]
    )
