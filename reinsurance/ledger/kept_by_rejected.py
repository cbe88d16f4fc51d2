"""What stays under a correction as only its rejected rows name it.

Nobody knows what such a row would have told, and the claim or policy is not left out of
its period: with all its sections and currencies.  Mended by itself, or once its
contract is picked, the row leaves nothing out either.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from reinsurance.ledger.contracts_left import Spoken
from reinsurance.ledger.lacking import lacked_claims
from reinsurance.ledger.periods_left import (
    in_words,
    listed_before,
    period_of,
    premiums_told,
)

_STAYS = (
    "Contract {}: number {} told {} of it for {} that this correction does not have, "
    "or not whole, and rejected rows of it name: that stays as it was. Mend these "
    "rows, and hand the whole file in again in place of this one; by themselves they "
    "leave nothing out."
)
_RECORD = ["treaty", "reference"]


def kept_by_rejected(
    cursor: Any, spoken: Spoken, present: pl.DataFrame
) -> pl.DataFrame:
    """``treaty``, ``number``, ``ends`` of the periods and ``count`` of what stays.

    ``present``: what the file tells again, as of :func:`lacking.lacked_by`.  The period
    of lists of the year is the year.  There is none of a file without good rows, which
    is not loaded.
    """
    rejected = spoken.rejected_rows.drop_nulls("reference")
    pairs = _periods(spoken, rejected)
    if pairs.height and spoken.lists_year:
        pairs = listed_before(cursor, pairs, spoken)
    if not spoken.periods or not pairs.height:
        return pl.DataFrame(schema={"treaty": pl.Int64})
    if spoken.ledger == "claims":
        told = lacked_claims(cursor, pairs, number=spoken.number, sender=spoken.sender)
        told = told.join(present, on=["position", "period_end"], how="anti")
        told = told.rename({"claim": "record"})
    else:
        told = premiums_told(cursor, pairs, spoken)
        told = told.join(present, left_on="record", right_on="entry", how="anti")
    return (
        _beyond_rejected(told, rejected, spoken)
        .group_by("treaty", "number")
        .agg(
            ends=pl.col("period_end").unique().sort(), count=pl.col("record").n_unique()
        )
        .sort("number", "treaty")
    )


def _periods(spoken: Spoken, rejected: pl.DataFrame) -> pl.DataFrame:
    """Contracts that rejected rows name, and periods that any row is for."""
    own = spoken.own_ends.rename({"own_end": "period_end"})
    theirs = rejected.select("treaty", "period_end").drop_nulls()
    named = rejected.select("treaty").unique()
    return pl.concat([own, theirs]).unique().join(named, on="treaty", how="semi")


def _beyond_rejected(
    told: pl.DataFrame, rejected: pl.DataFrame, spoken: Spoken
) -> pl.DataFrame:
    """What rejected rows name, but what the row itself may be: one of its record."""
    key = [*_RECORD, "period"]
    told = told.with_columns(period=period_of("period_end", spoken))
    rejected = rejected.with_columns(period=period_of("period_end", spoken))
    unclear = rejected.filter(pl.col("period").is_null()).select(_RECORD).unique()
    exact = told.join(rejected.drop_nulls("period"), on=key, how="semi")
    named = pl.concat([exact, told.join(unclear, on=_RECORD, how="semi")]).unique()
    return named.filter(pl.len().over(key) > 1)


def sentences_of_kept(
    kept: pl.DataFrame, names: Mapping[int, str], *, what: str
) -> Iterator[str]:
    """What to say of :func:`kept_by_rejected`; ``what``: claim or premium."""
    for row in kept.iter_rows(named=True):
        noun = f"{row['count']:,} {what}{'s' * (row['count'] > 1)}"
        name, ends = names[row["treaty"]], in_words(row["ends"])
        yield _STAYS.format(name, row["number"], noun, ends)
