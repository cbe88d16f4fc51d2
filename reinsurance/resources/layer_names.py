"""Names of a register's rows that do not go with the layer numbers beside them.

A number typed wrongly would give one layer the name and the terms of another one.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.contract_keys import ID, KEY, find_treaties
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import ROW, issues_at, no_issues
from reinsurance.resources.layer_numbers import NUMBER, Layers, is_alike, layers_of

NAME = "layer_name"
CODE = "layer_unclear"


def other_layer(
    layers: Layers, number: int, name: str, *, is_named: bool, contract: str
) -> str:
    """Why a number and a name do not mean one layer; empty where they may.

    ``is_named``: the name stands in a column of its own.  Else it is the treaty's,
    which layers that have no name, and new ones, share.
    """
    own = layers.get(number, "")
    if not name or is_alike(own, name) or not (own or is_named):
        return ""
    others = [n for n, called in sorted(layers.items()) if is_alike(called, name)]
    if not others:
        return ""
    known = f", which is “{own}”" if own else ""
    return (
        f"“{name}” is layer {others[0]} of contract “{contract}”, but the row says "
        f"layer {number}{known}. Correct the layer number or the name."
    )


def require_one_layer(
    treaty: int, number: int, row: Mapping[str, Any], *, is_named: bool
) -> None:
    """Raise CellError where number and name of a row of import-export contradict."""
    why = other_layer(
        layers_of([treaty]).get(treaty, {}),
        number,
        tidy(row.get("Layer name")),
        is_named=is_named,
        contract=tidy(row.get("Treaty reference")),
    )
    if why:
        raise CellError(CODE, why)


def name_issues(
    frame: pl.DataFrame, *, is_named: bool, conventions: Conventions
) -> pl.DataFrame:
    """Issues ``layer_unclear`` and ``layer_renamed`` of a register's rows.

    ``frame`` is a row frame with the key of the contract, ``layer_number`` and, as far
    as it is told, ``layer_name``.  A name of another layer is held out in each of its
    rows; a layer that gets another name warns in the first.
    """
    if NAME not in frame.columns:
        return no_issues()
    rows = frame.select(ROW, *KEY, NUMBER, NAME)
    rows = rows.filter(pl.col(NUMBER).is_not_null() & (pl.col(NAME) != ""))
    told = rows.select(*KEY, NUMBER, NAME).unique(maintain_order=True)
    if not told.height:
        return no_issues()
    judged = _judged(told, is_named=is_named, conventions=conventions)
    rows = rows.join(
        judged, on=[*KEY, NUMBER, NAME], nulls_equal=True, maintain_order="left"
    )
    unclear = issues_at(
        rows.filter(pl.col("__why") != ""),
        column=NUMBER,
        value=pl.col(NUMBER),
        code=CODE,
        severity="error",
        message=pl.col("__why"),
    )
    renamed = rows.filter((pl.col("__why") == "") & (pl.col("__was") != ""))
    renamed = renamed.unique([*KEY, NUMBER, NAME], keep="first", maintain_order=True)
    return pl.concat(
        [
            unclear,
            issues_at(
                renamed,
                column=NAME if is_named else "treaty_name",
                value=pl.col(NAME),
                code="layer_renamed",
                severity="warning",
                message=pl.format(
                    "Layer {} of contract “{}” is called “{}” in the books, and will "
                    "be called “{}”. Is it the layer that is meant?",
                    NUMBER,
                    "treaty_reference",
                    "__was",
                    NAME,
                ),
            ),
        ]
    )


def _judged(
    told: pl.DataFrame, *, is_named: bool, conventions: Conventions
) -> pl.DataFrame:
    """Of each contract, number and name: ``__why`` it is unclear, and what it ``__was``
    called, where that was otherwise."""
    ids = find_treaties(told.select(KEY), conventions=conventions)[ID]
    books = layers_of(ids.drop_nulls().unique().to_list())
    why, was = [], []
    names = told.select("treaty_reference", NUMBER, NAME)
    for treaty, (contract, number, name) in zip(ids, names.iter_rows(), strict=True):
        layers = books.get(treaty, {})
        own = layers.get(number, "")
        why.append(
            other_layer(layers, number, name, is_named=is_named, contract=contract)
        )
        was.append("" if is_alike(own, name) else own)
    return told.with_columns(
        pl.Series("__why", why, dtype=pl.String),
        pl.Series("__was", was, dtype=pl.String),
    )
