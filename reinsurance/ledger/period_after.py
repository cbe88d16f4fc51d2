"""What rows tell of one period, held against what other files tell of the one after."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.beside import Beside, differs, plain
from reinsurance.ledger.tellers import teller
from reinsurance.ledger.timelines import KEY, MONEY, start_of
from reinsurance.resources.issues import issues_at

ADVICE = "Correct the amounts, or declare the file a correction of its period."
_BASES = (("to", TO_DATE), ("this", THIS_PERIOD), ("prev", PREVIOUSLY))


def against_the_after(beside: Beside, amount: str) -> list[pl.DataFrame]:
    """What contradicts the period after: held out, or warned of."""
    following = _following(beside, amount)
    return [
        _after(beside, amount, following),
        _overruled(beside, amount, following),
    ]


def _following(beside: Beside, amount: str) -> pl.DataFrame:
    """What other files say of the period after: ``said``, what was paid before it.

    By ``position`` and ``period_end``, the end of the period before it.
    """
    names = {b: told_as(amount, basis) for b, basis in _BASES}
    following = beside.told.select(
        "position",
        pl.col("period_end").alias("end_after"),
        *(
            (
                pl.col(start_of(names[b]))
                if names[b] in beside.told.columns
                else pl.lit(None, pl.Date)
            ).alias(f"__{b}_start")
            for b in ("this", "prev")
        ),
        *(
            (pl.col(n) if n in beside.told.columns else pl.lit(None, MONEY)).alias(
                f"{b}_after"
            )
            for b, n in names.items()
        ),
    ).with_columns(
        said=pl.coalesce("prev_after", pl.col("to_after") - pl.col("this_after")),
        period_end=pl.when(pl.col("prev_after").is_not_null())
        .then("__prev_start")
        .otherwise("__this_start")
        .dt.offset_by("-1d"),
    )
    # What this file tells of the period after is held against it there.
    mine = beside.mine(amount, TO_DATE, THIS_PERIOD, PREVIOUSLY)
    return following.filter(pl.col("said").is_not_null()).join(
        mine.select("position", end_after="period_end"),
        on=["position", "end_after"],
        how="anti",
    )


def _after(beside: Beside, amount: str, following: pl.DataFrame) -> pl.DataFrame:
    """Against the period after: a late row that what was told later contradicts."""
    was = beside.before[amount].select("position", "period_end", was="books")
    key = ["position", "period_end"]
    here = (
        beside.mine(amount, TO_DATE, THIS_PERIOD)
        .join(beside.now[amount], on=key)
        .join(following, on=key)
        .join(was, on=key, how="left")
        .filter(differs(pl.col("said"), pl.col("books")))
        .filter(pl.col("was").is_null() | differs(pl.col("was"), pl.col("books")))
    )
    here = with_tellers(beside, here, amount, end="end_after")
    both = pl.col("to_after").is_not_null() & pl.col("this_after").is_not_null()
    is_wrong = both & ~pl.col("is_correction")
    text = pl.format(
        f"With this row the books have {{}} at {{}}; {{}} ({label_of(amount)}).",
        plain(pl.col("books")),
        pl.col("period_end").cast(pl.String),
        _said_after(),
    )
    column = pl.col("books")
    return pl.concat(
        [
            issues_at(
                here.filter(is_wrong),
                column=amount,
                value=column,
                code="bases_disagree",
                severity="error",
                message=text + pl.lit(f" {ADVICE}"),
            ),
            issues_at(
                # What a row after it says counts where nothing is told to date.
                here.filter(~is_wrong & (pl.col("has_to") | ~_holds())),
                column=amount,
                value=column,
                code="previously_paid_differs",
                severity="warning",
                message=text + pl.lit(" This row counts."),
            ),
        ]
    )


def _overruled(beside: Beside, amount: str, following: pl.DataFrame) -> pl.DataFrame:
    """Payments of a period by whose end another file says what was paid before it.

    As such, or as what was paid to date less what was paid this period; a row that
    contradicts that is held out, unless it corrects.
    """
    key = ["position", "period_end"]
    settled = beside.now[amount].filter("has_to")
    before = beside.line.select("position", __end="period_end", __held=pl.col(amount))
    rows = beside.mine(amount, THIS_PERIOD).filter(pl.col("to").is_null())
    held = (
        rows.join(before, on="position")
        .filter(pl.col("__end") < pl.col("period_start"))
        .sort("__end")
        .group_by("row")
        .agg(pl.col("__held").last())
    )
    whole = pl.coalesce("prev", "__held", pl.lit(0, MONEY)) + pl.col("this")
    here = (
        rows.join(settled, on=key, how="anti")
        .join(following, on=key)
        .filter(pl.col("prev_after").is_not_null() | pl.col("is_correction"))
        .join(held, on="row", how="left")
        .with_columns(whole=whole)
        .filter(differs(pl.col("said"), pl.col("whole")))
    )
    return issues_at(
        with_tellers(beside, here, amount, end="end_after").filter(_holds()),
        column=told_as(amount, THIS_PERIOD),
        value=pl.col("this"),
        code="previously_stands",
        severity="warning",
        message=pl.format(
            "With this row {} would be paid up to {}; {} says that {} was paid before "
            f"its period ({label_of(amount)}), and that is what counts. If this row is "
            "right, tell what was paid to date, or correct that file, too.",
            plain(pl.col("whole")),
            pl.col("period_end").cast(pl.String),
            teller("_prev"),
            plain(pl.col("said")),
        ),
    )


def with_tellers(
    beside: Beside, here: pl.DataFrame, amount: str, *, end: str
) -> pl.DataFrame:
    """Who told the period of ``end``, by basis: ``number_<basis>``, ``row_<basis>``.

    ``prev`` is also what one row implies: it told to date and this period; ``held`` is
    what that comes to.  ``said`` may be of two rows, and then nobody said it.
    """
    if not here.height:
        return here.with_columns(held=pl.lit(None, MONEY))
    names = {b: told_as(amount, basis) for b, basis in _BASES}
    keys = here["position"].unique().implode()
    rows = timelines.with_implied(beside.books.filter(pl.col("position").is_in(keys)))
    rows = timelines.replaced_by_corrections(
        timelines.with_periods(rows), timelines.told_amounts(rows)
    ).sort(*timelines.ORDER)
    rows = rows.with_columns(
        pl.lit(None, MONEY).alias(n) for n in names.values() if n not in rows.columns
    )
    tellers = rows.group_by(*KEY).agg(
        pl.col(names["prev"]).drop_nulls().last().alias("held"),
        *(
            pl.col(of).filter(pl.col(name).is_not_null()).last().alias(f"{of}_{b}")
            for b, name in names.items()
            for of in ("number", "row")
        ),
    )
    return here.join(
        tellers, left_on=["position", end], right_on=["position", "period_end"]
    )


def _holds() -> pl.Expr:
    """Whether one row said what was paid before: that is what the books go by."""
    return (pl.col("held") == pl.col("said")).fill_null(value=False)


def _said_after() -> pl.Expr:
    """In words: what was told of the period after, by whom."""
    of_one = pl.format(
        "{} says that {} was paid up to then", teller("_prev"), plain(pl.col("said"))
    )
    of_two = pl.format(
        "{} told {} to date for the period to {}, of which {} was paid in it by what "
        "{} told: that leaves {} up to then",
        teller("_to"),
        plain(pl.col("to_after")),
        pl.col("end_after").cast(pl.String),
        plain(pl.col("this_after")),
        teller("_this"),
        plain(pl.col("said")),
    )
    return pl.when(_holds()).then(of_one).otherwise(of_two)
