"""Frames to and from the database by COPY."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
from django.db import connection


def copy_in(cursor: Any, table: str, frame: pl.DataFrame) -> None:
    """COPY a frame whose columns are named as the table's; Django's errors."""
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    stream = io.BytesIO()
    frame.write_csv(stream, include_header=False)
    stream.seek(0)
    with connection.wrap_database_errors:
        cursor.copy_expert(
            f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv)", stream
        )


def copy_out(cursor: Any, query: str, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The query's rows as a frame of that schema."""
    stream = io.BytesIO()
    with connection.wrap_database_errors:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH (FORMAT csv)", stream)
    if not stream.tell():
        return pl.DataFrame(schema=schema)
    stream.seek(0)
    frame = pl.read_csv(
        stream, has_header=False, infer_schema=False, new_columns=list(schema)
    )
    return frame.select(_typed(pl.col(n), t).alias(n) for n, t in schema.items())


def _typed(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        return text
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d")
    if dtype == pl.Boolean:
        return text == "t"
    return text.cast(dtype)


@contextmanager
def by_index(cursor: Any) -> Iterator[None]:
    """Join key by key, by the indexes, whatever statistics say.

    Keys are few and the tables large; a table that grows under a load does so faster
    than its statistics, and those taken meanwhile count none of its rows.  A table of
    which they count none would come first: LATERAL with OFFSET 0 keeps the keys first.
    """
    methods = ("hashjoin", "mergejoin", "seqscan")
    cursor.execute("; ".join(f"SET LOCAL enable_{name} = off" for name in methods))
    yield
    cursor.execute("; ".join(f"RESET enable_{name}" for name in methods))


def sought(cursor: Any, table: str, **columns: tuple[str, pl.Series]) -> None:
    """A temporary table of keys to join with: ``name=(type, values)``.

    Inside a transaction; the planner is told of its size.
    """
    listed = ", ".join(f'"{name}" {kind}' for name, (kind, _) in columns.items())
    cursor.execute(
        f"DROP TABLE IF EXISTS {table}; "
        f"CREATE TEMPORARY TABLE {table} ({listed}) ON COMMIT DROP"
    )
    frame = pl.DataFrame({name: values for name, (_, values) in columns.items()})
    copy_in(cursor, table, frame)
    cursor.execute(f"ANALYZE {table}")
