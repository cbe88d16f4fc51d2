"""Exports that can be handed in again: what the import understands, and nothing lost.

Columns are those of the Resource that have a value, in its order; of further details
those that occur, each under its name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import tablib

FURTHER = "further_"
"""What the names of columns of further details begin with."""

Values = Mapping[str, Any]
"""Values of a row as a widget renders them, by the columns' names."""


def table(
    columns: Mapping[str, Any], rows: Iterable[tuple[Values, Mapping[str, str]]]
) -> tablib.Dataset:
    """A table of rows, each with its further details by name.

    ``columns`` are the Resource's; one that no row has a value for is left out if it
    is of further details or none of the rows knows it.
    """
    held = list(rows)
    known = {name for values, _ in held for name in values}
    occurring = {label for _, details in held for label in details}
    shown: list[tuple[str, str, bool]] = []
    for name, column in columns.items():
        label = str(column.column_name)
        is_further = name.startswith(FURTHER)
        if label in occurring if is_further else name in known or not held:
            shown.append((name, label, is_further))
    dataset = tablib.Dataset(headers=[label for _, label, _ in shown])
    for values, details in held:
        dataset.append(
            [
                details.get(label, "") if is_further else values.get(name, "")
                for name, label, is_further in shown
            ]
        )
    return dataset


def values_of(columns: Mapping[str, Any], record: Any) -> dict[str, Any]:
    """What a record shows in the columns that it has a value for."""
    return {
        name: column.widget.render(column.get_value(record))
        for name, column in columns.items()
        if column.attribute or column.shows
    }


def empty_values(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a record that is not there."""
    return {
        name: "" for name, column in columns.items() if column.attribute or column.shows
    }


def related_to(columns: Iterable[Any]) -> Sequence[str]:
    """Records that the columns show something of, for one query."""
    shown = (column.shows or "" for column in columns)
    return sorted({path.rpartition("__")[0] for path in shown if "__" in path})


def flat(
    columns: Mapping[str, Any], records: Iterable[Any]
) -> Iterator[tuple[Values, Mapping[str, str]]]:
    """One row a record."""
    for record in records:
        yield values_of(columns, record), getattr(record, "details", None) or {}
