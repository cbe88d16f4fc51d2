"""What only the ledger can say of a row: told twice, contradicting, changing nothing."""

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    AS_AT,
    CHANGES,
    MAIN,
    PAID,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    TOLD,
    label_of,
    told_as,
)
from reinsurance.ledger.timelines import MONEY
from reinsurance.resources.issues import ISSUES, issues_at, no_issues

CENT = 0.0051
UNALLOCATED = {
    "paid_fees_to_date": "paid_unallocated",
    "reserve_fees": "reserve_unallocated",
}
"""Totals of fees, and the columns that tell what they have beyond the kinds."""
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


def told_twice(rows: pl.DataFrame, *, adds: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows about one position and period: added up where the source says so.

    Otherwise rows that differ are all held out, and of equal ones all but the first.
    """
    key = ["position", "__period_end"]
    if rows.select(pl.struct(key).is_unique().all()).item():
        return rows, no_issues()
    amounts = [name for name in TOLD if name in rows.columns]
    if adds:
        return _added(rows, key, amounts), no_issues()
    content = [n for n in rows.columns if n not in {"row", *key}]
    shared = rows.filter(pl.struct(key).is_duplicated()).with_columns(
        versions=pl.struct(content).n_unique().over(key),
        first=pl.col("row").min().over(key),
        others=pl.col("row").cast(pl.String).str.join(", ").over(key),
    )
    torn = shared.filter(pl.col("versions") > 1)
    again = shared.filter(
        (pl.col("versions") == 1) & (pl.col("row") != pl.col("first"))
    )
    return rows, pl.concat(
        [
            issues_at(
                torn,
                column="claim_reference",
                value=None,
                code="conflicting_rows",
                severity="error",
                message=pl.format(
                    "Rows {} give different values for the same position and period. "
                    "Keep the right one.",
                    pl.col("others").str.slice(0, 80),
                ),
            ),
            issues_at(
                again,
                column="",
                value=None,
                code="duplicate_row",
                severity="error",
                message=pl.format(
                    "The row repeats row {}; it is not loaded twice.", pl.col("first")
                ),
            ),
        ]
    )


def of_added(issues: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """What is wrong with a sum of rows is wrong with each of them."""
    keys = rows.select("row", "position", "__period_end")
    named = keys.rename({"row": "of"})
    pairs = keys.join(named, on=["position", "__period_end"], nulls_equal=True)
    found = issues.join(pairs.select("row", "of"), on="row").with_columns(row="of")
    return found.select(issues.columns)


def with_added(settled: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Settled rows, with those of ``rows`` that were added to one of them.

    They do what it does, but only the first row creates a position.
    """
    added = rows.join(settled, on="row", how="anti")
    if not added.height:
        return settled
    firsts = settled.join(
        rows.select("row", "__period_end"), on="row", maintain_order="left"
    )
    action = pl.col("__action").replace({CREATED: UPDATED})
    return pl.concat(
        [
            settled,
            added.select("row", "position", "__period_end")
            .join(
                firsts.drop("row"), on=["position", "__period_end"], nulls_equal=True
            )
            .select("row", "claim", "position", action),
        ]
    ).sort("row")


def _added(rows: pl.DataFrame, key: list[str], amounts: list[str]) -> pl.DataFrame:
    """The first row of each position and period with the sums of all."""
    amounts = [*amounts, *(n for n in rows.columns if n.startswith("told_"))]
    sums = rows.group_by(key, maintain_order=True).agg(
        pl.when(pl.col(n).count() > 0).then(pl.col(n).sum()).alias(n) for n in amounts
    )
    first = rows.unique(key, keep="first", maintain_order=True).drop(amounts)
    return first.join(
        sums, on=key, how="left", nulls_equal=True, maintain_order="left"
    ).select(rows.columns)


def contradictions(
    old: pl.DataFrame, new: pl.DataFrame, *, number: int
) -> pl.DataFrame:
    """What does not hold together with the books: held out, or warned of."""
    found = [no_issues(), _without_period(new), _kinds_and_total(new)]
    paid = [
        a
        for a in PAID
        if any(told_as(a, b) in new.columns for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY))
    ]
    if not paid:
        return pl.concat(found)
    periodic = [
        told_as(amount, basis) for amount in paid for basis in (THIS_PERIOD, PREVIOUSLY)
    ]
    if not any(
        name in frame.columns and frame[name].null_count() < frame.height
        for name in periodic
        for frame in (old, new)
    ):
        return pl.concat(found)  # amounts to date alone contradict nothing
    found.append(_overlaps(old, new, paid))
    silent = new.with_columns(
        pl.lit(None, MONEY).alias(told_as(a, PREVIOUSLY))
        for a in paid
        if told_as(a, PREVIOUSLY) in new.columns
    )
    both = pl.concat([old, silent], how="diagonal_relaxed")
    told = timelines.best(both)
    line = timelines.timeline(both, implied=False)
    rows = timelines.with_periods(pl.concat([old, new], how="diagonal_relaxed")).filter(
        pl.col("statement").is_null()
    )
    before = rows.select(
        "row",
        "position",
        "period_end",
        "is_correction",
        preceding=pl.col("period_start").dt.offset_by("-1d"),
        following=pl.col("period_end"),
        *[],
    )
    for amount in paid:
        found += _against_books(amount, rows, told, line, before)
    return pl.concat(found)


def _without_period(new: pl.DataFrame) -> pl.DataFrame:
    """Amounts of a period that nobody named."""
    names = [
        told_as(a, b)
        for a in PAID
        for b in (THIS_PERIOD, PREVIOUSLY)
        if told_as(a, b) in new.columns
    ]
    if not names:
        return no_issues()
    bad = new.filter(
        pl.col("period_end").is_null()
        & pl.any_horizontal(pl.col(n).is_not_null() for n in names)
    )
    return issues_at(
        bad,
        column="period_end",
        value=None,
        code="missing_period",
        severity="error",
        message=pl.lit(
            "The row tells amounts of a period, and not of which. Hand the file in "
            "again with the end of its period, or add a column with it."
        ),
    )


def _kinds_and_total(new: pl.DataFrame) -> pl.DataFrame:
    """Fees by kind and their total, told in one row, agree."""
    found = [no_issues()]
    for total, kinds in (
        *(
            (
                told_as("paid_fees", basis),
                [
                    told_as(a, basis)
                    for a in PAID
                    if a.startswith("paid_")
                    and a not in {"paid_indemnity", "paid_fees"}
                ],
            )
            for basis in (TO_DATE, THIS_PERIOD, PREVIOUSLY)
        ),
        (
            "reserve_fees",
            [
                a
                for a in AS_AT
                if a.startswith("reserve_")
                and a not in {"reserve_indemnity", "reserve_fees"}
            ],
        ),
    ):
        here = [n for n in kinds if n in new.columns]
        if total not in new.columns or not here:
            continue
        rest = [n for n in (UNALLOCATED.get(total, ""),) if n in new.columns]
        summed = pl.sum_horizontal(pl.col(n).fill_null(0) for n in (*here, *rest))
        bad = new.filter(
            pl.col(total).is_not_null()
            & pl.any_horizontal(pl.col(n).is_not_null() for n in here)
            & ((pl.col(total) - summed).cast(pl.Float64).abs() > CENT)
        )
        found.append(
            issues_at(
                bad,
                column=total.removesuffix("_to_date"),
                value=pl.col(total),
                code="fees_do_not_add_up",
                severity="error",
                message=pl.format(
                    "The fees in total, {}, are not the sum of the fees by kind, {}. "
                    "Correct one of them.",
                    plain(pl.col(total)),
                    plain(summed),
                ),
            )
        )
    return pl.concat(found)


def _overlaps(old: pl.DataFrame, new: pl.DataFrame, paid: list[str]) -> pl.DataFrame:
    """Amounts of a period that overlaps another period of the same position."""
    names = [
        told_as(a, THIS_PERIOD) for a in paid if told_as(a, THIS_PERIOD) in new.columns
    ]
    if not names:
        return no_issues()
    columns = ["position", "period_start", "period_end", "number", "row"]

    def of_period(frame: pl.DataFrame) -> pl.DataFrame:
        here = [n for n in names if n in frame.columns]
        return frame.filter(
            pl.any_horizontal(pl.lit(value=False), *(pl.col(n).is_not_null() for n in here))
            & pl.col("period_end").is_not_null()
        ).select(columns)

    mine, known = of_period(new), pl.concat([of_period(old), of_period(new)])
    if (
        mine.select(
            (pl.col("period_start") == pl.col("period_end").dt.month_start()).all()
        ).item()
        and known.select(
            (pl.col("period_start") == pl.col("period_end").dt.month_start()).all()
        ).item()
    ):
        return no_issues()
    pairs = (
        mine.join(known, on="position", suffix="_other")
        .filter(
            (pl.col("period_start") <= pl.col("period_end_other"))
            & (pl.col("period_start_other") <= pl.col("period_end"))
            & (
                (pl.col("period_start") != pl.col("period_start_other"))
                | (pl.col("period_end") != pl.col("period_end_other"))
            )
        )
        .unique("row", keep="first", maintain_order=True)
    )
    return issues_at(
        pairs,
        column="period_end",
        value=pl.col("period_end"),
        code="periods_overlap",
        severity="error",
        message=pl.format(
            "The row tells what was paid from {} to {}; number {} told the same from "
            "{} to {}. The periods overlap, so the payments would count twice.",
            pl.col("period_start").cast(pl.String),
            pl.col("period_end").cast(pl.String),
            "number_other",
            pl.col("period_start_other").cast(pl.String),
            pl.col("period_end_other").cast(pl.String),
        ),
    )


def plain(amount: pl.Expr) -> pl.Expr:
    """An amount as text, without zeros that say nothing."""
    return amount.cast(pl.String).str.replace(r"(\.\d\d)0+$", "$1").fill_null("nothing")


def _against_books(
    amount: str,
    rows: pl.DataFrame,
    told: pl.DataFrame,
    line: pl.DataFrame,
    before: pl.DataFrame,
) -> list[pl.DataFrame]:
    """Bases that disagree (an error) and what was paid previously (a warning)."""
    to, this, prev = (told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY))
    if amount not in line.columns:
        return []
    own = [n for n in (to, this) if n in told.columns]
    is_told = (
        pl.any_horizontal(pl.col(n).is_not_null() for n in own)
        if own
        else pl.lit(value=False)
    )
    known = (
        line.select("position", "period_end", pl.col(amount).alias("books"))
        .join(
            told.filter(is_told).select("position", "period_end"),
            on=["position", "period_end"],
        )
        .rename({"period_end": "preceding"})
    )
    found: list[pl.DataFrame] = []
    here = before.join(known, on=["position", "preceding"])
    if not here.height:
        return []
    if prev in rows.columns:
        differs = (
            here.join(rows.select("row", pl.col(prev).alias("told")), on="row")
            .filter(pl.col("told").is_not_null())
            .filter((pl.col("told") - pl.col("books")).cast(pl.Float64).abs() > CENT)
        )
        found.append(
            issues_at(
                differs,
                column=prev,
                value=pl.col("told"),
                code="previously_paid_differs",
                severity="warning",
                message=pl.format(
                    "The sender says that {} was paid up to {}; the books have {} "
                    f"({label_of(amount)}). The sender's word counts.",
                    plain(pl.col("told")),
                    pl.col("preceding").cast(pl.String),
                    plain(pl.col("books")),
                ),
            )
        )
    if to in told.columns and this in told.columns:
        at = told.select(
            "position", "period_end", pl.col(to).alias("to"), pl.col(this).alias("this")
        )
        wrong = (
            here.filter(~pl.col("is_correction"))
            .join(at, on=["position", "period_end"])
            .filter(
                (pl.col("to") - pl.col("this") - pl.col("books")).cast(pl.Float64).abs()
                > CENT
            )
        )
        mine = rows.select(
            "row",
            tells=pl.any_horizontal(
                pl.col(n).is_not_null() for n in (to, this) if n in rows.columns
            ),
        )
        wrong = wrong.join(mine.filter("tells"), on="row")
        found.append(
            issues_at(
                wrong,
                column=to.removesuffix("_to_date"),
                value=pl.col("to"),
                code="bases_disagree",
                severity="error",
                message=pl.format(
                    "{} to date is not {} (up to {}) plus {} this period "
                    f"({label_of(amount)}). Correct the amounts, or declare the file "
                    "a correction.",
                    plain(pl.col("to")),
                    plain(pl.col("books")),
                    pl.col("preceding").cast(pl.String),
                    plain(pl.col("this")),
                ),
            )
        )
    return found


def actions(
    mine: pl.DataFrame,
    told_before: pl.DataFrame | None,
    standing: pl.Series,
    changed_rows: pl.Series,
    counting: pl.Series,
    line_before: pl.DataFrame | None = None,
    *,
    is_correction: bool,
) -> pl.DataFrame:
    """``row`` and ``__action``: what loading does to the books by each row.

    A row changes nothing either that tells what the books have come to for its period
    (``line_before``), in whatever basis they were told: an export handed in again.
    A row that does not count, for a later correction lacks its key, changes nothing.
    """
    amounts = [n for n in TOLD if n in mine.columns]
    if told_before is None:
        same = pl.lit(value=False)
        seen = mine
    else:
        seen = mine.join(
            told_before.rename(
                {
                    n: f"{n}_before"
                    for n in told_before.columns
                    if n not in {"position", "period_end"}
                }
            ),
            on=["position", "period_end"],
            how="left",
            maintain_order="left",
        )
        books = None if is_correction else line_before
        seen = _beside_books(seen, books)
        same = pl.all_horizontal(
            pl.col("number_before").is_not_null(),
            pl.col("status").is_null()
            | pl.col("status").eq_missing(pl.col("status_before"))
            | _stands("status", seen),
            *(
                pl.col(n).is_null()
                | (
                    pl.col(n).eq_missing(pl.col(f"{n}_before"))
                    if f"{n}_before" in seen.columns
                    else pl.lit(value=False)
                )
                | _stands(n, seen)
                for n in amounts
            ),
            *(_only_basis(a, seen) for a in PAID if is_correction),
        )
    is_standing = pl.col("position").is_in(standing.implode())
    # As a column: within a window it would be worked out for each position.
    seen = seen.with_columns(__counts=pl.col("row").is_in(counting.implode()))
    counts = pl.col("__counts")
    is_first = pl.col("row") == pl.when(counts).then("row").min().over("position")
    changes = pl.col("row").is_in(changed_rows.implode())
    return seen.select(
        "row",
        pl.when(~counts)
        .then(pl.lit(UNCHANGED))
        .when(~is_standing & is_first)
        .then(pl.lit(CREATED))
        .when(is_standing & same & ~changes)
        .then(pl.lit(UNCHANGED))
        .otherwise(pl.lit(UPDATED))
        .alias("__action"),
    )


BOOKS = "books."
"""Before the names of what the books have come to."""


def _beside_books(rows: pl.DataFrame, line: pl.DataFrame | None) -> pl.DataFrame:
    """The rows with what the books have come to for their position and period."""
    if line is None:
        return rows
    key = ["position", "period_end"]
    held = [n for n in line.columns if n in {"status", *PAID, *AS_AT}]
    nil = [n for n in MAIN if n not in held]
    books = line.select(
        *key,
        *(
            (pl.col(n).fill_null(0) if n in MAIN else pl.col(n)).alias(BOOKS + n)
            for n in held
        ),
        *(pl.lit(0, MONEY).alias(BOOKS + n) for n in nil),
    )
    return rows.join(books, on=key, how="left", maintain_order="left")


def _stands(name: str, rows: pl.DataFrame) -> pl.Expr:
    """Whether what a row tells, as at or to date, is what the books have come to."""
    held = BOOKS + name.removesuffix(f"_{TO_DATE}")
    if held not in rows.columns or name in PAID:
        return pl.lit(value=False)
    return pl.col(name).eq(pl.col(held)).fill_null(value=False)


def _only_basis(amount: str, seen: pl.DataFrame) -> pl.Expr:
    """Whether a correction leaves no other basis of an amount that it tells."""
    names = [told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY)]
    here = [n for n in names if n in seen.columns]
    if not here:
        return pl.lit(value=True)
    tells = pl.any_horizontal(pl.col(n).is_not_null() for n in here)
    others = [
        pl.col(f"{n}_before").is_not_null()
        & (pl.col(n).is_null() if n in seen.columns else pl.lit(value=True))
        for n in names
        if f"{n}_before" in seen.columns
    ]
    return ~(tells & pl.any_horizontal(others)) if others else pl.lit(value=True)


def repeats(
    statements: pl.DataFrame,
    old: pl.DataFrame,
    actions: pl.DataFrame,
    *,
    is_off: bool,
) -> pl.DataFrame:
    """``row`` and ``statement``: rows that tell word for word what one says already.

    It has to be the last word for its position and period.  A correction always has
    statements of its own.
    """
    nothing = pl.DataFrame(schema={"row": pl.Int64(), "statement": pl.Int64()})
    if is_off or not old.height:
        return nothing
    candidates = statements.join(
        actions.filter(pl.col("__action") == UNCHANGED), on="row"
    ).filter(pl.col("values").is_null())
    if not candidates.height:
        return nothing
    last = (
        old.sort("number", "row")
        .group_by("position", "period_end", maintain_order=True)
        .last()
        .filter(pl.col("values").is_null())
    )
    joined = candidates.join(
        last, on=["position", "period_end"], nulls_equal=True, suffix="_old"
    )
    compared = [
        "period_start",
        "status",
        "told",
        "details",
        *(n for n in TOLD if n in statements.columns),
    ]
    untold = [n for n in TOLD if n not in statements.columns]
    same = joined.filter(
        pl.all_horizontal(
            *(
                pl.col(n).eq_missing(pl.col(f"{n}_old"))
                if f"{n}_old" in joined.columns
                else pl.col(n).is_null()
                for n in compared
            ),
            *(pl.col(n).is_null() for n in untold if n in joined.columns),
        )
    )
    return same.select("row", "statement")


def settled(
    good: pl.DataFrame,
    mine: pl.DataFrame,
    line: pl.DataFrame,
    counting: pl.Series,
) -> pl.DataFrame:
    """The rows beside what stands in the books after them, for rules.

    ``row``, ``claim``, ``position``, ``period_end``; ``at_<amount>``: at the row's
    period; ``before_<amount>``: at the period told before; ``now_<amount>``: at the
    latest; ``told_incurred…``; ``status_now``; ``is_live``: the row counts.
    """
    amounts = [n for n in (*PAID, *AS_AT) if n in line.columns]
    at = line.select(
        "position",
        "period_end",
        *(pl.col(n).alias(f"at_{n}") for n in amounts),
        *(pl.col(n).shift(1).over("position").alias(f"before_{n}") for n in amounts),
    )
    now = timelines.latest(line).select(
        "position",
        pl.col("status").alias("status_now"),
        *(pl.col(n).alias(f"now_{n}") for n in amounts),
    )
    base = mine.select(
        "row",
        "position",
        "period_end",
        is_live=pl.col("row").is_in(counting.implode()),
    )
    told = [n for n in good.columns if n.startswith("told_")]
    frame = (
        base.join(at, on=["position", "period_end"], how="left", maintain_order="left")
        .join(now, on="position", how="left", maintain_order="left")
        .join(
            good.select("row", "claim", "currency", *told),
            on="row",
            maintain_order="left",
        )
    )
    for prefix in ("at", "before", "now"):
        for name in (
            "paid_indemnity",
            "paid_fees",
            "reserve_indemnity",
            "reserve_fees",
        ):
            if f"{prefix}_{name}" not in frame.columns:
                frame = frame.with_columns(
                    pl.lit(None, MONEY).alias(f"{prefix}_{name}")
                )
        parts = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")
        frame = frame.with_columns(
            pl.sum_horizontal(pl.col(f"{prefix}_{n}").fill_null(0) for n in parts)
            .cast(MONEY)
            .alias(f"{prefix}_incurred")
        )
    return frame


__all__ = [
    "CHANGES",
    "ISSUES",
    "actions",
    "contradictions",
    "plain",
    "repeats",
    "settled",
    "told_twice",
]
