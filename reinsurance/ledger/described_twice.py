"""Rows of one claim in one file that describe it differently.

A claim has one event, insured, date of loss: of the rows of a period the last one
counts, whatever sections they are about.  The others say so.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from reinsurance.ledger.descriptions import FIELDS, is_told
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import LossEvent
from reinsurance.resources.issues import no_issues

_OF_POSITIONS = ("description", "date_closed")
"""What may well differ from section to section: nothing is said of it."""
_KEY = ["claim", "__period_end"]


def described_twice(
    every: pl.DataFrame, good: pl.DataFrame, labels: Mapping[str, str]
) -> pl.DataFrame:
    """Warnings of rows whose claim another row of the same period describes.

    ``every``: rows that hold; ``good``: those of them that count, one of rows that add
    up.
    """
    fields = [n for n in FIELDS if n in every.columns and n not in _OF_POSITIONS]
    shared = every.filter(pl.col("claim").is_duplicated()).select("row", *_KEY, *fields)
    if not fields or not shared.height:
        return no_issues()
    counts = good.select("position", "__period_end")
    counting = every.join(counts, on=counts.columns, how="semi", nulls_equal=True)
    told = _told_last(counting, shared["claim"], fields)
    beside = shared.join(told, on=_KEY, nulls_equal=True, maintain_order="left")
    return pl.concat([no_issues(), *(_differing(beside, n, labels[n]) for n in fields)])


def _told_last(
    good: pl.DataFrame, claims: pl.Series, fields: Sequence[str]
) -> pl.DataFrame:
    """By claim and period: what the last row that tells a field says, and its row."""
    mine = good.filter(pl.col("claim").is_in(claims.unique().implode())).sort("row")
    return mine.group_by(_KEY, maintain_order=True).agg(
        column
        for n in fields
        for column in (
            pl.col(n).filter(is_told(n)).last().alias(f"its_{n}"),
            pl.col("row").filter(is_told(n)).last().alias(f"row_{n}"),
        )
    )


def _differing(beside: pl.DataFrame, name: str, label: str) -> pl.DataFrame:
    """Rows that tell the field otherwise than the one that counts, case apart."""
    own, its = (pl.col(n).cast(pl.String) for n in (name, f"its_{name}"))
    rows = beside.filter(
        is_told(name), own.str.to_lowercase() != its.str.to_lowercase()
    )
    if not rows.height:
        return no_issues()
    if name == "loss_event":
        keys = {*rows[name].to_list(), *rows[f"its_{name}"].to_list()}
        codes = LossEvent.objects.filter(pk__in=keys).values_list("pk", "code")
        called = {str(key): code for key, code in codes}
        own, its = (text.replace(called) for text in (own, its))
    return rule_issue(
        rows,
        "claim_described_twice",
        "warning",
        name,
        pl.format(
            f"{label}: the row tells “{{}}”. A claim has one, and of its rows for this "
            "period row {} counts, “{}”. If they are two losses, they need two claim "
            "references.",
            own,
            f"row_{name}",
            its,
        ),
    )
