"""What a told year of account says of the contract that a register's row means."""

import polars as pl

from reinsurance.resources.issues import issues_at, no_issues

YEAR = "year_of_account"
OTHER_YEAR = "__other_year"


def by_year(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of each key without inception: the renewal of its year, if that says which.

    ``pairs`` are keys (``n``) beside the contracts that they fit (``was.<name>``).  A
    year chooses between renewals of one cedant that all tell inception and year: what
    is not known may be the year that is meant.  Added is ``__other_year``: several
    contracts fit the key, and none of them is of its year.
    """
    was = pl.col(f"was.{YEAR}")
    is_asked = pl.col(YEAR).is_not_null() & pl.col("inception").is_null()
    is_asked &= was.is_not_null().all().over("n")
    fits = (pl.col(YEAR) == was).fill_null(value=False)
    any_fits = fits.any().over("n")
    is_sure = pl.col("was.inception").is_not_null().all().over("n")
    is_sure &= pl.col("was.cedant").n_unique().over("n") == 1
    several = pl.len().over("n") > 1
    return pairs.with_columns(
        (is_asked & ~any_fits & several).alias(OTHER_YEAR)
    ).filter(~(is_asked & any_fits & is_sure) | fits)


def other_years(called: str) -> pl.Expr:
    """Why a row of a year that none of several contracts has is not clear."""
    return pl.format(
        "The row says year {}; the contracts “{}” of the books have others: {}. It may "
        "be a renewal: tell the cedant and the inception, or correct the year.",
        YEAR,
        "treaty_reference",
        called,
    )


def of_another_year(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a contract, by an untold inception, whose year or expiry is another.

    They may be of a renewal that is not in the books yet.
    """
    told = [n for n in ("year_of_account", "expiry") if n in rows.columns]
    differs = [
        (pl.col(n) != pl.col(f"was.{n}").cast(rows.schema[n])).fill_null(value=False)
        for n in told
    ]
    is_guess = pl.col("inception").is_null() | pl.col("was.inception").is_null()
    bad = rows.filter(is_guess & pl.any_horizontal(pl.lit(value=False), *differs))
    if not bad.height:
        return no_issues()

    def said(prefix: str) -> pl.Expr:
        parts = [
            pl.format(f"{words} {{}}", pl.col(prefix + n).cast(pl.String))
            for n, words in (("year_of_account", "year"), ("expiry", "expiry"))
            if n in told
        ]
        return pl.concat_str(parts, separator=", ", ignore_nulls=True)

    return issues_at(
        bad,
        column=told[0],
        value=pl.col(told[0]),
        code="contract_unclear",
        severity="error",
        message=pl.format(
            "The row says {}; contract “{}” of the books has {}, and one of the two "
            "has no inception. It may be a renewal: tell the inception in the row, and "
            "on the contract's page where it is missing there.",
            said(""),
            "treaty_reference",
            said("was."),
        ),
    )
