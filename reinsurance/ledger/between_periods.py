"""What rows tell of one period, held against what is told of the ones beside it.

To date is what was paid by the end of the period before, plus this period.  The two
are compared only where both are told; of two rows that disagree the later received is
wrong.
"""

import polars as pl

from reinsurance.ledger.amounts import (
    FIRST_ROW_BY_HAND,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.beside import Beside, day_before, differs, plain
from reinsurance.ledger.period_after import ADVICE, against_the_after, with_tellers
from reinsurance.ledger.tellers import teller
from reinsurance.ledger.timelines import start_of
from reinsurance.resources.issues import issues_at


def between_periods(beside: Beside) -> list[pl.DataFrame]:
    """What contradicts the period before or after: held out, or warned of."""
    found = []
    for amount in beside.paid:
        found.append(_before(beside, amount))
        if amount in beside.line.columns and beside.old_told.height:
            found += against_the_after(beside, amount)
    return found


def _before(beside: Beside, amount: str) -> pl.DataFrame:
    """Against the period before: bases that disagree, and previously paid."""
    known = beside.now[amount].rename({"period_end": "preceding"})
    rows = beside.mine(amount, TO_DATE, THIS_PERIOD, PREVIOUSLY)
    found = [
        _previously(
            amount,
            rows.with_columns(preceding=day_before()).join(
                known, on=["position", "preceding"]
            ),
        )
    ]
    to, this = told_as(amount, TO_DATE), told_as(amount, THIS_PERIOD)
    if to in beside.told.columns and this in beside.told.columns:
        at = beside.told.select(
            "position",
            "period_end",
            __to=pl.col(to),
            __this=pl.col(this),
            # What a row does not tell itself is of the period of who told it.
            __start=pl.col(start_of(this)),
        )
        own = pl.when(pl.col("this").is_not_null()).then("period_start")
        wrong = (
            rows.filter(
                ~pl.col("is_correction")
                & (pl.col("to").is_not_null() | pl.col("this").is_not_null())
            )
            .join(at, on=["position", "period_end"])
            .with_columns(preceding=pl.coalesce(own, "__start").dt.offset_by("-1d"))
            .join(known, on=["position", "preceding"])
        )
        wrong = wrong.filter(
            differs(pl.col("__to"), pl.col("books") + pl.col("__this"))
        )
        found.append(
            issues_at(
                with_tellers(beside, wrong, amount, end="period_end"),
                column=amount,
                value=pl.col("__to"),
                code="bases_disagree",
                severity="error",
                message=pl.format(
                    "{} to date{} is not {} (up to {}) plus {} this period{} "
                    f"({label_of(amount)}). {ADVICE}{{}}",
                    plain(pl.col("__to")),
                    _unless_own("to", ", which {} told,"),
                    plain(pl.col("books")),
                    pl.col("preceding").cast(pl.String),
                    plain(pl.col("__this")),
                    _unless_own("this", ", which {} told"),
                    _or_withdraw(),
                ),
            )
        )
    return pl.concat(found)


def _unless_own(basis: str, words: str) -> pl.Expr:
    """In words: who told the amount in a basis, where the row does not."""
    told = pl.format(words, teller(f"_{basis}"))
    return pl.when(pl.col(basis).is_null()).then(told).otherwise(pl.lit(""))


def _or_withdraw() -> pl.Expr:
    """The advice where one of the amounts is a person's."""
    by_hand = pl.any_horizontal(
        pl.col(basis).is_null() & (pl.col(f"row_{basis}") >= FIRST_ROW_BY_HAND)
        for basis in ("to", "this")
    )
    advice = pl.lit(" Or withdraw what the person told.")
    return pl.when(by_hand).then(advice).otherwise(pl.lit(""))


def _previously(amount: str, here: pl.DataFrame) -> pl.DataFrame:
    """What a row says was paid before its period, against the books.

    A correction with the amount to date and this period says so, too; of another file
    such a row is held out.
    """
    implied = pl.col("to") - pl.col("this")
    is_implied = pl.col("prev").is_null()
    here = here.with_columns(
        said=pl.when("is_correction")
        .then(pl.coalesce("prev", implied))
        .otherwise("prev")
    )
    wrong = here.filter(differs(pl.col("said"), pl.col("books")))
    counts = (
        pl.when("has_to")
        .then(pl.lit("The books stay as they were told for that day."))
        .otherwise(pl.lit("The sender's word counts."))
    )
    how = (
        pl.when(is_implied)
        .then(
            pl.format(
                " ({} to date less {} this period)",
                plain(pl.col("to")),
                plain(pl.col("this")),
            )
        )
        .otherwise(pl.lit(""))
    )
    return issues_at(
        wrong,
        column=pl.when(is_implied)
        .then(pl.lit(amount))
        .otherwise(pl.lit(told_as(amount, PREVIOUSLY))),
        value=pl.col("said"),
        code="previously_paid_differs",
        severity="warning",
        message=pl.format(
            "The sender says that {} was paid up to {}{}; the books have {} "
            f"({label_of(amount)}). {{}}",
            plain(pl.col("said")),
            pl.col("preceding").cast(pl.String),
            how,
            plain(pl.col("books")),
            counts,
        ),
    )
