"""Rules of a row, asked of what would stand in the books after the load.

A row that leaves a column out has what was told of it before: the two have to hold
together as the columns of one row have to.
"""

import polars as pl

from reinsurance.ledger.premium_columns import tells
from reinsurance.ledger.premium_standing import COLUMNS
from reinsurance.resources.issues import issues_at, no_issues
from reinsurance.resources.premium_rules import DERIVED_FROM, PREMIUM_RULES
from reinsurance.resources.premiums import PremiumEntryResource

WHY = " What the row leaves out is as the books have it."


def settled_issues(entries: pl.DataFrame) -> pl.DataFrame:
    """Rules that rows break together with what the books have of their entries."""
    rows = entries.filter(
        pl.col("later").is_null() & pl.col("was_id").is_not_null()
    ).with_columns(as_they_stand(entries))
    if not rows.height:
        return no_issues()
    told = set(entries.columns)
    whole = PremiumEntryResource().derive(rows)
    found = [no_issues()]
    for rule in PREMIUM_RULES:
        if not rule.needs <= set(whole.columns):
            continue
        sources = {s for n in rule.needs for s in DERIVED_FROM.get(n, (n,))}
        left_out = [f"leaves.{n}" for n in sources if f"leaves.{n}" in whole.columns]
        if not left_out:
            continue
        broken = whole.filter(pl.any_horizontal(left_out) & rule.broken)
        if broken.height:
            column = rule.column if rule.column in told else "gross_premium"
            found.append(
                issues_at(
                    broken,
                    column=column,
                    value=pl.col(column),
                    code=rule.code,
                    severity=rule.severity,
                    message=pl.concat_str(rule.text(), pl.lit(WHY)),
                )
            )
    return pl.concat(found)


def as_they_stand(entries: pl.DataFrame) -> list[pl.Expr]:
    """Columns as the row or else the books tell them; ``leaves.<column>``: the books.

    ``entries`` has ``was.<column>`` of all columns.
    """
    found = []
    for name in COLUMNS:
        was = pl.col(f"was.{name}")
        if name == "details":
            continue
        if name not in entries.columns:
            found += [was.alias(name), was.is_not_null().alias(f"leaves.{name}")]
            continue
        found += [
            pl.when(tells(name)).then(name).otherwise(was).alias(name),
            (~tells(name) & was.is_not_null()).alias(f"leaves.{name}"),
        ]
    return found
