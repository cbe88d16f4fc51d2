"""Amounts in another currency by dated rates: the last one on or before the day."""

import polars as pl
from django.db import connection

LOAD_IT = (
    "Load the rate first: limits are not looked at again before something changes."
)
"""What to do where a rate is missing: a rate that comes later asks no limits."""

_KEYS = {"base": pl.String, "quote": pl.String, "day": pl.Date}


def rates_for(wanted: pl.DataFrame) -> pl.DataFrame:
    """``rate`` for each ``base``, ``quote`` and ``day``; null where none is known.

    A rate counts from its date on; the reverse rate serves where only that is known,
    whichever is the newer.  The same currency is 1, whatever a table says.  ``day`` is
    the end of an amount's own period; null, of an amount without any: the newest rate.
    """
    keys = wanted.select(*_KEYS).unique()
    same, others = (
        keys.filter(pl.col("base") == pl.col("quote")),
        keys.filter(pl.col("base") != pl.col("quote")),
    )
    found = [same.with_columns(rate=pl.lit(1.0))]
    if others.height:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT k.base, k.quote, k.day, r.rate::float8
                FROM unnest(%s::varchar[], %s::varchar[], %s::date[])
                    AS k (base, quote, day)
                LEFT JOIN LATERAL (
                    SELECT CASE WHEN x.base_id = k.base THEN x.rate
                        ELSE 1 / x.rate END AS rate
                    FROM reinsurance_exchangerate x
                    WHERE (x.base_id, x.quote_id) IN
                        ((k.base, k.quote), (k.quote, k.base))
                        AND (k.day IS NULL OR x.date <= k.day)
                    ORDER BY x.date DESC, x.base_id = k.base DESC LIMIT 1
                ) r ON true
                """,
                [others[name].to_list() for name in _KEYS],
            )
            rows = cursor.fetchall()
        schema = {**_KEYS, "rate": pl.Float64}
        found.append(pl.DataFrame(rows, schema=schema, orient="row"))
    return pl.concat(found)


def with_rates(frame: pl.DataFrame, *, base: str, quote: str, day: str) -> pl.DataFrame:
    """The frame with ``rate``, by its columns of these names; its order stays."""
    names = {"base": base, "quote": quote, "day": day}
    rates = rates_for(frame.select(**{key: pl.col(n) for key, n in names.items()}))
    return frame.join(
        rates.rename(names),
        on=list(names.values()),
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
