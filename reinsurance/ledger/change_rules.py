"""A change of the period (CR0132, CR0133) against what it is the change of.

Senders mean the reserve by it, or incurred; the standard does not say which.  It moves
nothing: what counts is the amount itself.
"""

import polars as pl

from reinsurance.ledger.amounts import CHANGES, RESERVE_FEES
from reinsurance.ledger.beside import differs, plain
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.resources.conventions import Conventions

_KINDS = {"indemnity": ("reserve_indemnity",), "fees": ("reserve_fees", *RESERVE_FEES)}


def changes_of(mine: pl.DataFrame) -> list[pl.Expr]:
    """What rows tell of changes, for :func:`change_issues`; empty where they do not."""
    names = [
        n
        for n in CHANGES
        if n in mine.columns and mine.get_column(n).null_count() < mine.height
    ]
    if not names:
        return []
    return [
        pl.col("period_start").alias("start"),
        *(pl.col(name) for name in names),
        *(_tells(mine, name).alias(f"{name}_of_told") for name in names),
    ]


def _tells(mine: pl.DataFrame, name: str) -> pl.Expr:
    """Whether a row tells the reserve, too."""
    kinds = [n for n in _KINDS[_of(name)] if n in mine.columns]
    told = (pl.col(n).is_not_null() for n in kinds)
    return pl.any_horizontal(pl.lit(value=False), *told)


def change_issues(seen: pl.DataFrame, conventions: Conventions) -> list[pl.DataFrame]:
    """Changes that are not those of the books, and those of an amount not told."""
    return [
        issues
        for name in CHANGES
        if name in seen.columns
        for issues in _of_change(seen, name, conventions)
    ]


def _of_change(
    seen: pl.DataFrame, name: str, conventions: Conventions
) -> list[pl.DataFrame]:
    of, change = _of(name), pl.col(name)
    moved = pl.col("reserve_moved")
    incurred = pl.col("incurred_moved")
    is_next = pl.col("before_end") == pl.col("start").dt.offset_by("-1d")
    is_off = differs(change, moved) & differs(change, incurred)
    here = seen.filter(change.is_not_null()).with_columns(
        reserve_moved=_moved(seen, f"reserve_{of}"),
        incurred_moved=_moved(seen, f"reserve_{of}") + _moved(seen, f"paid_{of}"),
        is_next=is_next.fill_null(value=False),
    )
    if conventions.blank_is_zero:  # an empty cell is not told apart from nil
        here = here.filter(change != 0)
    tells = pl.col(f"{name}_of_told")
    wrong = here.filter(tells & pl.col("is_next") & is_off & pl.col("is_last"))
    alone = here.filter(~tells & (change != 0) & (~pl.col("is_next") | is_off))
    return [
        rule_issue(
            wrong,
            "change_differs",
            "warning",
            name,
            pl.format(
                f"The row tells a change of {{}} in the period ({of}); in the books "
                "the reserve goes from {} to {}, a change of {}, and incurred changes "
                "by {}. The reserve and what is paid count: if they are wrong, have "
                "them corrected.",
                plain(change),
                plain(_side(seen, "before", f"reserve_{of}")),
                plain(_side(seen, "at", f"reserve_{of}")),
                plain(moved),
                plain(incurred),
            ),
            change,
        ),
        rule_issue(
            alone,
            "change_alone",
            "warning",
            name,
            pl.format(
                f"The row tells a change of {{}} in the period ({of}), and not the "
                "reserve itself. The change moves nothing: the reserve is {}. If it "
                "is another one, tell the reserve.",
                plain(change),
                plain(_side(seen, "at", f"reserve_{of}")),
            ),
            change,
        ),
    ]


def _of(name: str) -> str:
    return name.removeprefix("change_")


def _side(seen: pl.DataFrame, side: str, amount: str) -> pl.Expr:
    column = f"{side}_{amount}"
    return pl.col(column) if column in seen.columns else pl.lit(None, pl.Decimal(20, 4))


def _moved(seen: pl.DataFrame, amount: str) -> pl.Expr:
    """By how much an amount changes from the period told before."""
    at, before = (_side(seen, side, amount).fill_null(0) for side in ("at", "before"))
    return at - before
