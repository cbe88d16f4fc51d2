"""Rows that add up wait for each other: without one of them the sum would be wrong.

What a file tells of a claim or premium takes the place of what stood.  Where rows of
the sender add up, and one of them is rejected, the rest of them would stand for all.

A row whose contract is not found may be about another one: what has the same name
elsewhere does not wait for it, but says so.  Once somebody picks the contract, the row
is held beside the others (:mod:`reinsurance.ledger.other_parts`).
"""

import polars as pl

from importers.pipeline.frames import ROW, issues_at
from reinsurance.ledger.descriptions import PARTS
from reinsurance.ledger.periods import END
from reinsurance.ledger.premium_standing import KEY

CODE, ALONE = "waits_for_row", "stands_without_row"
_OF = {
    "claims": (
        ["treaty_reference", "claim_reference"],
        [*PARTS, "currency", END],
    ),
    "premiums": (list(KEY[:2]), [*KEY[2:], END]),
}
"""Of each ledger the columns of the record, and those that tell its parts apart."""
_NOUNS = {"claims": "claim", "premiums": "premium"}


def waiting(rejected: pl.DataFrame, rows: pl.DataFrame, ledger: str) -> pl.DataFrame:
    """Issues at rows that add up with one of the rejected ones.

    A part that one of the two does not tell, or not rightly, may be that of the other.
    """
    record, _ = _OF[ledger]
    return issues_at(
        _pairs(rejected, rows, ledger, record),
        column=record[1],
        value=None,
        code=CODE,
        severity="error",
        message=pl.format(
            f"Row {{}} tells of the same {_NOUNS[ledger]} and is rejected. The rows of "
            "this sender add up, so this row waits for it: mend that row, and hand "
            "them in together.",
            "other",
        ),
    )


def without_contract(frame: pl.DataFrame, ledger: str) -> pl.DataFrame:
    """Rows whose contract is not found, with what :func:`stands_alone` looks at."""
    (contract, name), parts = _OF[ledger]
    names = [n for n in (name, *parts) if n in frame.columns]
    return frame.filter(pl.col(contract).is_null()).select(ROW, *names)


def stands_alone(lost: pl.DataFrame, rows: pl.DataFrame, ledger: str) -> pl.DataFrame:
    """Warnings of rows that may add up with one whose contract is not found."""
    (_, name), _ = _OF[ledger]
    return issues_at(
        _pairs(lost, rows, ledger, [name]),
        column=name,
        value=pl.col(name),
        code=ALONE,
        severity="warning",
        message=pl.format(
            f"Row {{}} tells of a {_NOUNS[ledger]} of this number as well, and its "
            "contract is not found. The rows of this sender add up: if it is this one, "
            "what counts is short of that row until it is mended and both are handed "
            "in together.",
            "other",
        ),
    )


def _pairs(
    others: pl.DataFrame, rows: pl.DataFrame, ledger: str, key: list[str]
) -> pl.DataFrame:
    """Rows with the first one of the others that may be about the same (``other``)."""
    _, parts = _OF[ledger]
    parts = [n for n in parts if n in rows.columns and n in others.columns]
    return (
        rows.select(ROW, *key, *parts)
        .join(others.select(ROW, *key, *parts), on=key, suffix="_other")
        .filter(pl.col(ROW) != pl.col(f"{ROW}_other"))
        .filter(*(_may_be_one(name, rows.schema[name]) for name in parts))
        .group_by(ROW, *key)
        .agg(other=pl.col(f"{ROW}_other").min())
        .sort(ROW)
    )


def _may_be_one(name: str, dtype: pl.DataType) -> pl.Expr:
    here, there = pl.col(name), pl.col(f"{name}_other")
    untold = [here.is_null(), there.is_null()]
    if dtype == pl.String:
        untold += [here == "", there == ""]
    return pl.any_horizontal(here == there, *untold).fill_null(value=True)
