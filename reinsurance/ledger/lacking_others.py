"""What goes on to stand of records that a correction leaves out: others told them, too.

A correction takes back what its own sender told before.  Of the same record and period
a person may have told an amount, or a file that another sender sent or that was
received later: that stays.
"""

from typing import Any

import polars as pl

from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND
from reinsurance.ledger.kept_apart import require_left_kept_apart
from reinsurance.ledger.overlaps import require_left_apart
from reinsurance.ledger.statements import live_statements
from reinsurance.ledger.tellers import teller
from reinsurance.models import ClaimPosition

KEY = ["position", "period_end"]
_WORD = ["position", "number", "row"]


def still_counting(
    cursor: Any, found: pl.DataFrame, *, number: int, sender: int | None
) -> pl.DataFrame:
    """Those of the lacked that count as yet, with ``stands``: who else told them.

    ``found`` has ``position`` and ``period_end``; ``number`` and ``sender`` are the
    correction's.  What an earlier correction left out already does not count any more.
    Raises CountsTwiceError where payments that stay would count twice without them, or
    it would not be clear which are which.
    """
    live = live_statements(cursor, found["position"], correction=number)
    goes = _was_told_by(sender, before=number)
    others = live.filter(~goes & (pl.col("number") != number))
    of_period = _last(others, KEY, number, "told for it stays")
    # What names no period is of whatever period its claim stands at.
    of_none = _last(
        live.filter(pl.col("period_end").is_null()),
        ["position"],
        number,
        "told of it without a period stays",
    )
    gone = live.filter(goes).join(found, on=KEY, how="semi").select(_WORD)
    require_left_apart(live.join(gone, on=_WORD, how="anti"), live, _name_of)
    require_left_kept_apart(cursor, gone, number=number)
    return (
        found.join(live.filter(goes), on=KEY, how="semi")
        .join(of_period, on=KEY, how="left")
        .join(of_none.rename({"stands": "without"}), on="position", how="left")
        .with_columns(stands=pl.coalesce("stands", "without"))
        .drop("without")
    )


def told_last(
    cursor: Any, found: pl.DataFrame, *, number: int, sender: int | None
) -> pl.DataFrame:
    """Those of positions and periods of which a sender's word counts as yet.

    With ``number``, the file that told it last, beside the one of ``number``.  For
    those that a correction does not leave out: nothing is said of what would be
    without them.
    """
    live = live_statements(cursor, found["position"], correction=number)
    is_other = pl.col("number") != number
    told = live.filter(_is_word_of(sender) & is_other).sort("number", "row")
    last = told.group_by(KEY, maintain_order=True).agg(pl.col("number").last())
    return found.join(last, on=KEY)


def _was_told_by(sender: int | None, *, before: int) -> pl.Expr:
    """Whether a file of the sender told it, received before a number."""
    return _is_word_of(sender) & (pl.col("number") < before)


def _is_word_of(sender: int | None) -> pl.Expr:
    """Whether a file of the sender told it."""
    is_its = pl.col("sender").eq_missing(pl.lit(sender, pl.Int64))
    return is_its & (pl.col("row") < FIRST_ROW_BY_HAND)


def _last(live: pl.DataFrame, key: list[str], number: int, said: str) -> pl.DataFrame:
    """``stands``, in words: who told last what stays, by ``key``."""
    is_later = (pl.col("number") > number) & (pl.col("row") < FIRST_ROW_BY_HAND)
    return (
        live.sort("number", "row")
        .group_by(key, maintain_order=True)
        .agg(pl.col("number", "row").last())
        .select(
            *key,
            stands=pl.concat_str(
                pl.lit("what "),
                teller(),
                pl.when(is_later)
                .then(pl.lit(", received later,"))
                .otherwise(pl.lit("")),
                pl.lit(f" {said}"),
            ),
        )
    )


def _name_of(position: int) -> str:
    return f"Claim {ClaimPosition.all_objects.get(pk=position)}"
