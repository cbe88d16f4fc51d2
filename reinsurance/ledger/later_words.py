"""Rows whose word does not hold: something received later tells of the same period.

Received order decides, whenever a file is loaded.  So a file that waited, and is loaded
after a later one or after an amount told by hand, may change nothing: a warning says it
at the row, with who stands.  Of premium: :mod:`premium_later_words`.
"""

from dataclasses import replace
from typing import Any

import polars as pl
from django.db.models import Max

from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND, TOLD
from reinsurance.ledger.beside import plain
from reinsurance.ledger.settlement import Settlement
from reinsurance.ledger.statements import (
    CLAIMS,
    corrections_of,
    lacking_dropped,
    live_statements,
)
from reinsurance.models import Load
from reinsurance.resources.issues import issues_at, no_issues
from reinsurance.resources.positions import STATEMENT_OF

CODE = "later_word_stands"
KEY = ["position", "period_end"]
_COLUMN_OF = {own: column for column, own in STATEMENT_OF.items()}
LEFT_OUT_LATER = (
    "{}, a correction received later, leaves this out for the period, and that stands: "
    "the row changes nothing. If the row is right, hand it in once more."
)
TOLD_LATER = (
    "{}, tells {} for the same period, and that stands: this {} does not count. If it "
    "is right, hand it in once more."
)


def later_claims(
    cursor: Any, settlement: Settlement, *, number: int, sender: int | None
) -> tuple[Settlement, pl.DataFrame]:
    """The settlement, and warnings at rows that a later word overrules.

    Rows of which nothing holds are unchanged in it.  Inside a transaction.
    """
    newest = Load.objects.filter(record_type=CLAIMS, undone_at=None).aggregate(
        number=Max("number")
    )["number"]
    told = settlement.statements
    if (newest or 0) <= number or not told.height:
        return settlement, no_issues()
    later = live_statements(cursor, told["position"]).filter(pl.col("number") > number)
    left_out = _left_out(cursor, settlement, later, number=number, sender=sender)
    over = _overruled(told.join(left_out, on="row", how="anti"), later)
    issues = [
        issues_at(
            left_out,
            column="claim_reference",
            value=None,
            code=CODE,
            severity="warning",
            message=pl.format(LEFT_OUT_LATER, pl.format("Number {}", "correction")),
        ),
        *_at_amounts(over),
    ]
    return _unchanged(settlement, over), pl.concat(issues)


def _overruled(told: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Rows beside the last later word for each amount: ``<name>_later``, and who."""
    names = [n for n in ("status", *TOLD) if n in told.columns and n in later.columns]
    tells_it = {n: pl.col(n).is_not_null() for n in names}
    last = (
        later.sort("number", "row")
        .group_by(KEY, maintain_order=True)
        .agg(
            *(pl.col(n).filter(tells_it[n]).last().alias(f"{n}_later") for n in names),
            *(
                pl.col(who).filter(tells_it[n]).last().alias(f"{who}_{n}")
                for n in names
                for who in ("number", "row")
            ),
        )
    )
    return told.select("row", *KEY, *names).join(
        last, on=KEY, nulls_equal=True, maintain_order="left"
    )


def _at_amounts(over: pl.DataFrame) -> list[pl.DataFrame]:
    found = []
    for name in [n for n in ("status", *TOLD) if n in over.columns]:
        here = over.filter(pl.col(name) != pl.col(f"{name}_later"))
        is_money = name != "status"
        other = pl.col(f"{name}_later")
        found.append(
            issues_at(
                here,
                column=_COLUMN_OF.get(name, "claim_status"),
                value=pl.col(name),
                code=CODE,
                severity="warning",
                message=pl.format(
                    TOLD_LATER,
                    _who(name),
                    plain(other) if is_money else other,
                    pl.lit("amount" if is_money else "status"),
                ),
            )
        )
    return found


def _who(name: str) -> pl.Expr:
    """In words: who told an amount later."""
    return (
        pl.when(pl.col(f"row_{name}") >= FIRST_ROW_BY_HAND)
        .then(pl.lit("A person, later than this file"))
        .otherwise(pl.format("Number {}, received later", f"number_{name}"))
    )


def _unchanged(settlement: Settlement, over: pl.DataFrame) -> Settlement:
    """Rows of which no word holds, and whose claim stays as it is, change nothing."""
    names = [n for n in ("status", *TOLD) if n in over.columns]
    silent = [n for n in TOLD if n in settlement.statements.columns and n not in names]
    speaking = settlement.statements.filter(
        pl.any_horizontal(
            pl.lit(value=False), *(pl.col(n).is_not_null() for n in silent)
        )
    )
    nothing = over.filter(
        pl.all_horizontal(
            pl.lit(value=True),
            *(pl.col(n).is_null() | pl.col(f"{n}_later").is_not_null() for n in names),
        )
    ).join(speaking, on="row", how="anti")
    moved = settlement.claims.filter(pl.col("is_changed") | ~pl.col("stands"))
    is_over = pl.col("row").is_in(nothing["row"].implode()) & ~pl.col("claim").is_in(
        moved["claim"].implode()
    )
    rows = settlement.rows.with_columns(
        pl.when(is_over & (pl.col("__action") == "updated"))
        .then(pl.lit("unchanged"))
        .otherwise("__action")
        .alias("__action")
    )
    return replace(settlement, rows=rows)


def _left_out(
    cursor: Any,
    settlement: Settlement,
    later: pl.DataFrame,
    *,
    number: int,
    sender: int | None,
) -> pl.DataFrame:
    """``row`` and ``correction``: rows that a correction received later leaves out."""
    claims = settlement.claims.select("claim", "treaty", "reference")
    spoken = corrections_of(cursor, claims["treaty"], new=claims).filter(
        (pl.col("correction") > number) & pl.col("sender").eq_missing(pl.lit(sender))
    )
    mine = (
        settlement.statements.select("row", *KEY)
        .join(settlement.rows.select("row", "claim"), on="row")
        .join(claims.select("claim", "treaty"), on="claim")
        .with_columns(number=pl.lit(number, pl.Int64), sender=pl.lit(sender, pl.Int64))
    )
    every = pl.concat([later.select(mine.columns), mine])
    kept = lacking_dropped(every, spoken).filter(pl.col("number") == number)
    return (
        mine.join(kept, on="row", how="anti")
        .join(spoken, on=["treaty", "period_end"])
        .group_by("row")
        .agg(pl.col("correction").max())
        .sort("row")
    )
