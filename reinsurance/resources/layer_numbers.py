"""Which layer a register's row means where it does not tell the number.

An untold part of a key matches the one record that fits: the layer of that name, or the
only one there is.  A contract without layers begins with layer 1.  Else it is asked.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from reinsurance.models import Layer
from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.contract_keys import ID, KEY, find_treaties
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

NUMBER = "layer_number"
FIRST = 1
ADVICE = "Tell the layer number."
_MOST_NAMED = 5

Layers = Mapping[int, str]
"""Numbers of a contract's layers, and their names (empty: none)."""


def pick_layer(
    layers: Layers, name: str, *, is_named: bool, contract: str
) -> tuple[int | None, str]:
    """The number that is meant, or None and why it is not clear.

    ``name`` is what the row calls the layer; ``is_named``: in a column of its own, so
    that a layer of another name is not meant.
    """
    called = [n for n, own in layers.items() if name and is_alike(own, name)]
    if not layers:
        return FIRST, ""
    if len(called) == 1:
        return called[0], ""
    fits = [n for n, own in layers.items() if not (is_named and name and own)]
    if len(layers) == 1 and fits:
        return fits[0], ""
    named = ", ".join(
        f"{number} “{own}”" if own else str(number)
        for number, own in sorted(layers.items())[:_MOST_NAMED]
    )
    more = " …" if len(layers) > _MOST_NAMED else ""
    if is_named and name and not called:
        why = f"No layer of contract “{contract}” is called “{name}”"
    else:
        why = f"The row does not say which layer of contract “{contract}” it means"
    return None, f"{why}; there are: {named}{more}. {ADVICE}"


def layers_of(treaties: list[int]) -> dict[int, dict[int, str]]:
    """Numbers and names of the layers in the books, by contract."""
    found: dict[int, dict[int, str]] = {}
    rows = Layer.objects.filter(treaty_id__in=treaties)
    for treaty, number, name in rows.values_list("treaty_id", "number", "name"):
        found.setdefault(treaty, {})[number] = name
    return found


def number_for(treaty: int, row: Mapping[str, Any], *, is_named: bool) -> int:
    """The number of the layer that a row of import-export means, without its number.

    Raises CellError where that is not clear.
    """
    number, why = pick_layer(
        layers_of([treaty]).get(treaty, {}),
        tidy(row.get("Layer name")),
        is_named=is_named,
        contract=tidy(row.get("Treaty reference")),
    )
    if number is None:
        raise CellError("layer_unclear", why)
    return number


def with_layer_numbers(
    frame: pl.DataFrame, told: pl.Expr, *, conventions: Conventions
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A register's rows with the layers that they mean, and issues ``layer_unclear``.

    ``frame`` is a row frame with the key of the contract, ``layer_number`` and, as far
    as it is told, ``layer_name`` and ``treaty_name``, which names layers where there is
    no other.  ``told``: whether a row says anything of a layer; one that does not is
    never asked about, and names none of several.
    """
    is_named = "layer_name" in frame.columns
    if not is_named and "treaty_name" in frame.columns:
        frame = frame.with_columns(layer_name=pl.col("treaty_name"))
    if not frame[NUMBER].null_count():
        return frame, no_issues()
    has_name = "layer_name" in frame.columns
    rows = frame.with_columns(
        __name=pl.col("layer_name").fill_null("") if has_name else pl.lit(""),
        __told=told,
    )
    picked = _picked(rows, is_named=is_named, conventions=conventions)
    rows = rows.join(
        picked, on=[*KEY, "__name"], how="left", nulls_equal=True, maintain_order="left"
    )
    is_unclear = pl.col(NUMBER).is_null() & pl.col("__why").is_not_null()
    is_of_none = is_unclear & ~pl.col("__told")
    unclear = issues_at(
        rows.filter(is_unclear & pl.col("__told")),
        column=NUMBER,
        value=None,
        code="layer_unclear",
        severity="error",
        message=pl.col("__why"),
    )
    first, unnamed = pl.lit(FIRST, dtype=pl.Int64), pl.lit(None, dtype=pl.String)
    number = pl.when(is_of_none).then(first).otherwise(pl.coalesce(NUMBER, "__picked"))
    filled = [number.alias(NUMBER)]
    if has_name:
        name = pl.when(is_of_none).then(unnamed).otherwise("layer_name")
        filled.append(name.alias("layer_name"))
    return rows.with_columns(filled).select(frame.columns), unclear


def _picked(
    rows: pl.DataFrame, *, is_named: bool, conventions: Conventions
) -> pl.DataFrame:
    """Of each contract and name without a number: ``__picked``, or ``__why`` not."""
    keys = rows.select(*KEY, "__name", NUMBER)
    asked = keys.filter(pl.col(NUMBER).is_null()).drop(NUMBER)
    asked = asked.unique(maintain_order=True)
    asked = asked.with_columns(
        find_treaties(asked.select(KEY), conventions=conventions)[ID]
    )
    books = layers_of(asked[ID].drop_nulls().unique().to_list())
    beside: dict[tuple[Any, ...], dict[int, str]] = {}
    for *key, name, number in keys.drop_nulls(NUMBER).unique().iter_rows():
        beside.setdefault(tuple(key), {})[number] = name
    found: list[tuple[int | None, str | None]] = []
    for *key, name, treaty in asked.iter_rows():
        known, told = books.get(treaty, {}), beside.get(tuple(key), {})
        if not known and set(told) - {FIRST}:
            known = {FIRST: ""}  # perhaps the first, which the file does not number
        layers = {**told, **{n: own or told.get(n, "") for n, own in known.items()}}
        number, why = pick_layer(layers, name, is_named=is_named, contract=key[0])
        found.append((number, why or None))
    return asked.drop(ID).with_columns(
        pl.Series("__picked", [number for number, _ in found], dtype=pl.Int64),
        pl.Series("__why", [why for _, why in found], dtype=pl.String),
    )


def is_alike(one: str, other: str) -> bool:
    """Whether two names are one, whatever the case of their letters."""
    return one.casefold() == other.casefold()
