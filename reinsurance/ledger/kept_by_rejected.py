"""What stays under a correction as only a rejected row of another period names it.

Nobody knows what such a row would have told, and the claim or policy is not left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from reinsurance.ledger.contracts_left import Spoken
from reinsurance.ledger.lacking import lacked_claims
from reinsurance.ledger.periods_left import in_words, premiums_told

_STAYS = (
    "Contract {}: number {} told {} of it for {} that this correction does not have "
    "and only rejected rows for another period name: they stay. Mend these rows, and "
    "hand the whole file in again in place of this one."
)
_RECORD = ["treaty", "reference"]


def kept_by_rejected(
    cursor: Any, spoken: Spoken, present: pl.DataFrame
) -> pl.DataFrame:
    """``treaty``, ``number``, ``ends`` of the periods and ``count`` of what stays.

    ``present``: what the file tells again, as of :func:`lacking.lacked_by`.  Of lists
    of the year there is none: their period is the year.
    """
    rejected = spoken.rejected_rows.drop_nulls("reference")
    unclear = rejected.filter(pl.col("period_end").is_null())
    named = rejected.drop_nulls("period_end").join(unclear, on=_RECORD, how="anti")
    pairs = spoken.own_ends.rename({"own_end": "period_end"})
    pairs = pairs.join(named.select("treaty").unique(), on="treaty", how="semi")
    if spoken.lists_year or not pairs.height:
        return pl.DataFrame(schema={"treaty": pl.Int64})
    if spoken.ledger == "claims":
        told = lacked_claims(cursor, pairs, number=spoken.number, sender=spoken.sender)
        told = told.join(present, on=["position", "period_end"], how="anti")
        told = told.rename({"claim": "record"})
    else:
        told = premiums_told(cursor, pairs, spoken)
        told = told.join(present, left_on="record", right_on="entry", how="anti")
    key = [*_RECORD, "period_end"]
    return (
        told.join(named, on=_RECORD, how="semi")
        .join(named, on=key, how="anti")
        .group_by("treaty", "number")
        .agg(
            ends=pl.col("period_end").unique().sort(), count=pl.col("record").n_unique()
        )
        .sort("number", "treaty")
    )


def sentences_of_kept(
    kept: pl.DataFrame, names: Mapping[int, str], *, what: str
) -> Iterator[str]:
    """What to say of :func:`kept_by_rejected`; ``what``: claim or premium."""
    for row in kept.iter_rows(named=True):
        noun = f"{row['count']:,} {what}{'s' * (row['count'] > 1)}"
        name, ends = names[row["treaty"]], in_words(row["ends"])
        yield _STAYS.format(name, row["number"], noun, ends)
