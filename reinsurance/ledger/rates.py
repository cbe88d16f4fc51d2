"""Amounts in another currency by dated rates: the last one on or before the day."""

import datetime
from typing import Any

import polars as pl
from django.db import connection


def rates_for(wanted: pl.DataFrame) -> pl.DataFrame:
    """``rate`` for each ``base``, ``quote`` and ``day``; null where none is known.

    A rate counts from its date on; the reverse rate serves where only that is known,
    whichever is the newer.  The same currency is 1, whatever a table says.
    """
    pairs = wanted.select("base", "quote", "day").unique()
    schema = {"base": pl.String, "quote": pl.String, "day": pl.Date, "rate": pl.Float64}
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for base, quote, day in pairs.iter_rows():
            rows.append((base, quote, day, _rate(cursor, base, quote, day)))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rate(
    cursor: Any, base: str, quote: str, day: datetime.date | None
) -> float | None:
    if base == quote:
        return 1.0
    cursor.execute(
        "SELECT CASE WHEN base_id = %(base)s THEN rate ELSE 1 / rate END "
        "FROM reinsurance_exchangerate WHERE (base_id, quote_id) IN "
        "((%(base)s, %(quote)s), (%(quote)s, %(base)s)) "
        "AND (%(day)s::date IS NULL OR date <= %(day)s) "
        "ORDER BY date DESC, base_id = %(base)s DESC LIMIT 1",
        {"base": base, "quote": quote, "day": day},
    )
    found = cursor.fetchone()
    return float(found[0]) if found else None
