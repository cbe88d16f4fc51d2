"""Rows against the books: which records exist, as what, and what would change."""

from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection, models

from importers.pipeline.check import own_columns
from reinsurance.ledger.copying import by_index, copy_in, copy_out, sought
from reinsurance.resources.base import UNTOLD, DomainResource, dtype_of
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.no_limits import says_none

WAS = "was."
TELLS = "tells."
"""Before the name of a column: whether the row tells it at all."""
ID = "__id"
PARENT = "__parent_id"


def stored_field(resource: type[DomainResource], name: str) -> models.Field:
    """The model field that a column is stored in."""
    attribute = resource.fields[name].attribute or ""
    return resource._meta.model._meta.get_field(attribute.removesuffix("_id"))


def table_column(resource: type[DomainResource], name: str) -> str:
    """The table's column that a column of the file is stored in."""
    return str(stored_field(resource, name).column)


@dataclass(frozen=True, slots=True)
class Compared:
    """A frame's records beside the books.

    ``frame`` has all rows of the frame given, with ``__id`` (null: not in the books)
    and ``was.<name>`` for each of ``names``.
    """

    frame: pl.DataFrame
    names: tuple[str, ...]

    def changed(self, name: str) -> pl.Expr:
        """Whether the stored value of a column differs from the row's."""
        now, was = pl.col(name), pl.col(WAS + name)
        if self.frame.schema[name] == pl.String:
            return now.fill_null("") != was.fill_null("")
        return now.ne_missing(was)

    @property
    def any_change(self) -> pl.Expr:
        """Whether anything stored differs from the row."""
        if not self.names:
            return pl.lit(value=False)
        return pl.any_horizontal(self.changed(name) for name in self.names)


def compare(
    cursor: Any,
    resource: type[DomainResource],
    frame: pl.DataFrame,
    context: FileContext,
) -> Compared:
    """Find the frame's records in the books (``__parent_id``: the parent's key).

    ``cursor`` is inside a transaction; one temporary table holds the keys.
    """
    key_names = list(resource.key())
    sources = [PARENT if n == resource.parent_column else n for n in key_names]
    fields = [stored_field(resource, name) for name in key_names]
    meant = resource.find_records(frame, context)
    if meant is not None:
        return _by_id(cursor, resource, frame.with_columns(meant.alias(ID)), key_names)
    names = tuple(n for n in own_columns(resource, frame) if n not in key_names)
    keys = frame.select(sources).unique(maintain_order=True).with_row_index("__n")
    findable = keys.drop_nulls()
    found = pl.DataFrame(
        schema={
            "__n": pl.UInt32(),
            ID: pl.Int64(),
            **{WAS + n: dtype_of(stored_field(resource, n)) for n in names},
        }
    )
    if findable.height:
        found = _find(cursor, resource, findable, sources, fields, names)
    known = keys.join(found, on="__n", how="left", maintain_order="left").drop("__n")
    joined = frame.join(
        known, on=sources, how="left", nulls_equal=True, maintain_order="left"
    )
    return Compared(_untold_stays(resource, joined, names), names)


def _untold_stays(
    resource: type[DomainResource], frame: pl.DataFrame, names: tuple[str, ...]
) -> pl.DataFrame:
    """An empty cell says nothing: what the books know stays."""
    known = pl.col(ID).is_not_null()
    frame = frame.with_columns(
        (~_is_empty(frame, name)).alias(TELLS + name) for name in names
    )
    return frame.with_columns(
        pl.when(known & _is_empty(frame, name))
        .then(pl.col(WAS + name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in names
    )


def _is_empty(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Whether the row tells nothing of a column, even where something is filled in."""
    empty = pl.col(name).is_null()
    if frame.schema[name] == pl.String:
        empty |= pl.col(name) == ""
    if UNTOLD + name in frame.columns:
        empty |= pl.col(UNTOLD + name).fill_null(value=False)
    return empty & ~says_none(frame, name)


def _by_id(
    cursor: Any,
    resource: type[DomainResource],
    frame: pl.DataFrame,
    key_names: list[str],
) -> Compared:
    """Records that the Resource has found; parts of their key may be filled in."""
    names = tuple(n for n in own_columns(resource, frame) if n != key_names[0])
    wanted = [stored_field(resource, name) for name in names]
    schema = {
        ID: pl.Int64(),
        **{WAS + n: dtype_of(f) for n, f in zip(names, wanted, strict=True)},
    }
    ids = frame.get_column(ID).drop_nulls().unique()
    found = pl.DataFrame(schema=schema)
    if ids.len():
        sought(cursor, "sought_record", id=("bigint", ids))
        picked = ", ".join(["t.id", *(f't."{f.column}"' for f in wanted)])
        found = copy_out(
            cursor,
            f"SELECT {picked} FROM sought_record k "  # noqa: S608
            f"JOIN {resource._meta.model._meta.db_table} t ON t.id = k.id",
            schema,
        )
    joined = frame.join(found, on=ID, how="left", maintain_order="left")
    return Compared(_untold_stays(resource, joined, names), names)


def _find(
    cursor: Any,
    resource: type[DomainResource],
    keys: pl.DataFrame,
    sources: list[str],
    fields: list[models.Field],
    names: tuple[str, ...],
) -> pl.DataFrame:
    table = resource._meta.model._meta.db_table
    columns = [str(field.column) for field in fields]
    types = [field.db_type(connection) for field in fields]
    listed = ", ".join(f'"{c}" {t}' for c, t in zip(columns, types, strict=True))
    cursor.execute(
        "DROP TABLE IF EXISTS sought; "
        f"CREATE TEMPORARY TABLE sought (n integer, {listed}) ON COMMIT DROP"
    )
    renamed = keys.select("__n", *sources)
    renamed.columns = ["n", *columns]
    copy_in(cursor, "sought", renamed)
    cursor.execute("ANALYZE sought")
    wanted = [stored_field(resource, name) for name in names]
    picked = ", ".join(["s.n", "t.id", *(f't."{f.column}"' for f in wanted)])
    using = " AND ".join(f't."{c}" = s."{c}"' for c in columns)
    with by_index(cursor):
        return copy_out(
            cursor,
            f"SELECT {picked} FROM sought s CROSS JOIN LATERAL "  # noqa: S608
            f"(SELECT * FROM {table} t WHERE {using} LIMIT 1) t",
            {
                "__n": pl.UInt32(),
                ID: pl.Int64(),
                **{WAS + n: dtype_of(f) for n, f in zip(names, wanted, strict=True)},
            },
        )
