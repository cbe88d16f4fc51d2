"""Premiums that would not add up any more beside what stood before of them.

A row that leaves a rate out is held against the one that files before its own told.
Where another rate takes its place, at an undo or by a row that comes late, the amounts
of the row may not add up any more.
"""

from collections.abc import Iterable

import polars as pl

from reinsurance.ledger.premium_columns import labels
from reinsurance.ledger.premium_lines import LINE, cells_of_lines
from reinsurance.ledger.premium_restating import is_last
from reinsurance.ledger.premium_settled_rules import broken_rules
from reinsurance.ledger.premium_standing import COLUMNS, GROUP, has_bit
from reinsurance.resources.premiums import PremiumEntryResource

_ADDS_UP = "net_does_not_add_up"
"""A warning at a row, and yet a rule of amounts that were told together."""
_FOUND = {
    **{"number": pl.Int64(), "code": pl.String(), "severity": pl.String()},
    **{"left": pl.List(pl.String()), "said": pl.String()},
}


def broken_ever(pairs: Iterable[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """Premiums that break a rule and kept it before, by what their row leaves out.

    ``pairs`` as of :func:`premium_mixing.now_and_then`.  ``number`` told the premium
    last and leaves the columns ``left`` out; ``said``: what does not hold, ``code`` and
    ``severity`` as of the rule.
    """
    found = []
    for now, was in pairs:
        broken = _broken(now)
        if broken.height:
            key = [*GROUP, "code"]
            broken = broken.join(_broken(was), on=key, how="anti", nulls_equal=True)
        found.append(broken)
    return pl.concat(found, how="vertical_relaxed")


def listed(names: pl.Expr) -> pl.Expr:
    """Columns, a list of names, as a clerk reads them."""
    quoted = pl.format("“{}”", pl.element().replace(labels()))
    return names.list.eval(quoted).list.join(", ")


def _broken(live: pl.DataFrame) -> pl.DataFrame:
    """Premiums that break a rule by what the row that told them last leaves out."""
    last = live.filter(is_last()).select(
        *(*GROUP, LINE, "number"),
        *((~has_bit(n)).alias(f"leaves.{n}") for n in COLUMNS),
    )
    line = [*GROUP, LINE]
    cells = cells_of_lines(live.select(pl.exclude("number")))
    rows = last.join(cells, on=line, nulls_equal=True, maintain_order="left")
    rows = rows.with_columns(
        pl.col(f"leaves.{n}") & pl.col(n).is_not_null() for n in COLUMNS
    )
    schema = {**{n: rows.schema[n] for n in GROUP}, **_FOUND}
    found = [pl.DataFrame(schema=schema)]
    for rule, names, broken in broken_rules(PremiumEntryResource().derive(rows)):
        if rule.severity != "error" and rule.code != _ADDS_UP:
            continue
        left = [pl.when(f"leaves.{n}").then(pl.lit(n)) for n in names]
        found.append(
            broken.select(
                *(*GROUP, "number"),
                code=pl.lit(rule.code),
                severity=pl.lit(rule.severity),
                left=pl.concat_list(left).list.drop_nulls(),
                said=rule.text().str.split(". ").list.first().str.strip_chars_end("."),
            )
        )
    return pl.concat(found)
