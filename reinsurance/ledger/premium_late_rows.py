"""Late rows with what later files leave out: it counts, beside what those told."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from reinsurance.ledger.beside import plain
from reinsurance.ledger.premium_breaking import broken_ever, listed
from reinsurance.ledger.premium_columns import labels
from reinsurance.ledger.premium_lines import LINE, cells_of_lines
from reinsurance.ledger.premium_mixing import AMOUNTS, mixed_ever, now_and_then
from reinsurance.ledger.premium_restating import is_last
from reinsurance.ledger.premium_standing import COLUMNS, GROUP
from reinsurance.resources.issues import issues_at, no_issues

_LATE = -1
"""In place of the load that late rows do not have yet."""


@dataclass(frozen=True, slots=True)
class LateRows:
    """Rows beside the books, of which files that came later told the same.

    ``pairs``: what stands of their premiums with them and without
    (:func:`premium_mixing.now_and_then`); ``number``: the file's.
    """

    rows: pl.DataFrame
    pairs: list[tuple[pl.DataFrame, pl.DataFrame]]
    number: int


def late_rows(
    entries: pl.DataFrame, every: pl.DataFrame, spoken: pl.DataFrame, number: int
) -> LateRows | None:
    """Those of ``entries``, rows beside the books with ``later``; None: no such rows.

    ``every``: what the books have of their policies, with whole keys, ``spoken`` the
    corrections.
    """
    late = entries.filter(pl.col("later").is_not_null())
    if not late.height:
        return None
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
    return LateRows(late, list(now_and_then(both, spoken, known, spoken)), number)


def that_count(late: LateRows) -> pl.DataFrame:
    """Late rows with cells that count now, as what came later leaves them out.

    As rows that stand: other cells are empty, ``was.<column>``, ``was_id`` and
    ``was_number`` are of the entry that stands, as are gross premium and period's end;
    ``later`` is null.
    """
    now, was = late.pairs[0]
    was = _with_lines_of(now, was)
    line = [*GROUP, LINE]
    own = now.filter(pl.col("load") == _LATE).select("row", "__n", *line)
    last = (
        was.filter(is_last())
        .group_by(line, maintain_order=True)
        .agg(
            was_id=pl.col("id").last(),
            by=pl.col("number").last(),
            was_end=pl.col("period_end").last(),
        )
    )
    stood = cells_of_lines(was).rename({n: f"was.{n}" for n in COLUMNS})
    stands = cells_of_lines(now).rename({n: f"now.{n}" for n in COLUMNS})
    beside = own.drop("__n").join(_told_before(own, was, line), on="row", how="left")
    for frame in (last, stood, stands):
        beside = beside.join(frame, on=line, nulls_equal=True, maintain_order="left")
    names = [n for n in COLUMNS if n in late.rows.columns]
    is_other = {n: pl.col(f"now.{n}").ne_missing(pl.col(f"was.{n}")) for n in names}
    told = late.rows.drop(
        n for n in beside.columns if n in late.rows.columns and n != "row"
    )
    return (
        told.join(beside, on="row", maintain_order="left")
        .filter(pl.col("was_id").is_not_null(), pl.any_horizontal(is_other.values()))
        .with_columns(
            pl.when(is_other[n]).then(f"now.{n}").cast(told.schema[n]).alias(n)
            for n in names
        )
        .with_columns(
            gross_premium=pl.col("now.gross_premium").cast(
                told.schema["gross_premium"]
            ),
            period_end=pl.col("was_end"),
            replaces=pl.concat_list("was_id"),
            was_number=pl.coalesce("was_number", "by"),
            later=pl.lit(None, late.rows.schema["later"]),
            has_line=pl.lit(value=True),
            __action=pl.lit("updated"),
        )
        .drop("^now\\..*$", "by")
    )


def _with_lines_of(now: pl.DataFrame, was: pl.DataFrame) -> pl.DataFrame:
    """Tellings that stand without the late rows, in lines as with them.

    Lines are counted anew: the entry that stands tells which is which.
    """
    key = [*GROUP, "id"]
    lines = now.filter(is_last()).select(*key, its=LINE).unique(key)
    of_entries = was.filter(is_last()).select(*key, LINE).unique(key)
    both = of_entries.join(lines, on=key, nulls_equal=True).drop("id")
    return (
        was.join(both.unique([*GROUP, LINE]), on=[*GROUP, LINE], nulls_equal=True)
        .drop(LINE)
        .rename({"its": LINE})
        .sort("__n")
    )


def _told_before(own: pl.DataFrame, was: pl.DataFrame, line: list[str]) -> pl.DataFrame:
    """``row`` and ``was_number``: who told the same last before the row."""
    at = own.select("row", *line, at="__n")
    told = was.select(*line, "__n", "number").join(at, on=line, nulls_equal=True)
    before = told.filter(pl.col("__n") < pl.col("at")).sort("__n")
    return before.group_by("row").agg(was_number=pl.col("number").last())


def left_out_later(late: LateRows) -> pl.DataFrame:
    """Issues of late rows with cells that do not fit the file that leaves them out."""
    of_others = pl.col("number") != late.number
    mixed = mixed_ever(late.pairs).filter(of_others)
    broken = broken_ever(late.pairs).filter(of_others)
    return pl.concat(
        [
            _of_mixed(late.rows, mixed, late.number),
            _of_broken(late.rows, broken, late.number),
        ]
    )


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
