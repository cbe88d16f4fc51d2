"""What rows tell of one period, held against what is told of the ones beside it.

To date is what was paid by the end of the period before, plus this period.  The two
are compared only where both are told; of two rows that disagree the later received is
wrong.
"""

import polars as pl

from reinsurance.ledger.amounts import (
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.beside import Beside, day_before, differs, plain
from reinsurance.ledger.overlaps import teller
from reinsurance.ledger.timelines import MONEY, start_of
from reinsurance.resources.issues import issues_at

_ADVICE = "Correct the amounts, or declare the file a correction."


def between_periods(beside: Beside) -> list[pl.DataFrame]:
    """What contradicts the period before or after: held out, or warned of."""
    found = []
    for amount in beside.paid:
        found.append(_before(beside, amount))
        if amount in beside.line.columns and beside.old_told.height:
            following = _following(beside, amount)
            found += [
                _after(beside, amount, following),
                _overruled(beside, amount, following),
            ]
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
                wrong,
                column=amount,
                value=pl.col("__to"),
                code="bases_disagree",
                severity="error",
                message=pl.format(
                    "{} to date is not {} (up to {}) plus {} this period "
                    f"({label_of(amount)}). {_ADVICE}",
                    plain(pl.col("__to")),
                    plain(pl.col("books")),
                    pl.col("preceding").cast(pl.String),
                    plain(pl.col("__this")),
                ),
            )
        )
    return pl.concat(found)


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


def _following(beside: Beside, amount: str) -> pl.DataFrame:
    """What other files say of the period after: ``said``, what was paid before it.

    By ``position`` and ``period_end``, the end of the period before it.
    """
    names = {
        b: told_as(amount, basis)
        for b, basis in (
            ("to", TO_DATE),
            ("this", THIS_PERIOD),
            ("prev", PREVIOUSLY),
        )
    }
    following = beside.told.select(
        "position",
        pl.col("period_end").alias("end_after"),
        pl.col("number").alias("number_after"),
        pl.col("row").alias("row_after"),
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
    both = pl.col("to_after").is_not_null() & pl.col("this_after").is_not_null()
    is_wrong = both & ~pl.col("is_correction")
    text = pl.format(
        "With this row the books have {} at {}; {} says that {} was paid up to then "
        f"({label_of(amount)}).",
        plain(pl.col("books")),
        pl.col("period_end").cast(pl.String),
        teller("_after"),
        plain(pl.col("said")),
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
                message=text + pl.lit(f" {_ADVICE}"),
            ),
            issues_at(
                here.filter(~is_wrong & pl.col("has_to")),  # else: _overruled
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
        here,
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
            teller("_after"),
            plain(pl.col("said")),
        ),
    )
