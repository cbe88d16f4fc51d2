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
from reinsurance.ledger.claim_corrections import (
    CLAIMS,
    corrections_of,
    lacking_dropped,
)
from reinsurance.ledger.later_bases import told_otherwise
from reinsurance.ledger.settlement import Settlement
from reinsurance.ledger.statements import (
    live_statements,
)
from reinsurance.ledger.timelines import (
    MONEY,
    replaced_by_corrections,
    told_amounts,
)
from reinsurance.models import Load
from reinsurance.resources.conventions import Conventions
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
    cursor: Any, settlement: Settlement, *, number: int, conventions: Conventions
) -> tuple[Settlement, pl.DataFrame]:
    """The settlement, and warnings at rows that a later word overrules.

    Rows of which nothing holds are unchanged in it.  Inside a transaction.
    """
    newest = Load.objects.filter(record_type=CLAIMS, undone_at=None).aggregate(
        number=Max("number")
    )["number"]
    if (newest or 0) <= number or not settlement.statements.height:
        return settlement, no_issues()
    told = settlement.statements.with_columns(
        number=pl.lit(number, pl.Int64),
        sender=pl.lit(conventions.sender, pl.Int64),
        is_correction=pl.lit(conventions.is_correction),
    )
    live = live_statements(cursor, told["position"])
    later = live.filter(pl.col("number") > number)
    left_out = _left_out(cursor, settlement, told, later)
    speaking = told.join(left_out, on="row", how="anti")
    over = _overruled(speaking, replaced_by_corrections(later, told_amounts(later)))
    otherwise = told_otherwise(speaking, live, number)
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
        *_at_other_bases(otherwise),
    ]
    return _unchanged(settlement, over, otherwise), pl.concat(issues)


def _overruled(told: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Rows beside the last later word for each amount: ``<name>_later``, and who."""
    names = [n for n in ("status", *TOLD) if n in told.columns]
    later = later.with_columns(
        pl.lit(None, MONEY).alias(n) for n in names if n not in later.columns
    )
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
                    _who(f"row_{name}", f"number_{name}"),
                    plain(other) if is_money else other,
                    pl.lit("amount" if is_money else "status"),
                ),
            )
        )
    return found


def _who(row: str, number: str) -> pl.Expr:
    """In words: who told an amount later."""
    return (
        pl.when(pl.col(row) >= FIRST_ROW_BY_HAND)
        .then(pl.lit("A person, later than this file"))
        .otherwise(pl.format("Number {}, received later", number))
    )


def _at_other_bases(otherwise: pl.DataFrame) -> list[pl.DataFrame]:
    return [
        issues_at(
            rows.filter(~pl.col("is_equal")),
            column=_COLUMN_OF[name],
            value=pl.col("value"),
            code=CODE,
            severity="warning",
            message=pl.format(
                TOLD_LATER,
                _who("by", "number"),
                pl.col("stands"),
                pl.lit("amount"),
            ),
        )
        for (name,), rows in otherwise.group_by("name", maintain_order=True)
    ]


def _unchanged(
    settlement: Settlement, over: pl.DataFrame, otherwise: pl.DataFrame
) -> Settlement:
    """Rows of which no word holds, and whose claim stays as it is, change nothing."""
    names = [n for n in ("status", *TOLD) if n in over.columns]
    others = otherwise.group_by("row").agg(others=pl.col("name"))
    nothing = over.join(others, on="row", how="left").filter(
        pl.all_horizontal(
            pl.lit(value=True),
            *(
                pl.col(n).is_null()
                | pl.col(f"{n}_later").is_not_null()
                | pl.col("others").list.contains(n).fill_null(value=False)
                for n in names
            ),
        )
    )
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
    cursor: Any, settlement: Settlement, told: pl.DataFrame, later: pl.DataFrame
) -> pl.DataFrame:
    """``row`` and ``correction``: rows that a correction received later leaves out."""
    claims = settlement.claims.select("claim", "treaty", "reference")
    spoken = corrections_of(cursor, claims["treaty"], new=claims).filter(
        (pl.col("correction") > told["number"].min())
        & pl.col("sender").is_in(told["sender"].unique().implode(), nulls_equal=True)
    )
    mine = (
        told.select("row", *KEY, "number", "sender")
        .join(settlement.rows.select("row", "claim"), on="row")
        .join(claims.select("claim", "treaty"), on="claim")
    )
    every = pl.concat([later.select(mine.columns), mine])
    kept = lacking_dropped(every, spoken).join(mine, on=["row", "number"], how="semi")
    return (
        mine.join(kept, on="row", how="anti")
        .join(spoken, on=["treaty", "period_end"])
        .group_by("row")
        .agg(pl.col("correction").max())
        .sort("row")
    )
