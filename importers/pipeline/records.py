"""Writing records of other kinds than claims and premiums, with their lineage.

New rows are copied straight into their table under keys drawn from its sequence;
changed rows go through a temporary table and one UPDATE; every row leaves a RowChange.
"""

import json
from typing import Any

import polars as pl
from django.db import connection
from import_export.fields import NOT_PROVIDED

from importers.models import RowChange
from importers.pipeline import panels
from importers.pipeline.changes import Change
from importers.pipeline.compare import (
    ID,
    PARENT,
    TELLS,
    WAS,
    stored_field,
    table_column,
)
from importers.pipeline.frames import ROW
from importers.pipeline.told_keys import ToldKeys
from importers.record_types import RecordType
from importers.values import Action
from reinsurance.ledger.copying import copy_in
from reinsurance.ledger.write import tell_planner
from reinsurance.models import Participation
from reinsurance.resources.base import DomainResource, dtype_of


class Loader:
    """Writes changes of one ingestion through one cursor."""

    def __init__(
        self,
        cursor: Any,
        record_type: RecordType,
        ingestion: int,
        load: int,
    ) -> None:
        self.cursor = cursor
        self.record_type = record_type
        self.ingestion = ingestion
        self.load = load
        self._told_keys = ToldKeys(ingestion)

    def write(self, change: Change) -> pl.Series:
        """Write one resource's created and updated records; ids of the created."""
        ids = pl.Series(dtype=pl.Int64)
        if change.created.height:
            ids = self._insert(change)
        if change.updated.height:
            self._update(change)
        self._trace(change, ids)
        self._told_keys.add(change, ids)
        return ids

    # ------------------------------------------------------------------ records
    def _insert(self, change: Change) -> pl.Series:
        model = change.resource._meta.model
        table = model._meta.db_table
        self.cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) "
            "FROM generate_series(1, %s)",
            [table, change.created.height],
        )
        ids = pl.Series([row[0] for row in self.cursor.fetchall()], dtype=pl.Int64)
        if model is Participation:
            ids = panels.keys_of(change.created, ids, PARENT)
        columns = _stored(change.resource, change.created)
        frame = change.created.select(
            pl.Series("id", ids),
            *(expr.alias(name) for name, expr in columns.items()),
        )
        copy_in(self.cursor, table, _completed(change.resource, frame))
        tell_planner(self.cursor, table, frame.height)
        return ids

    def _update(self, change: Change) -> None:
        model = change.resource._meta.model
        names = [n for n in change.compared.names if n in change.updated.columns]
        fields = [stored_field(change.resource, n) for n in names]
        typed = ", ".join(f'"{f.column}" {f.db_type(connection)}' for f in fields)
        self.cursor.execute(
            "DROP TABLE IF EXISTS differing; CREATE TEMPORARY TABLE differing "
            f"(id bigint PRIMARY KEY, {typed}) ON COMMIT DROP"
        )
        frame = change.updated.select(
            pl.col(ID).alias("id"),
            *(
                pl.col(name).alias(table_column(change.resource, name))
                for name in names
            ),
        )
        copy_in(self.cursor, "differing", frame)
        self.cursor.execute("ANALYZE differing")
        sets = [f'"{f.column}" = d."{f.column}"' for f in fields]
        self.cursor.execute(
            f"UPDATE {model._meta.db_table} t SET {', '.join(sets)}, "  # noqa: S608
            "updated_at = now() FROM differing d WHERE t.id = d.id"
        )

    # ------------------------------------------------------------------ lineage
    def _trace(self, change: Change, ids: pl.Series) -> None:
        model = change.resource._meta.model._meta.model_name
        always = {
            "ingestion_id": pl.lit(self.ingestion),
            "row": pl.col(ROW),
            "model": pl.lit(model),
        }
        table = RowChange._meta.db_table
        if change.created.height:
            created = change.created.select(
                **always,
                object_id=ids,
                action=pl.lit(Action.CREATED.value),
                **_told_first(change),
            )
            copy_in(self.cursor, table, created)
        for frame, names in _by_difference(change):
            updated = frame.select(
                **always,
                object_id=pl.col(ID),
                action=pl.lit(Action.UPDATED.value),
                before=_image(change.resource, names, WAS),
                after=_image(change.resource, names, ""),
                confirmed=_confirmed(change, names),
            )
            copy_in(self.cursor, table, updated)
        if change.repeated.height:
            repeated = change.repeated.select(
                **always,
                object_id=pl.col(ID),
                action=pl.lit("repeated"),
                confirmed=_confirmed(change, []),
            )
            copy_in(self.cursor, table, repeated)


def _stored(resource: type[DomainResource], frame: pl.DataFrame) -> dict[str, pl.Expr]:
    """Table columns of a resource's record, as expressions over its row frame."""
    found: dict[str, pl.Expr] = {}
    for name, column in resource.fields.items():
        if not column.attribute:
            continue
        if name == resource.parent_column:
            found[table_column(resource, name)] = pl.col(PARENT)
        elif name in frame.columns:
            found[table_column(resource, name)] = pl.col(name)
    return found


def _completed(resource: type[DomainResource], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with what the table demands and the file does not say."""
    for field in resource._meta.model._meta.concrete_fields:
        has_own = field.generated or field.has_db_default() or field.null
        is_there = field.column in frame.columns
        gaps = is_there and not has_own and frame[field.column].null_count()
        if (is_there or has_own) and not gaps:
            continue
        declared = [
            column.default
            for column in resource.fields.values()
            if (column.attribute or "").removesuffix("_id") == field.name
            and column.default is not NOT_PROVIDED
        ]
        value = declared[0] if declared else field.get_default()
        filled = pl.Series([value], dtype=dtype_of(field), strict=False)
        literal = pl.lit(filled.item(), dtype=filled.dtype)
        frame = frame.with_columns(
            (pl.col(field.column).fill_null(literal) if is_there else literal).alias(
                field.column
            )
        )
    return frame


def _by_difference(change: Change) -> list[tuple[pl.DataFrame, list[str]]]:
    """Updated rows in groups that differ in the same columns, and these columns."""
    names = list(change.compared.names)
    if not change.updated.height:
        return []
    marked = change.updated.with_columns(
        pl.concat_list(change.compared.changed(n) for n in names).alias("__changed")
    )
    groups = marked.partition_by("__changed", maintain_order=True)
    return [
        (
            frame,
            [n for n, has in zip(names, frame["__changed"][0], strict=True) if has],
        )
        for frame in groups
    ]


def _told_first(change: Change) -> dict[str, pl.Expr]:
    """Of a panel also what a new line told, should it turn out to be no new one."""
    if change.resource._meta.model is not Participation:
        return {}
    return {"confirmed": _confirmed(change, [])}


def _confirmed(change: Change, changed: list[str]) -> pl.Expr:
    """JSON list of the table columns that rows tell as they were already."""
    told = [
        pl.when(pl.col(TELLS + name)).then(
            pl.lit(json.dumps(table_column(change.resource, name)))
        )
        for name in change.compared.names
        if name not in changed
    ]
    if not told:
        return pl.lit("[]")
    listed = pl.concat_list(told).list.drop_nulls().list.join(", ")
    return pl.format("[{}]", listed)


def _image(resource: type[DomainResource], names: list[str], prefix: str) -> pl.Expr:
    """JSON of the named columns as stored: table column to text or null."""
    return pl.struct(
        pl.col(prefix + name).cast(pl.String).alias(table_column(resource, name))
        for name in names
    ).struct.json_encode()
