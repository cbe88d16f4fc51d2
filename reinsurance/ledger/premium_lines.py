"""Rows of one file that add up: which of them is which of the file before.

An empty cell has what files before told of the same premium.  Of rows that add up that
is what the row told that this one takes the place of: the one that is the same, or says
nothing else, then the one of the same gross premium, then the next in order.  A row
beyond those of the file before has none.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import polars as pl

from reinsurance.ledger.premium_standing import COLUMNS, GROUP, has_bit

LINE = "line"
_FILE = ["period_end", "number"]
_GROSS = "gross_premium"
Cells = dict[str, Any]


def with_lines(told: pl.DataFrame) -> pl.DataFrame:
    """Tellings with ``line``: alike in rows that take each other's place.

    ``told``: in the order in which they were told, live ones alone.
    """
    several = told.filter(pl.struct(*GROUP, *_FILE).is_duplicated())
    if not several.height:
        return told.with_columns(pl.lit(0, pl.Int64).alias(LINE))
    told = told.with_row_index("__at")
    groups = told.join(
        several.select(GROUP).unique(), on=GROUP, how="semi", nulls_equal=True
    )
    found: dict[int, int] = {}
    for _, rows in groups.group_by(GROUP, maintain_order=True):
        found.update(_lines_of(rows))
    lines = pl.DataFrame(
        {"__at": list(found), LINE: list(found.values())},
        schema={"__at": told.schema["__at"], LINE: pl.Int64},
    )
    return (
        told.join(lines, on="__at", how="left", maintain_order="left")
        .with_columns(pl.col(LINE).fill_null(0))
        .drop("__at")
    )


def cells_of_lines(live: pl.DataFrame) -> pl.DataFrame:
    """What each line of a premium has: of each column what was told of it last.

    ``live``: tellings with lines, in order.
    """
    return live.group_by([*GROUP, LINE], maintain_order=True).agg(
        pl.col(n).filter(has_bit(n)).last() for n in COLUMNS
    )


def _lines_of(rows: pl.DataFrame) -> Iterable[tuple[int, int]]:
    """``__at`` and line of each telling of one premium."""
    cells = rows.select(
        "__at",
        *_FILE,
        *(
            pl.when(has_bit(name) & ~_is_empty(name, rows.schema[name]))
            .then(name)
            .alias(name)
            for name in COLUMNS
        ),
    )
    files: dict[tuple[Any, ...], list[Cells]] = defaultdict(list)
    for row in cells.iter_rows(named=True):
        files[tuple(row.pop(n) for n in _FILE)].append(row)
    before: dict[int, Cells] = {}
    made = 0
    for told in files.values():
        pairs = _pairs(told, before)
        after = {}
        for row in told:
            at = row.pop("__at")
            line = pairs.get(at)
            if line is None:
                line, made = made, made + 1
            yield at, line
            kept = {n: value for n, value in row.items() if value is not None}
            after[line] = {**before.get(line, {}), **kept}
        before = after


def _is_empty(name: str, dtype: pl.DataType) -> pl.Expr:
    """Whether a cell says nothing: an empty text, or no further details."""
    if dtype != pl.String:
        return pl.lit(value=False)
    return pl.col(name).is_in(["", "{}"]).fill_null(value=False)


def _pairs(told: list[Cells], before: dict[int, Cells]) -> dict[int, int]:
    """By ``__at`` of rows of a file: the line whose place they take."""
    pairs: dict[int, int] = {}
    # Of several that may be meant the one of which most is known.
    free = dict(sorted(before.items(), key=lambda each: -len(each[1])))

    def take(row: Cells, is_same: Any) -> None:
        if row["__at"] in pairs:
            return
        line = next((n for n, cells in free.items() if is_same(row, cells)), None)
        if line is not None:
            pairs[row["__at"]] = line
            del free[line]

    if len(told) >= len(before):
        for row in told:
            take(row, _is_the_same)
    most_told_first = sorted(told, key=lambda row: sum(v is None for v in row.values()))
    for row in most_told_first:
        take(row, _says_the_same)
    for row in told:
        take(row, lambda row, cells: row[_GROSS] == cells.get(_GROSS))
    for row in told:
        take(row, lambda _row, _cells: True)
    return pairs


def _is_the_same(row: Cells, cells: Cells) -> bool:
    return all(cells.get(n) == value for n, value in row.items() if n != "__at")


def _says_the_same(row: Cells, cells: Cells) -> bool:
    return all(
        value is None or name == "__at" or value == cells.get(name)
        for name, value in row.items()
    )
