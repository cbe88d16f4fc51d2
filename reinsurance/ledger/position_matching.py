"""Which position of its claim each row is about.

An untold part of a key is no value: it matches the one position that fits, and is
filled in when it is told; where several fit, or one comes under a name that only looks
like another, somebody has to say which.
"""

from dataclasses import dataclass

import polars as pl

from reinsurance.ledger.descriptions import PARTS
from reinsurance.ledger.written_parts import plain_part
from reinsurance.resources.issues import issues_at, no_issues

_KEY = ("claim", *PARTS, "currency")


@dataclass(frozen=True, slots=True)
class Matched:
    """Rows with ``position`` (null: a new one; see ``fills``) and what is unclear.

    ``fills``: ``position``, ``section``, ``risk_code`` of positions whose untold parts
    rows tell.
    """

    rows: pl.DataFrame
    issues: pl.DataFrame
    fills: pl.DataFrame


def match_positions(
    rows: pl.DataFrame, positions: pl.DataFrame, *, several_currencies: bool
) -> Matched:
    """Which position each row is about.

    ``rows``: ``row``, ``claim`` (null: new), ``section``, ``risk_code``, ``currency``,
    ``__period_end``.
    """
    exact = rows.join(
        positions.select(*_KEY, "position", "stands"),
        on=_KEY,
        how="left",
        maintain_order="left",
    )
    standing = positions.filter("stands")
    # A position that does not stand is one more only where no other fits.
    fits = _fitting(exact.filter(pl.col("stands").ne_missing(other=True)), standing)
    chosen = fits.group_by("row").agg(
        pl.col("fitting").first(),
        pl.len().alias("count"),
        *(pl.col(n).first() for n in PARTS),
        *(pl.col(f"its_{n}").first() for n in PARTS),
    )
    # A position that one row fills in and another one fills in otherwise is unclear.
    filled = chosen.filter(
        (pl.col("count") == 1)
        & pl.any_horizontal(
            (pl.col(n) != pl.col(f"its_{n}")) & (pl.col(n) != "") for n in PARTS
        )
    ).with_columns(pl.struct(PARTS).n_unique().over("fitting").alias("versions"))
    fitted = exact.join(
        chosen.select("row", "fitting"), on="row", how="left", maintain_order="left"
    ).with_columns(
        position=pl.when("stands")
        .then("position")
        .otherwise(pl.coalesce("fitting", "position"))
    )
    others = fitted.filter(
        pl.col("fitting").is_null() & pl.col("stands").ne_missing(other=True)
    )
    unclear = pl.concat(
        [
            filled.filter(pl.col("versions") > 1).select("row"),
            chosen.filter(pl.col("count") > 1).select("row"),
            _untold_beside(exact, standing),
            # Of a new section that is written like one that stands.
            _like(others, standing),
            _alike_in_file(others),
        ]
    ).unique(maintain_order=True)
    issues = [_unclear(rows.join(unclear, on="row", how="semi", maintain_order="left"))]
    matched = fitted.drop("fitting", "stands")
    if not several_currencies:
        issues.append(currency_changed(matched, standing))
    fills = (
        filled.filter(pl.col("versions") == 1)
        .select(
            pl.col("fitting").alias("position"),
            *(
                pl.when(pl.col(n) != "").then(n).otherwise(f"its_{n}").alias(n)
                for n in PARTS
            ),
        )
        .unique("position")
    )
    return Matched(matched, pl.concat(issues), fills)


def _fitting(rows: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Rows and each standing position (``fitting``) that has what they tell."""
    theirs = standing.select(
        "claim",
        "currency",
        pl.col("position").alias("fitting"),
        *(pl.col(n).alias(f"its_{n}") for n in PARTS),
    )
    return (
        rows.select("row", *_KEY)
        .join(theirs, on=["claim", "currency"])
        .filter(
            pl.all_horizontal(
                (pl.col(n) == pl.col(f"its_{n}"))
                | (pl.col(n) == "")
                | (pl.col(f"its_{n}") == "")
                for n in PARTS
            )
        )
    )


def _untold_beside(exact: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """``row`` of rows that fit a position without their parts, and another as well.

    An untold part is no value: only beside a row of the file that tells of the other
    is it clear which of the two is meant.
    """
    told = exact.filter(pl.col("stands").fill_null(value=False))
    untold = told.filter(pl.any_horizontal(pl.col(n) == "" for n in PARTS))
    if not untold.height:
        return untold.select("row")
    own = untold.select("row", "position", "__period_end")
    others = told.select(pl.col("position").alias("fitting"), "__period_end")
    return (
        _fitting(untold, standing)
        .join(own, on="row")
        .filter(pl.col("fitting") != pl.col("position"))
        .join(others, on=["fitting", "__period_end"], how="anti", nulls_equal=True)
        .select("row")
        .unique(maintain_order=True)
    )


def _like(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """``row`` of rows whose parts are, written otherwise or untold, another's."""
    names = [f"__{n}" for n in PARTS]
    mine = rows.select("row", *_KEY, *(plain_part(n).alias(f"__{n}") for n in PARTS))
    theirs = others.select(_KEY).with_columns(
        plain_part(n).alias(f"__{n}") for n in PARTS
    )
    return (
        mine.join(theirs.unique(), on=["claim", "currency"], suffix="_other")
        .filter(
            pl.all_horizontal(
                (pl.col(n) == pl.col(f"{n}_other"))
                | (pl.col(n) == "")
                | (pl.col(f"{n}_other") == "")
                for n in names
            )
            & pl.any_horizontal(pl.col(n) != pl.col(f"{n}_other") for n in PARTS)
        )
        .select("row")
        .unique(maintain_order=True)
    )


def _alike_in_file(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of one claim that may be of one new position or of several."""
    several = rows.select(_KEY).unique().group_by("claim", "currency").len()
    several = several.filter(pl.col("len") > 1)
    mine = rows.join(several, on=["claim", "currency"], how="semi")
    return _like(mine, mine)


def _unclear(rows: pl.DataFrame) -> pl.DataFrame:
    """The issue of rows that may be about more than one position."""
    return issues_at(
        rows,
        column="section",
        value=pl.col("section"),
        code="position_unclear",
        severity="error",
        message=pl.lit(
            "The claim has money under other sections or risk codes, in the books or "
            "in this file, and it is not clear which of it this row tells anew. Write "
            "the section and the risk code in every row, as before. If the books have "
            "it without, and it is several: undo the files that told it so, and hand "
            "them in again with both."
        ),
    )


def currency_changed(rows: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Rows of a claim in a currency that neither books nor the file list beside it."""
    known = standing.group_by("claim").agg(
        pl.col("currency").unique().sort().alias("known")
    )
    told = rows.group_by("claim", "__period_end").agg(
        pl.col("currency").unique().alias("listed")
    )
    changed = (
        rows.select("row", "claim", "currency", "__period_end")
        .join(known, on="claim")
        .join(told, on=["claim", "__period_end"], nulls_equal=True)
        .filter(
            ~pl.col("currency").is_in(pl.col("known"))
            & (pl.col("known").list.set_intersection("listed").list.len() == 0)
        )
    )
    if not changed.height:
        return no_issues()
    return issues_at(
        changed,
        column="currency",
        value=pl.col("currency"),
        code="currency_changed",
        severity="error",
        message=pl.format(
            "The claim stands in {} in the books and comes in {} now. Correct the "
            "currency; if the one in the books is wrong, undo the files that told it, "
            "first. If the claim has both, list both in one file, or allow several "
            "currencies for the sender.",
            pl.col("known").list.join(", "),
            "currency",
        ),
    )
