"""Writing premium entries, and what replaces them."""

from collections.abc import Collection
from typing import Any

import polars as pl
from django.db import models

from reinsurance.ledger.copying import copy_in, sought
from reinsurance.ledger.lineage_ranges import write_repeats
from reinsurance.ledger.periods import END, START
from reinsurance.ledger.premium_columns import stored, tells
from reinsurance.ledger.premium_restating import restate
from reinsurance.ledger.premium_standing import COLUMNS, field_of
from reinsurance.ledger.premiums import PremiumSettlement
from reinsurance.ledger.write import draw_keys, tell_planner
from reinsurance.models import PremiumEntry

TABLE = PremiumEntry._meta.db_table


def write_premiums(
    cursor: Any,
    settlement: PremiumSettlement,
    *,
    load: int,
    listing: Collection[int] = (),
) -> None:
    """Add the entries; those that they replace are replaced by the load.

    ``listing``: keys of senders whose files list the year to date.
    """
    entries = settlement.entries
    if entries.height:
        names = stored(entries)
        ids = draw_keys(cursor, PremiumEntry, entries.height)
        columns: dict[str, pl.Expr] = {}
        for name in names:
            field = field_of(name)
            value = pl.col(name)
            if f"was.{name}" in entries.columns:
                value = (
                    pl.when(tells(name)).then(value).otherwise(pl.col(f"was.{name}"))
                )
            is_text = isinstance(field, models.CharField) and not field.null
            columns[str(field.column)] = value.fill_null("") if is_text else value
        for name in COLUMNS:
            if name not in names and name != "details":
                field = field_of(name)
                is_text = isinstance(field, models.CharField) and not field.null
                value = pl.coalesce(f"was.{name}", pl.lit(field.get_default()))
                columns[str(field.column)] = value.fill_null("") if is_text else value
        given = set(columns) | {field_of(n).column for n in names}
        for field in PremiumEntry._meta.concrete_fields:
            if (
                isinstance(field, models.CharField)
                and not field.null
                and field.column not in given
            ):
                columns[str(field.column)] = pl.lit(field.get_default())
        frame = entries.select(
            ids.alias("id"),
            pl.lit(load, dtype=pl.Int64).alias("load_id"),
            pl.col("later").alias("replaced_by_id"),
            "row",
            pl.col(START).alias("period_start"),
            pl.col(END).alias("period_end"),
            pl.coalesce("details", "was.details").fill_null("{}").alias("details"),
            "told",
            *(e.alias(n) for n, e in columns.items()),
        )
        copy_in(cursor, TABLE, frame)
        tell_planner(cursor, TABLE, frame.height)
        gone = (
            entries.filter(pl.col("later").is_null())["replaces"].explode().drop_nulls()
        )
        replace(cursor, gone, load=load)
        restate(cursor, ids.filter(entries["is_between"]), listing=listing)
    write_repeats(cursor, settlement.repeats, model="premiumentry", load=load)


def replace(cursor: Any, entries: pl.Series, *, load: int) -> None:
    """The entries are replaced by what the load told."""
    if not entries.len():
        return
    sought(cursor, "replaced_entry", id=("bigint", entries.unique()))
    cursor.execute(
        f"UPDATE {TABLE} e SET replaced_by_id = %s, updated_at = now() "  # noqa: S608
        "FROM replaced_entry k WHERE e.id = k.id",
        [load],
    )
