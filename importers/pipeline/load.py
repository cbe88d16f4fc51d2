"""Loading: staged rows into the books, with lineage and ledger, set by set.

All of it happens in the caller's transaction.  New rows are copied straight into
their table under keys drawn from its sequence; changed rows go through a temporary
table and one UPDATE; every record created or changed leaves a RowChange.
"""

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import OperationalError, connection, models
from import_export.fields import NOT_PROVIDED
from psycopg2.errors import LockNotAvailable

from importers.exceptions import NotItsTurn
from importers.models import RowChange
from importers.pipeline import ledger, storage
from importers.pipeline.changes import ACTION, Change, walk
from importers.pipeline.compare import (
    ID,
    PARENT,
    WAS,
    copy_in,
    stored_field,
    table_column,
)
from importers.pipeline.frames import ROW
from importers.record_types import RecordType
from importers.values import Action
from reinsurance.models import ClaimMovement
from reinsurance.resources.base import DomainResource, dtype_of

#: Rows from which on it matters how they are found again.
_MANY = 1_000


def take_turn(record_type: RecordType, *, patience: float | None = None) -> None:
    """Wait till no other load of the record type is on; keep it so until the commit.

    After ``patience`` seconds (None: never) raises NotItsTurn.
    """
    with connection.cursor() as cursor:
        milliseconds = 0 if patience is None else max(1, round(patience * 1000))
        cursor.execute("SET LOCAL lock_timeout = %s", [milliseconds])
        try:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s))",
                [f"load {record_type.slug}"],
            )
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise NotItsTurn("Another file of this kind is being loaded.") from error
        cursor.execute("SET LOCAL lock_timeout = 0")


def load(
    parts: Iterable[str],
    record_type: RecordType,
    *,
    ingestion: int,
    bordereau: int | None,
    period_end: datetime.date | None,
) -> Counter[str]:
    """Load staged parts; rows by action as they turned out.

    Only where it is this load's turn (:func:`take_turn`), so that two loads neither
    deadlock nor both create a record.
    """
    take_turn(record_type)
    rows: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        loader = Loader(cursor, record_type, ingestion, bordereau)
        for part in parts:
            with storage.local(part) as path:
                frame = pl.read_parquet(path).drop(ACTION)
            for change in walk(
                cursor,
                record_type,
                frame,
                period_end=period_end,
                write=loader.write,
            ):
                if isinstance(change, pl.DataFrame):
                    counts = change.get_column(ACTION).value_counts()
                    rows.update(dict(counts.iter_rows()))
    return rows


class Loader:
    """Writes changes of one ingestion through one cursor."""

    def __init__(
        self,
        cursor: Any,
        record_type: RecordType,
        ingestion: int,
        bordereau: int | None,
    ) -> None:
        self.cursor = cursor
        self.record_type = record_type
        self.ingestion = ingestion
        self.bordereau = bordereau

    def write(self, change: Change) -> pl.Series:
        """Write one resource's created and updated records; ids of the created."""
        ids = pl.Series(dtype=pl.Int64)
        if change.created.height:
            ids = self._insert(change)
        if change.updated.height:
            self._update(change)
        if self.record_type.has_ledger:
            self._enter(change, ids)
        self._trace(change, ids)
        return ids

    # ------------------------------------------------------------------ records
    def _extra(self, model: type[models.Model]) -> dict[str, Any]:
        fields = {field.name for field in model._meta.concrete_fields}
        return {"bordereau_id": self.bordereau} if "bordereau" in fields else {}

    def _insert(self, change: Change) -> pl.Series:
        model = change.resource._meta.model
        table = model._meta.db_table
        self.cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) "
            "FROM generate_series(1, %s)",
            [table, change.created.height],
        )
        ids = pl.Series([row[0] for row in self.cursor.fetchall()], dtype=pl.Int64)
        columns = _stored(change.resource, change.created)
        frame = change.created.select(
            pl.Series("id", ids),
            *(expr.alias(name) for name, expr in columns.items()),
            *(
                pl.lit(v).alias(n)
                for n, v in self._extra(model).items()
                if v is not None
            ),
        )
        copy_in(self.cursor, table, _completed(change.resource, frame))
        if frame.height >= _MANY:
            self._tell_planner(table, frame.height)
        return ids

    def _tell_planner(self, table: str, rows: int) -> None:
        """Have the table looked at where statistics know of less than was just written.

        Those that autovacuum took beside a load, or after one that was killed, say that
        there is nothing; the checks of foreign keys are then made by any index that has
        the key somewhere, and take twenty times as long.
        """
        self.cursor.execute(
            "SELECT reltuples < %s FROM pg_class WHERE oid = %s::regclass",
            [rows, table],
        )
        if self.cursor.fetchone()[0]:
            self.cursor.execute(f"ANALYZE (SKIP_LOCKED) {table}")

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
        sets += [f"{n} = {int(v)}" for n, v in self._extra(model).items() if v]
        self.cursor.execute(
            f"UPDATE {model._meta.db_table} t SET {', '.join(sets)}, "  # noqa: S608
            "updated_at = now() FROM differing d WHERE t.id = d.id"
        )

    # ------------------------------------------------------------------- ledger
    def _enter(self, change: Change, ids: pl.Series) -> None:
        created = change.created.with_columns(ids.alias(ID), __is_new=True)
        updated = change.updated.with_columns(__is_new=pl.lit(value=False))
        changed = pl.concat([created, updated], how="diagonal")
        if changed.height:
            entries = ledger.movements(changed, self.bordereau)
            copy_in(self.cursor, ClaimMovement._meta.db_table, entries)

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
            )
            copy_in(self.cursor, table, created)
        for frame, names in _by_difference(change):
            updated = frame.select(
                **always,
                object_id=pl.col(ID),
                action=pl.lit(Action.UPDATED.value),
                before=_image(change.resource, names, WAS),
                after=_image(change.resource, names, ""),
            )
            copy_in(self.cursor, table, updated)


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
        if field.column in frame.columns or has_own:
            continue
        declared = [
            column.default
            for column in resource.fields.values()
            if (column.attribute or "").removesuffix("_id") == field.name
            and column.default is not NOT_PROVIDED
        ]
        value = declared[0] if declared else field.get_default()
        frame = frame.with_columns(
            pl.Series([value], dtype=dtype_of(field), strict=False)
            .new_from_index(0, frame.height)
            .alias(field.column)
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


def _image(resource: type[DomainResource], names: list[str], prefix: str) -> pl.Expr:
    """JSON of the named columns as stored: table column to text or null."""
    return pl.struct(
        pl.col(prefix + name).cast(pl.String).alias(table_column(resource, name))
        for name in names
    ).struct.json_encode()
