"""What rows of premiums were read as, held against how they read without a load.

A load has its rows asked where several premiums fit them.  An undo reads the rows of
others anew, without the load's, and nobody is there to be asked: premiums that were
told apart stay apart, and where it would not be clear nothing is undone.
"""

import polars as pl

from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.premium_keys import FIRM, PARTS
from reinsurance.ledger.premium_restating import keyed
from reinsurance.ledger.premium_standing import GROUP, lacked

WAS = [f"was.{name}" for name in PARTS]


def read_as_before(
    told: pl.DataFrame, spoken: pl.DataFrame, left: pl.DataFrame
) -> pl.DataFrame:
    """Tellings that stand without a load, with whole keys.

    ``told``: with those of the load, which do not stand; ``spoken``: corrections with
    it, ``left``: those that are left.  Raises CountsTwiceError where a row would fit
    several, or be joined with one that it was not told of.
    """
    before = keyed(told, spoken)
    gone = lacked(before, spoken).select("__n")
    read = before.select(
        "__n",
        pl.col(PARTS).name.prefix("was."),
        was_unclear="fits_several",
        was_gone=pl.col("__n").is_in(gone["__n"].implode()),
    )
    told = told.filter("stands")
    joined = _otherwise(keyed(told, left), left, read).filter("is_joined")
    if joined.height:
        told = told.with_columns(
            pl.col("apart") | pl.col("__n").is_in(joined["__n"].implode())
        )
    after = keyed(told, left)
    _require_clear(_otherwise(after, left, read))
    return after


def _otherwise(
    after: pl.DataFrame, spoken: pl.DataFrame, read: pl.DataFrame
) -> pl.DataFrame:
    """Tellings of transactions that read otherwise than before (``read``), if live.

    ``is_unclear``: the row fits several, or those told apart are one; ``is_joined``:
    it can be told apart from the first of them.
    """
    beside = after.select("__n", "number", "row", "fits_several", *GROUP).join(
        read, on="__n", how="left", maintain_order="left"
    )
    moved = beside.filter(
        pl.col("fits_several")
        | pl.any_horizontal(
            pl.col(n).ne_missing(pl.col(w)) for n, w in zip(PARTS, WAS, strict=True)
        )
    )
    if not moved.height:
        return moved.with_columns(
            is_unclear=pl.lit(value=False), is_joined=pl.lit(value=False)
        )
    own, was = pl.struct(PARTS), pl.struct(WAS)
    return (
        beside.join(moved.select(FIRM).unique(), on=FIRM, how="semi", nulls_equal=True)
        .join(lacked(after, spoken), on="__n", how="anti")
        .sort("number", "row")
        .with_columns(
            is_torn=pl.col("fits_several") & ~pl.col("was_unclear"),
            is_one=was.n_unique().over(GROUP) > 1,
            is_parted=own.n_unique().over([*FIRM, *WAS]) > 1,
            is_later=was.ne_missing(was.first().over(GROUP)),
        )
        .with_columns(
            is_unclear=pl.any_horizontal("is_torn", "is_one", "is_parted"),
            is_joined=pl.col("is_one")
            & pl.col("is_later")
            & ~pl.col("was_gone").any().over(GROUP),
        )
    )


def _require_clear(beside: pl.DataFrame) -> None:
    """Raise CountsTwiceError for the last file with an unclear row."""
    unclear = beside.filter("is_unclear").sort("number", "row")
    if not unclear.height:
        return
    policy, number = unclear.select("policy_reference", "number").row(-1)
    raise CountsTwiceError(
        f"It would not be clear any more which premium of policy {policy} number "
        f"{number} tells anew: certificate, section, risk code or instalment is "
        f"written in one file and not in another. Undo number {number} first."
    )
