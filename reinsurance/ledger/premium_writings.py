"""Parts of a premium's key that are written otherwise than before: 1 and 01, UA and ua.

Whether they are one premium or two, somebody has to say.
"""

import polars as pl

from reinsurance.choices import PremiumTransaction
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.premium_keys import FIRM, PARTS, fitting, is_untold
from reinsurance.ledger.written_parts import plain_part
from reinsurance.resources.base import UNTOLD
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

TEXTS = [name for name in PARTS if name != "instalment_number"]


def written_otherwise(
    rows: pl.DataFrame, known: pl.DataFrame, conventions: Conventions
) -> pl.DataFrame:
    """Issues of rows that are others but for how parts of their key are written.

    A correction takes the place of what its sender told, however that was written.
    """
    standing = known.filter("is_standing")
    if conventions.is_correction:
        is_own = pl.col("sender").eq_missing(pl.lit(conventions.sender))
        standing = standing.filter(~is_own)
    keys = [*FIRM, *PARTS]
    mine = rows.select("row", *keys)
    theirs = pl.concat([mine.drop("row"), standing.select(keys)]).unique()
    told_before = mine.join(
        standing.select(keys), on=keys, how="anti", nulls_equal=True
    )
    pairs = [_pairs(told_before, theirs, name) for name in TEXTS]
    columns = ["row", "section", "here", "there"]
    found = pl.concat(p.select(columns) for p in pairs).unique(
        "row", keep="first", maintain_order=True
    )
    if not found.height:
        return no_issues()
    return issues_at(
        found.sort("row"),
        column="section",
        value=pl.col("section"),
        code="premium_unclear",
        severity="error",
        message=pl.format(
            "“{}” here and “{}” in the books or in another row of the file may be the "
            "same certificate, section or risk code. Write it as before; two that are "
            "not the same have to differ by more than capitals and zeros.",
            "here",
            "there",
        ),
    )


def of_another_type(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Issues of rows without a type, of premium that the books have under another.

    Without a type premium is an original one, where nothing speaks for another: also
    beside an original one, another of the same may be meant.
    """
    untold = f"{UNTOLD}transaction_type"
    if untold not in rows.columns:
        return no_issues()
    firm = [n for n in FIRM if n not in {"transaction_type", "same_start"}]
    theirs = known.filter("is_standing").select(*firm, *PARTS, there="transaction_type")
    mine = rows.filter(untold).select("row", *firm, *PARTS)
    others = theirs.filter(pl.col("there") != PremiumTransaction.ORIGINAL).unique()
    if not others.height:
        return no_issues()
    pairs = fitting(mine, others, firm)
    found = pairs.unique("row", keep="first", maintain_order=True)
    labels = {value: str(label) for value, label in PremiumTransaction.choices}
    return issues_at(
        found.sort("row"),
        column="transaction_type",
        value=None,
        code="premium_unclear",
        severity="error",
        message=pl.format(
            "The row does not tell the type; the books have this premium as “{}”. "
            "Write the type: another one is premium beside it.",
            pl.col("there").replace(labels),
        ),
    )


def require_one_writing(back: pl.DataFrame, standing: pl.DataFrame) -> None:
    """Raise CountsTwiceError where entries come back beside such others."""
    columns = [*FIRM, *PARTS]
    others = standing.select(*columns, "number")
    for name in TEXTS:
        pairs = _pairs(back.select("row", *columns), others, name)
        if not pairs.height:
            continue
        pair = pairs.sort("number").row(-1, named=True)
        raise CountsTwiceError(
            f"Premium may count twice: “{pair['here']}” would come back beside "
            f"“{pair['there']}” of number {pair['number']}, which may be the same "
            f"certificate, section or risk code. Undo number {pair['number']} first."
        )


def _pairs(mine: pl.DataFrame, theirs: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows beside one in which the part is written otherwise, and no other differs."""
    others = theirs.with_columns(__plain=plain_part(name))
    return (
        mine.filter(~is_untold(name))
        .with_columns(__plain=plain_part(name))
        .join(others, on=[*FIRM, "__plain"], nulls_equal=True, suffix="_other")
        .filter(
            pl.col(name) != pl.col(f"{name}_other"),
            pl.all_horizontal(
                is_untold(n)
                | is_untold(f"{n}_other")
                | (pl.col(n) == pl.col(f"{n}_other"))
                | (_plain_pair(n) if n in TEXTS else pl.lit(value=False))
                for n in PARTS
            ),
        )
        .with_columns(here=pl.col(name), there=pl.col(f"{name}_other"))
    )


def _plain_pair(name: str) -> pl.Expr:
    return plain_part(name) == plain_part(f"{name}_other")
