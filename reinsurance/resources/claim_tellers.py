"""Rows of claims that name no cedant, beside rows of their file that name another.

A claim in the books says which of several contracts of one number a row means.  It
does not where the same file tells a claim of that reference under the number of another
cedant: nobody can say which of the two the row is about, and it is asked.
"""

import polars as pl

from reinsurance.resources.contract_candidates import candidates, comparable, in_words
from reinsurance.resources.contracts import REFERENCE
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import ROW, issues_at

CEDANT = "treaty_cedant"
NEEDED = frozenset({CEDANT, "claim_reference", REFERENCE})
_TOLD = {
    "year_of_account": pl.Int64(),
    "treaty_inception": pl.Date(),
    CEDANT: pl.Int64(),
}
_PLACE = ("key", "cedant", "inception", "contract_year")


def tellers(
    texts: pl.DataFrame, located: pl.DataFrame, conventions: Conventions
) -> pl.DataFrame:
    """What :func:`unplaced` looks at, of a chunk of claims that tells cedants.

    ``texts``: row and reference as written; ``located``: the chunk with the contracts
    that its rows mean.  Numbers of one contract alone are left out: they name it.
    """
    told = [
        (pl.col(name) if name in located.columns else pl.lit(None))
        .cast(dtype)
        .alias(name)
        for name, dtype in _TOLD.items()
    ]
    rows = located.select(
        ROW, *told, claim="claim_reference", key=pl.col(REFERENCE).cast(pl.Int64)
    ).join(texts.select(ROW, text=REFERENCE), on=ROW, maintain_order="left")
    rows = rows.filter((pl.col("claim") != "") & (pl.col("text") != ""))
    numbers = rows["text"].unique().to_list()
    known = candidates(numbers, conventions)
    several = known.filter((pl.len().over("text") > 1) & ~pl.col("is_answer"))
    rows = rows.filter(pl.col("text").is_in(several["text"].unique().implode()))
    bare = {text: comparable(text) for text in numbers}
    places = known.select(_PLACE).unique("key")
    rows = rows.with_columns(
        number=pl.col("text").replace_strict(bare, return_dtype=pl.String)
    )
    rows = rows.join(places, on="key", how="left", maintain_order="left")
    silent = pl.col(CEDANT).is_null()
    return pl.concat(
        [
            rows.filter(silent & pl.col("key").is_not_null()),
            rows.filter(~silent).unique(
                ["claim", "number", CEDANT, "key"], maintain_order=True
            ),
        ]
    )


def unplaced(rows: pl.DataFrame) -> pl.DataFrame:
    """``several_treaties`` at rows without a cedant, by the rows of the whole file.

    A row that tells an inception or a year of account says which contract it means
    where the other one has another.
    """
    silent = rows.filter(pl.col(CEDANT).is_null())
    others = rows.filter(pl.col(CEDANT).is_not_null()).select(
        "claim", "number", told=CEDANT, **{f"other_{name}": name for name in _PLACE}
    )
    differs = [
        pl.col(said) != pl.col(f"other_{has}")
        for said, has in (
            ("treaty_inception", "inception"),
            ("year_of_account", "contract_year"),
        )
    ]
    is_other = pl.coalesce(
        pl.col("key") != pl.col("other_key"), pl.col("cedant") != pl.col("told")
    ).fill_null(value=True)
    pairs = silent.join(others, on=["claim", "number"]).filter(
        is_other, *(~x.fill_null(value=False) for x in differs)
    )
    return issues_at(
        pairs.unique(ROW, maintain_order=True).sort(ROW),
        column=REFERENCE,
        value=pl.col("text"),
        code="several_treaties",
        severity="error",
        message=pl.format(
            "Claim “{}” stands under contract “{}” of {}, and this file tells a claim "
            "of that reference under the number of another cedant as well. The row "
            "does not say which. Name the cedant, or pick the contract.",
            "claim",
            "text",
            in_words(pairs, cedant="cedant", inception="inception"),
        ),
    )
