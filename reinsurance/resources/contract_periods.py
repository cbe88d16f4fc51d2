"""Contracts of one cedant and number that run at the same time.

Renewals follow each other.  A mistyped inception or number makes a second contract of
the one that is meant, and its claims and premium stand in two places.
"""

import polars as pl

from reinsurance.models import Treaty
from reinsurance.resources.contract_candidates import alike, comparable, in_words
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import ROW, issues_at, no_issues
from reinsurance.visibility import of_cedants

_CONTRACT = {
    "treaty": pl.Int64(),
    "treaty_reference": pl.String(),
    "cedant": pl.Int64(),
    "inception": pl.Date(),
    "expiry": pl.Date(),
}


def overlap_issues(
    contracts: pl.DataFrame, *, conventions: Conventions
) -> pl.DataFrame:
    """Breaches ``contracts_overlap``, each at the later row of the two.

    ``contracts`` has the rows that name contracts, as they stand after the load:
    ``row``, ``treaty`` (the key, or what tells a new one from others),
    ``treaty_reference`` (text), ``cedant`` (key), ``inception`` and ``expiry``, where
    an untold one is that of the books.  A renewal may begin on the day of the expiry.
    """
    told = contracts.group_by("treaty", maintain_order=True).agg(
        pl.col(ROW).min(),
        *(pl.col(n).drop_nulls().first() for n in list(_CONTRACT)[1:]),
    )
    told = told.filter(pl.col("treaty_reference") != "").cast(_CONTRACT)  # type: ignore[arg-type]
    if not told.height:
        return no_issues()
    books = _books(told["treaty_reference"].unique().to_list(), conventions)
    was = books.select("treaty", was=pl.col("expiry"))
    told = told.join(was, on="treaty", how="left", maintain_order="left")
    told = told.with_columns(pl.coalesce("expiry", "was").alias("expiry"))
    told = _with_range(told.select(ROW, *_CONTRACT))
    others = _with_range(books.join(told, on="treaty", how="anti"))
    others = pl.concat([told, others], how="diagonal")
    pairs = told.join(others, on="same", suffix="_other").filter(
        pl.col("treaty") != pl.col("treaty_other"),
        (pl.col("cedant") == pl.col("cedant_other")).fill_null(value=True),
        (pl.col(ROW) > pl.col("row_other")).fill_null(value=True),
        pl.col("since") < pl.col("until_other"),
        pl.col("since_other") < pl.col("until"),
    )
    return _said(pairs)


def _books(texts: list[str], conventions: Conventions) -> pl.DataFrame:
    """Contracts of these references, whatever their case and blanks."""
    seen = alike(of_cedants(Treaty.objects.all(), conventions.cedants), texts)
    rows = {row[0]: row for found in seen.values() for row in found}
    return pl.DataFrame(
        [
            (key, reference, cedant, inception, expiry)
            for key, reference, cedant, _, _, inception, expiry, _ in rows.values()
        ],
        schema=_CONTRACT,
        orient="row",
    )


def _with_range(contracts: pl.DataFrame) -> pl.DataFrame:
    """With the period, a year where one end is not told, and what is one number."""
    texts = contracts["treaty_reference"].to_list()
    inception, expiry = pl.col("inception"), pl.col("expiry")
    return contracts.with_columns(
        pl.Series("same", [comparable(text) for text in texts], dtype=pl.String),
        since=pl.coalesce(inception, expiry.dt.offset_by("-1y").dt.offset_by("1d")),
        until=pl.coalesce(expiry, inception.dt.offset_by("1y").dt.offset_by("-1d")),
    )


def _said(pairs: pl.DataFrame) -> pl.DataFrame:
    """An issue for each contract that runs beside others, with their names."""
    if not pairs.height:
        return no_issues()
    name = pl.format(
        "“{}” of {}",
        "treaty_reference_other",
        in_words(pairs, cedant="cedant_other", inception="inception_other"),
    )
    own = in_words(pairs, cedant="cedant", inception="inception")
    # By name, not by key: a new contract has another key once it is loaded.
    named = pairs.with_columns(__own=own, __name=name).sort(
        ROW, "since_other", "__name"
    )
    rows = named.group_by(ROW, maintain_order=True).agg(
        pl.col("treaty_reference", "inception", "__own").first(),
        pl.col("__name").head(6).str.join(", "),
    )
    return issues_at(
        rows,
        column="inception",
        value=pl.col("inception"),
        code="contracts_overlap",
        severity="breach",
        message=pl.format(
            "Contract “{}” of {} runs at the same time as {}. Is it the same contract? "
            "Then correct the inception or the reference.",
            "treaty_reference",
            "__own",
            "__name",
        ),
    )
