"""Which entries of the books rows of premiums are about."""

import polars as pl

from reinsurance.ledger.premium_keys import FIRM, PARTS, with_whole_keys
from reinsurance.ledger.premium_lines import LINE, with_lines
from reinsurance.ledger.premium_standing import (
    COLUMNS,
    GROUP,
    filled_bits,
    has_bit,
    held_policies,
    lacked,
)


def with_keys(
    rows: pl.DataFrame, every: pl.DataFrame, spoken: pl.DataFrame, number: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows and tellings of the books with untold parts of the key from what fits.

    ``is_unclear``: rows for which several fit, or that make others fit several:
    ``torn_by`` is the number of the last file with such another.
    """
    shared = ["number", "row", "sender", "period_end", "apart", *FIRM, *PARTS]
    dtypes = {name: every.schema[name] for name in shared}
    mine = rows.with_columns(
        number=pl.lit(number, pl.Int64), apart=pl.lit(value=False)
    ).select(pl.col(name).cast(dtype) for name, dtype in dtypes.items())
    held = held_policies(spoken)
    both = with_whole_keys(pl.concat([every.select(shared), mine]), spoken, held)
    known, own = both.head(every.height), both.tail(rows.height)
    before = with_whole_keys(every, spoken, held)["fits_several"]
    torn = known.filter(known["fits_several"] & ~before)
    later = torn.group_by(FIRM).agg(torn_by=pl.col("number").max())
    as_told = {name: mine[name] for name in PARTS}
    keyed = rows.with_columns(
        own[name].alias(name) for name in (*PARTS, "fits_several")
    ).with_columns(filled=filled_bits({n: pl.lit(s) for n, s in as_told.items()}))
    unclear = pl.concat(
        [
            keyed.filter("fits_several").select("row"),
            keyed.join(later, on=FIRM, how="semi", nulls_equal=True).select("row"),
        ]
    )["row"].implode()
    return (
        keyed.with_columns(is_unclear=pl.col("row").is_in(unclear))
        .join(later, on=FIRM, how="left", nulls_equal=True, maintain_order="left")
        .drop("fits_several"),
        every.with_columns(known[name].alias(name) for name in PARTS),
    )


def beside(
    rows: pl.DataFrame,
    known: pl.DataFrame,
    spoken: pl.DataFrame,
    number: int,
    *,
    equal_rows_add: bool,
) -> pl.DataFrame:
    """Each row beside the entry that it replaces (``was_id``).

    ``was.<column>``: what stood, of rows that add up that of its own ``line``, where
    there is one (``has_line``).

    ``stored.<part>``: a part of the key as that entry has it, untold where the row is
    the first to tell it.
    ``replaces``: keys of all standing entries of its key and period that were received
    before; ``later``: the load that told the same later, and is not left out itself, or
    that left the row out as a correction (``spoken``), then ``left_out_by``, too.  Of
    lists of the year to date, later is what a later period tells, whenever it was
    received.  ``times`` and ``was_times``: how often file and books tell the
    transaction, where equal rows add.
    """
    before, after = _around(rows, known, number)
    rows, before = _with_lines(rows, before, number, several=equal_rows_add)
    last, later = _last(before), _first(_live(after, known, spoken))
    between = after.select(FIRM).unique().with_columns(is_between=True)
    rows = rows.join(
        between, on=FIRM, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(pl.col("is_between").fill_null(value=False))
    seen = rows
    for beside_it, on in (
        (last, GROUP),
        (_cells(before), [*GROUP, LINE]),
        (later, GROUP),
    ):
        seen = seen.join(
            beside_it, on=on, how="left", nulls_equal=True, maintain_order="left"
        )
    times = pl.len().over(GROUP) if equal_rows_add else pl.lit(1, pl.UInt32)
    seen = seen.with_columns(
        times=times, was_times=pl.col("replaces").list.len().fill_null(0)
    )
    if not spoken.height:
        return seen.with_columns(left_out_by=pl.lit(None, pl.Int64))
    lacking = lacked(
        seen.select(
            "sender", "period_end", *GROUP, __n="row", number=pl.lit(number, pl.Int64)
        ),
        spoken,
        known,
    )
    return (
        seen.join(lacking, left_on="row", right_on="__n", how="left")
        .with_columns(
            later=pl.coalesce("later", "by"),
            left_out_by=pl.when(pl.col("later").is_null()).then("by"),
            is_between=pl.col("is_between") | pl.col("by").is_not_null(),
        )
        .drop("by")
    )


def _live(
    after: pl.DataFrame, known: pl.DataFrame, spoken: pl.DataFrame
) -> pl.DataFrame:
    """What was told after the rows and is not left out by a correction."""
    if not after.height or not spoken.height:
        return after
    keys = ["id", "number"]
    gone = lacked(known.with_row_index("__n"), spoken)
    left = known.with_row_index("__n").join(gone, on="__n").select(keys)
    return after.join(left, on=keys, how="anti")


def _around(
    rows: pl.DataFrame, known: pl.DataFrame, number: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What stands of what was told before the rows, and all that was told after."""
    here = rows.select(*GROUP, own_end="period_end").unique(GROUP, keep="last")
    near = known.join(here, on=GROUP, how="left", nulls_equal=True)
    has_end = pl.col("own_end").is_not_null() & pl.col("period_end").is_not_null()
    ends_later = has_end & (pl.col("period_end") > pl.col("own_end"))
    ends_before = has_end & (pl.col("period_end") < pl.col("own_end"))
    is_after = ends_later | (~ends_before & (pl.col("number") > number))
    return near.filter(
        ~is_after & (pl.col("number") != number) & "is_standing"
    ), near.filter(is_after)


def _with_lines(
    rows: pl.DataFrame, before: pl.DataFrame, number: int, *, several: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows, and the entries before them in order, with the ``line`` of each.

    Each entry once, by who repeated it last.  ``several``: rows may add up.
    """
    before = before.sort("period_end", "number", "row", "id").unique(
        "id", keep="last", maintain_order=True
    )
    if not several and not before.select(pl.struct(GROUP).is_duplicated().any()).item():
        one = pl.lit(0, pl.Int64).alias(LINE)
        return rows.with_columns(one), before.with_columns(one)
    # What an entry has it may have been filled with: that is its own by now.
    theirs = before.with_columns(load=pl.lit(None, pl.Int64)).select(
        *GROUP, "period_end", "number", "load", "told", *COLUMNS
    )
    mine = rows.with_columns(
        number=pl.lit(number, pl.Int64), load=pl.lit(0, pl.Int64)
    ).select(
        pl.col(name).cast(dtype)
        for name, dtype in theirs.schema.items()
        if name in rows.columns or name in {"number", "load"}
    )
    lines = with_lines(pl.concat([theirs, mine], how="diagonal"))[LINE]
    return (
        rows.with_columns(lines.tail(rows.height)),
        before.with_columns(lines.head(before.height)),
    )


def _last(before: pl.DataFrame) -> pl.DataFrame:
    """The last entry of each transaction, and all that the rows replace."""
    return before.group_by(GROUP, maintain_order=True).agg(
        pl.col("id").last().alias("was_id"),
        pl.col("id").alias("replaces"),
        pl.col("stored.told").last().alias("was_told"),
        pl.col("number").last().alias("was_number"),
        pl.col("sender").last().alias("was_sender"),
        pl.col("period_end").last().alias("was_end"),
        pl.col("gross_premium").sum().alias("was_total"),
        *(pl.col(f"stored.{n}").last() for n in PARTS),
    )


def _cells(before: pl.DataFrame) -> pl.DataFrame:
    """What each line of a transaction has, ``was.<column>``."""
    return before.group_by([*GROUP, LINE], maintain_order=True).agg(
        pl.lit(value=True).alias("has_line"),
        *(
            pl.coalesce(pl.col(n).filter(has_bit(n)).last(), pl.col(n).last()).alias(
                f"was.{n}"
            )
            for n in COLUMNS
        ),
    )


def _first(after: pl.DataFrame) -> pl.DataFrame:
    """Who was the first to tell each transaction after the rows."""
    return (
        after.sort("period_end", "number")
        .group_by(GROUP, maintain_order=True)
        .agg(later=pl.col("load").first())
    )
