"""Which premium entries stand, worked out anew from all that was told of them.

Of each transaction and period the entry that was received last stands, unless a
correction that was received later lacks it; of lists of the year to date that of the
latest period.  An empty cell leaves what was known: a column that the entry does not
tell has what files before its own told last.  Rows of one file that add up are entries
side by side, and none has what another of them tells (:mod:`premium_lines`).
"""

from collections.abc import Collection
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.premium_keys import FIRM, PARTS, with_whole_keys
from reinsurance.ledger.premium_lines import LINE, with_lines
from reinsurance.ledger.premium_standing import (
    APART,
    COLUMNS,
    GROUP,
    corrections,
    dtypes,
    field_of,
    filled_bits,
    has_bit,
    held_policies,
    lacked,
    tellings,
)
from reinsurance.ledger.write import update
from reinsurance.models import PremiumEntry


def is_last() -> pl.Expr:
    """Whether a telling, of those in order, is of the last file of its transaction."""
    return pl.all_horizontal(
        pl.col(n).eq_missing(pl.col(n).last().over(GROUP))
        for n in ("period_end", "number")
    )


def restate(cursor: Any, entries: pl.Series, *, listing: Collection[int]) -> None:
    """Work out anew which entries of the same transactions and periods stand.

    ``listing``: keys of senders whose files list the year to date.
    """
    every = told_beside(cursor, entries, listing=listing)
    told = every.filter("stands", "is_beside").with_row_index("__n")
    if told.height:
        spoken = corrections(cursor, told["treaty_reference"])
        told = keyed(told, spoken)
        write_restated(cursor, as_they_stand(told, lacked(told, spoken)))


def told_beside(
    cursor: Any, entries: pl.Series, *, listing: Collection[int]
) -> pl.DataFrame:
    """All that was told of the policies of entries, in order.

    ``is_beside``: of transactions and periods that may be those of the entries.
    """
    keys = entries.drop_nulls().unique()
    sought(cursor, "restated", id=("bigint", keys))
    policies = copy_out(
        cursor,
        "SELECT DISTINCT e.treaty_id, e.policy_reference FROM restated k "
        "JOIN reinsurance_premiumentry e ON e.id = k.id",
        {"treaty": pl.Int64(), "policy": pl.String()},
    )
    every = tellings(cursor, policies, listing)
    groups = every.filter(pl.col("id").is_in(keys.implode())).select(FIRM).unique()
    return (
        every.join(
            groups.with_columns(is_beside=pl.lit(value=True)),
            on=FIRM,
            how="left",
            nulls_equal=True,
        )
        .with_columns(pl.col("is_beside").fill_null(value=False))
        .sort("period_end", "number", "row", "id")
    )


def as_they_stand(told: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Each entry with who replaces it, ``now_gone``, and its columns, ``now_<name>``.

    ``gone``: tellings that corrections lack.
    """
    live = told.join(gone, on="__n", how="anti", maintain_order="left")
    live = with_lines(live).with_columns(__last=is_last())
    by = live.group_by(GROUP).agg(pl.col("load").last().alias("now_by"))
    line = live.group_by("id").agg(pl.col(LINE).last())
    known = live.group_by([*GROUP, LINE]).agg(
        *(
            pl.col(n).filter(~pl.col("__last") & has_bit(n)).last().alias(f"__{n}")
            for n in COLUMNS
        ),
    )
    standing = live.filter("__last")["id"].unique()
    return (
        told.join(gone, on="__n", how="left")
        .group_by("id", maintain_order=True)
        .agg(
            pl.col("by").max(),
            pl.col("gone", "told", "load", *GROUP, *COLUMNS).first(),
            pl.col("stored.told", *(f"stored.{n}" for n in PARTS)).first(),
        )
        .join(line, on="id", how="left", maintain_order="left")
        .join(by, on=GROUP, how="left", nulls_equal=True, maintain_order="left")
        .join(
            known,
            on=[*GROUP, LINE],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .with_columns(stays=pl.col("id").is_in(standing.implode()))
        .with_columns(
            now_gone=pl.when(~pl.col("stays")).then(pl.coalesce("now_by", "by")),
            **{
                f"now_{n}": pl.when(pl.col("stays") & ~has_bit(n))
                .then(f"__{n}")
                .otherwise(n)
                for n in COLUMNS
            },
        )
    )


def keyed(told: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Tellings with whole keys, and the bits of what was filled in."""
    as_told = told.select(pl.col("__n"), pl.col(PARTS).name.prefix("told."))
    told = with_whole_keys(told, spoken, held_policies(spoken)).join(
        as_told, on="__n", how="left", maintain_order="left"
    )
    own = {name: pl.col(f"told.{name}") for name in PARTS}
    apart = pl.when("apart").then(APART).otherwise(0)
    return told.with_columns(told=pl.col("told") + filled_bits(own) + apart)


def differs() -> pl.Expr:
    """Whether an entry reads otherwise than it is stored."""
    return pl.any_horizontal(
        *(_plain(f"now_{n}").ne_missing(_plain(n)) for n in COLUMNS),
        *(pl.col(n).ne_missing(pl.col(f"stored.{n}")) for n in PARTS),
    )


def _plain(name: str) -> pl.Expr:
    """What a column says; an empty text, or no further details, say nothing."""
    column = pl.col(name)
    if dtypes()[name.removeprefix("now_")] != pl.String:
        return column
    return pl.when(~column.is_in(["", "{}"])).then(column)


def write_restated(cursor: Any, after: pl.DataFrame) -> None:
    """Entries that are not what they are stored as."""
    is_other = (
        differs()
        | pl.col("now_gone").ne_missing(pl.col("gone"))
        | pl.col("told").ne_missing(pl.col("stored.told"))
    )
    columns = {n if n == "details" else field_of(n).column: f"now_{n}" for n in COLUMNS}
    columns |= {"replaced_by_id": "now_gone", "told": "told"}
    columns |= {field_of(n).column: n for n in PARTS}
    update(
        cursor,
        PremiumEntry,
        after.filter(is_other).with_columns(pl.col("now_details").fill_null("{}")),
        columns,
        also="updated_at = now()",
    )
