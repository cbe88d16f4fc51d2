"""What rows make of the claims' descriptions, and of what older statements told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.claim_statuses import with_status
from reinsurance.ledger.descriptions import (
    FIELDS,
    empty,
    has_bit,
    is_told,
    model_field,
)
from reinsurance.ledger.detail_merging import with_details
from reinsurance.ledger.matching import WAS
from reinsurance.ledger.overrides import images_of, overrides_of
from reinsurance.resources.base import dtype_of


@dataclass(frozen=True, slots=True)
class Described:
    """The claims that are new or differ, the statements to add, what older ones told.

    ``changed_rows``: rows that change what a claim says.  ``claims`` has ``claim``,
    ``treaty``, ``reference``, ``stands``, ``is_changed``, the fields, ``was.<field>``,
    ``status`` and ``details``.
    """

    claims: pl.DataFrame
    statements: pl.DataFrame
    overrides: pl.DataFrame
    changed_rows: pl.Series


def describe(
    cursor: Any,
    good: pl.DataFrame,
    mine: pl.DataFrame,
    old: pl.DataFrame,
    claims: pl.DataFrame,
    positions: pl.DataFrame,
    after: pl.DataFrame,
    counting: pl.Series,
    *,
    number: int,
) -> Described:
    """Settle what describes the claims of the rows.

    ``good``: the rows with their fields; ``mine``: the same as statements with
    periods; ``old``: live statements, with periods; ``after``: the positions as they
    will stand; ``counting``: the rows that count, as no later correction lacks them.
    """
    fields = [name for name in FIELDS if name in good.columns]
    rows = (
        good.join(mine.select("row", pl.col("period_end").alias("__period")), on="row")
        .with_columns(__counts=pl.col("row").is_in(counting.implode()))
        .sort("claim", "__period", "row")
    )
    told = rows.group_by("claim", maintain_order=True).agg(
        pl.col("treaty", "reference").first(),
        pl.col("__counts").any().alias("is_live"),
        *(
            pl.col(n).filter(is_told(n) & pl.col("__counts")).last().alias(n)
            for n in fields
        ),
        *(
            pl.col("__period")
            .filter(is_told(n) & pl.col("__counts"))
            .last()
            .alias(f"__p_{n}")
            for n in fields
        ),
    )
    frame = told.join(
        claims.drop("treaty", "reference"),
        on="claim",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("stands").fill_null(value=False))
    frame = _winners(frame, old, fields, number)
    frame = with_status(frame, after.filter("is_live"), positions)
    frame, detailed = with_details(frame, rows.filter("__counts"), old, number)
    changed = [n for n in FIELDS if n in frame.columns]
    frame = frame.with_columns(
        is_changed=pl.col("is_live") & ~pl.col("stands")
        | pl.col("stands")
        & pl.any_horizontal(
            *(pl.col(n).ne_missing(pl.col(WAS + n)) for n in changed),
            pl.col("status").ne_missing(pl.col("was_status")),
            pl.col("claim").is_in(detailed.implode()),
        )
    )
    return Described(
        claims=frame,
        statements=_statements(mine, rows, frame, fields),
        overrides=overrides_of(cursor, frame),
        changed_rows=_changed_rows(rows.filter("__counts"), frame, fields, detailed),
    )


def _winners(
    frame: pl.DataFrame, old: pl.DataFrame, fields: Sequence[str], number: int
) -> pl.DataFrame:
    """Each field: the new value where no older telling is of a later period."""
    known = (
        old.sort("claim", "period_end", "number")
        .group_by("claim", maintain_order=True)
        .agg(
            pl.struct("period_end", "number")
            .filter(has_bit(name))
            .last()
            .alias(f"__old_{name}")
            for name in fields
        )
        if old.height and fields
        else None
    )
    if known is not None:
        frame = frame.join(known, on="claim", how="left", maintain_order="left")
    frame = _with_hidden(frame, old)
    for name in fields:
        new, was = pl.col(name), pl.col(WAS + name)
        if name == "date_closed":
            was = pl.coalesce("__hidden", was)
        nothing = pl.lit(empty(name), dtype=dtype_of(model_field(name)))
        was_known = pl.when(pl.col("stands")).then(was).otherwise(nothing)
        wins = new.is_not_null()
        if known is not None:
            before = pl.col(f"__old_{name}")
            period = before.struct.field("period_end")
            wins &= (
                period.is_null()
                | (pl.col(f"__p_{name}") > period)
                | (
                    (pl.col(f"__p_{name}") == period)
                    & (before.struct.field("number") <= number)
                )
            )
        frame = frame.with_columns(
            pl.when(wins).then(new).otherwise(was_known).alias(name)
        )
    if "date_closed" not in fields:
        told = pl.coalesce("__hidden", WAS + "date_closed")
        frame = frame.with_columns(date_closed=pl.when(pl.col("stands")).then(told))
    return frame.drop("^__(p|old)_.*$", "__hidden")


def _with_hidden(frame: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
    """The frame with ``__hidden``: the date closed that an open claim does not show."""
    if not old.height:
        return frame.with_columns(__hidden=pl.lit(None, dtype=pl.Date))
    told = (
        old.filter(has_bit("date_closed"))
        .sort("claim", "period_end", "number", "row")
        .group_by("claim", maintain_order=True)
        .agg(
            __hidden=pl.col("values")
            .last()
            .str.json_path_match("$.date_closed")
            .str.to_date("%Y-%m-%d")
        )
    )
    return frame.join(told, on="claim", how="left", maintain_order="left")


def _statements(
    mine: pl.DataFrame,
    rows: pl.DataFrame,
    claims: pl.DataFrame,
    fields: Sequence[str],
) -> pl.DataFrame:
    """The statements to add, with what they tell otherwise than their claim says."""
    told = rows.select("row", "claim", *fields).join(
        claims.select("claim", *(pl.col(n).alias(f"__now_{n}") for n in fields)),
        on="claim",
        maintain_order="left",
    )
    told = told.with_columns(
        *(
            (is_told(n) & pl.col(n).ne_missing(pl.col(f"__now_{n}"))).alias(
                f"__has_{n}"
            )
            for n in fields
        ),
        *(pl.col(n).cast(pl.String).alias(f"__text_{n}") for n in fields),
    )
    images = images_of(told, fields, "row")
    periods = rows.select("row", pl.col("__period_end").alias("__own_end"))
    return (
        mine.drop("statement", "number", "sender", "is_correction", "claim", "treaty")
        .join(periods, on="row", maintain_order="left")
        .with_columns(period_end=pl.col("__own_end"))
        .drop("__own_end")
        .join(images, on="row", how="left", maintain_order="left")
    )


def _changed_rows(
    rows: pl.DataFrame,
    claims: pl.DataFrame,
    fields: Sequence[str],
    detailed: pl.Series,
) -> pl.Series:
    """Rows whose word changes what a standing claim says."""
    seen = rows.select("row", "claim", "details", *fields).join(
        claims.select(
            "claim",
            *(pl.col(n).alias(f"__now_{n}") for n in fields),
            *(pl.col(WAS + n).alias(f"__was_{n}") for n in fields),
        ),
        on="claim",
    )
    brings = [
        is_told(n)
        & pl.col(n).eq_missing(pl.col(f"__now_{n}"))
        & pl.col(f"__now_{n}").ne_missing(pl.col(f"__was_{n}"))
        for n in fields
    ]
    detail = pl.col("details").is_not_null() & pl.col("claim").is_in(detailed.implode())
    return seen.filter(pl.any_horizontal(*brings, detail))["row"]
