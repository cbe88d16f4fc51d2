"""New proportional layers of which a register does not tell what is ceded.

Such a layer is stored as ceded in full, which is what OED means by an empty cell.
"""

import polars as pl

from reinsurance.choices import TreatyType
from reinsurance.resources.contract_keys import ID, KEY, find_treaties
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import BROKEN, issues_at, no_issues
from reinsurance.resources.layer_numbers import NUMBER, layers_of

_SHARE = "ceded_share"
_PROPORTIONAL = {
    TreatyType.QUOTA_SHARE.value: "a quota share",
    TreatyType.SURPLUS.value: "a surplus",
}


def untold_shares(frame: pl.DataFrame, *, conventions: Conventions) -> pl.DataFrame:
    """Warnings ``ceded_share_untold``, at the first row of each layer.

    ``frame`` is a row frame with the key of the contract and ``layer_number``.  A layer
    of the books keeps its share, and of a file without the column nobody expects one.
    """
    if not {_SHARE, "treaty_type"} <= set(frame.columns):
        return no_issues()
    is_broken = pl.col(BROKEN) if BROKEN in frame.columns else pl.lit(value=False)
    rows = frame.filter(
        pl.col(_SHARE).is_null(),
        pl.col("treaty_type").is_in(list(_PROPORTIONAL)),
        pl.col(NUMBER).is_not_null(),
        ~is_broken,
    ).unique([*KEY, NUMBER], keep="first", maintain_order=True)
    if not rows.height:
        return no_issues()
    ids = find_treaties(rows.select(KEY), conventions=conventions)[ID]
    books = layers_of(ids.drop_nulls().unique().to_list())
    is_new = [
        number not in books.get(treaty, {})
        for treaty, number in zip(ids, rows[NUMBER], strict=True)
    ]
    return issues_at(
        rows.filter(pl.Series(is_new)),
        column=_SHARE,
        value=None,
        code="ceded_share_untold",
        severity="warning",
        message=pl.format(
            "The row does not tell the ceded share of layer {} of contract “{}”, {}: "
            "it is taken as 100 %. If less is ceded, add the share.",
            NUMBER,
            "treaty_reference",
            pl.col("treaty_type").replace_strict(_PROPORTIONAL, default=""),
        ),
    )
