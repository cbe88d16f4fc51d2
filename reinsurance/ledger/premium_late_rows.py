"""Late rows with what later files leave out: would it go with what those told?

Their cells count beside the amounts of the later file.
"""

from collections.abc import Iterable

import polars as pl

from reinsurance.ledger.beside import plain
from reinsurance.ledger.premium_breaking import broken_ever, listed
from reinsurance.ledger.premium_columns import labels
from reinsurance.ledger.premium_mixing import AMOUNTS, mixed_ever, now_and_then
from reinsurance.ledger.premium_standing import GROUP
from reinsurance.resources.issues import issues_at, no_issues

_LATE = -1
"""In place of the load that late rows do not have yet."""


def left_out_later(
    late: pl.DataFrame, every: pl.DataFrame, spoken: pl.DataFrame, number: int
) -> pl.DataFrame:
    """Issues of late rows with cells that a later file leaves out, and do not fit it.

    ``late``: rows beside the books, of which later files told the same; ``every``: what
    the books have of their policies, with whole keys.
    """
    if not late.height:
        return no_issues()
    mine = late.select(
        pl.col(n).cast(every.schema[n]) for n in late.columns if n in every.columns
    ).with_columns(number=pl.lit(number, pl.Int64), load=pl.lit(_LATE, pl.Int64))
    both = (
        pl.concat([every, mine], how="diagonal")
        .join(late.select(GROUP).unique(), on=GROUP, how="semi", nulls_equal=True)
        .sort("period_end", "number", "row")
        .with_row_index("__n")
    )
    known = both.filter(pl.col("load").ne_missing(_LATE))
    pairs = list(now_and_then(both, spoken, known, spoken))
    of_others = pl.col("number") != number
    mixed = _of_mixed(late, mixed_ever(pairs).filter(of_others), number)
    broken = broken_ever(pairs).filter(of_others)
    return pl.concat([mixed, _of_broken(late, broken, number)])


def _of_mixed(late: pl.DataFrame, found: pl.DataFrame, number: int) -> pl.DataFrame:
    """Amounts that would count beside what the later file told without them."""
    rows = late.join(
        found.unique([*GROUP, "amount"], keep="first", maintain_order=True),
        on=GROUP,
        nulls_equal=True,
    )
    told = [n for n in AMOUNTS if n in late.columns]
    value = _told_of(pl.col("amount"), told)
    label = pl.col("amount").replace(labels())
    return issues_at(
        rows.with_columns(value=value).filter(pl.col("value").is_not_null()),
        column=pl.col("amount"),
        value=pl.col("value"),
        code="amounts_left_out",
        severity="error",
        message=pl.format(
            "Number {} {}, has “{}” {} and leaves “{}” out, "
            "which is told here with {}. Leave the cell empty, or have that file "
            "handed in anew with “{}”.",
            "number",
            _when(number),
            pl.col("name").replace(labels()),
            "of_entry",
            label,
            "of_amount",
            label,
        ),
    )


def _of_broken(late: pl.DataFrame, found: pl.DataFrame, number: int) -> pl.DataFrame:
    """Cells with which what the later file told would not add up any more."""
    tells = {
        n: pl.col("left").list.contains(n) & pl.col(n).is_not_null()
        for n in found["left"].explode().unique().drop_nulls().sort()
        if n in late.columns
    }
    if not tells:
        return no_issues()
    once = found.unique([*GROUP, "code"], keep="first", maintain_order=True)
    rows = late.join(once.rename({"severity": "of_rule"}), on=GROUP, nulls_equal=True)
    rows = rows.filter(pl.any_horizontal(tells.values())).with_columns(
        cells=pl.concat_list(
            pl.when(w).then(pl.lit(n)) for n, w in tells.items()
        ).list.drop_nulls()
    )
    first, names = pl.col("cells").list.first(), listed(pl.col("cells"))
    return issues_at(
        rows.with_columns(value=_told_of(first, tells)),
        column=first,
        value=pl.col("value"),
        code=pl.col("code"),
        severity=pl.col("of_rule"),
        message=pl.format(
            "Number {} {} and leaves {} out. With what is told here: {}. Leave the "
            "cell empty, or have that file handed in anew with {}.",
            "number",
            _when(number),
            names,
            "said",
            names,
        ),
    )


def _told_of(name: pl.Expr, columns: Iterable[str]) -> pl.Expr:
    """What the row tells of a column (``name``) of these."""
    return pl.coalesce(
        pl.lit(None, pl.String),
        *(pl.when(name == n).then(plain(pl.col(n))) for n in columns),
    )


def _when(number: int) -> pl.Expr:
    """How a file that told the same comes after this one."""
    return (
        pl.when(pl.col("number") > number)
        .then(pl.lit("was received after this file"))
        .otherwise(pl.lit("is for a later period"))
    )
