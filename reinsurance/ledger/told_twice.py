"""A position and period told twice in one file: added up, or held out."""

import polars as pl

from reinsurance.ledger.actions import CREATED, UPDATED
from reinsurance.ledger.amounts import (
    PAID,
    PREVIOUSLY,
    THIS_PERIOD,
    TO_DATE,
    TOLD,
    label_of,
    told_as,
)
from reinsurance.ledger.claim_statuses import open_statuses
from reinsurance.ledger.descriptions import FIELDS, PARTS, is_told
from reinsurance.ledger.further_details import merged
from reinsurance.resources.issues import issues_at, no_issues


def told_twice(rows: pl.DataFrame, *, adds: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows about one position and period: added up where the source says so.

    Otherwise rows that differ are all held out, and of equal ones all but the first.
    Rows are not added up of which some leave out what others tell of the position.
    """
    key = ["position", "__period_end"]
    if rows.select(pl.struct(key).is_unique().all()).item():
        return rows, no_issues()
    amounts = [name for name in TOLD if name in rows.columns]
    if adds:
        unclear = [
            *(_some_untold(rows, key), _other_starts(rows, key)),
            _other_bases(rows, key),
        ]
        return _added(rows, key, amounts), pl.concat(unclear)
    content = [n for n in rows.columns if n not in {"row", *key}]
    shared = rows.filter(pl.struct(key).is_duplicated()).with_columns(
        versions=pl.struct(content).n_unique().over(key),
        first=pl.col("row").min().over(key),
        others=pl.col("row").cast(pl.String).str.join(", ").over(key),
    )
    torn = shared.filter(pl.col("versions") > 1)
    again = shared.filter(
        (pl.col("versions") == 1) & (pl.col("row") != pl.col("first"))
    )
    return rows, pl.concat(
        [
            issues_at(
                torn,
                column="claim_reference",
                value=None,
                code="conflicting_rows",
                severity="error",
                message=pl.format(
                    "Rows {} give different values for the same position and period. "
                    "Keep the right one.",
                    pl.col("others").str.slice(0, 80),
                ),
            ),
            issues_at(
                again,
                column="",
                value=None,
                code="duplicate_row",
                severity="error",
                message=pl.format(
                    "The row repeats row {}; it is not loaded twice.", pl.col("first")
                ),
            ),
        ]
    )


def of_added(issues: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """What is wrong with a sum of rows is wrong with each of them."""
    keys = rows.select("row", "position", "__period_end")
    named = keys.rename({"row": "of"})
    pairs = keys.join(named, on=["position", "__period_end"], nulls_equal=True)
    found = issues.join(pairs.select("row", "of"), on="row").with_columns(row="of")
    return found.select(issues.columns)


def with_added(settled: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Settled rows, with those of ``rows`` that were added to one of them.

    They do what it does, but only the first row creates a position.
    """
    added = rows.join(settled, on="row", how="anti")
    if not added.height:
        return settled
    firsts = settled.join(
        rows.select("row", "__period_end"), on="row", maintain_order="left"
    )
    action = pl.col("__action").replace({CREATED: UPDATED})
    return pl.concat(
        [
            settled,
            added.select("row", "position", "__period_end")
            .join(firsts.drop("row"), on=["position", "__period_end"], nulls_equal=True)
            .with_columns(action)
            .select(settled.columns),
        ]
    ).sort("row")


def _differing(rows: pl.DataFrame, key: list[str], what: pl.Expr) -> pl.DataFrame:
    """Rows of one position and period that differ in something; ``others``: all."""
    return (
        rows.filter(pl.struct(key).is_duplicated())
        .with_columns(
            versions=what.n_unique().over(key),
            others=pl.col("row").cast(pl.String).str.join(", ").over(key),
        )
        .filter(pl.col("versions") > 1)
    )


def _some_untold(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Rows of one position and period that do not name it alike: no two parts of it."""
    return issues_at(
        _differing(rows, key, pl.struct(PARTS)),
        column="section",
        value=pl.col("section"),
        code="position_unclear",
        severity="error",
        message=pl.format(
            "Rows {} mean one position and period, as some of them leave the section "
            "or risk code out that others tell. It is not clear whether they add up: "
            "write the section and the risk code in every row.",
            pl.col("others").str.slice(0, 80),
        ),
    )


def _other_starts(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Rows that tell amounts of periods which end on one day and begin on others."""
    names = [
        n
        for n in (told_as(a, b) for a in PAID for b in (THIS_PERIOD, PREVIOUSLY))
        if n in rows.columns
    ]
    tells = (pl.col(n).is_not_null() for n in names)
    told = rows.filter(pl.any_horizontal(pl.lit(value=False), *tells))
    return issues_at(
        _differing(told, key, pl.col("__period_start")),
        column="period_start",
        value=pl.col("__period_start"),
        code="periods_overlap",
        severity="error",
        message=pl.format(
            "Rows {} tell what was paid in periods that end on one day and begin on "
            "different ones: they are not added up. Write the same beginning in each, "
            "or hand the other period in with what was paid to date at its end.",
            pl.col("others").str.slice(0, 80),
        ),
    )


def _other_bases(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Rows of which some tell an amount to date that others tell of the period."""
    found = [no_issues()]
    for amount in PAID:
        names = [told_as(amount, b) for b in (TO_DATE, THIS_PERIOD, PREVIOUSLY)]
        tells = [pl.col(n).is_not_null() for n in names if n in rows.columns]
        if len(tells) < 2:
            continue
        told = rows.filter(pl.any_horizontal(tells))
        found.append(
            issues_at(
                _differing(told, key, pl.concat_list(tells)),
                column=amount,
                value=None,
                code="bases_disagree",
                severity="error",
                message=pl.format(
                    "Rows {} tell one position and period, and not all of them in the "
                    "same way to date, of the period and previously "
                    f"({label_of(amount)}): they cannot be added up. Write each of "
                    "these amounts in every one of the rows, or in none.",
                    pl.col("others").str.slice(0, 80),
                ),
            )
        )
    return pl.concat(found)


def _added(rows: pl.DataFrame, key: list[str], amounts: list[str]) -> pl.DataFrame:
    """The first row of each position and period with the sums of all.

    What describes it is as the last row says that tells it; it is open if any row is.
    """
    amounts = [*amounts, *(n for n in rows.columns if n.startswith("told_"))]
    fields = [n for n in FIELDS if n in rows.columns]
    is_open = pl.col("status").is_in(list(open_statuses()))
    told = rows.group_by(key, maintain_order=True).agg(
        *(
            pl.when(pl.col(n).count() > 0).then(pl.col(n).sum()).alias(n)
            for n in amounts
        ),
        *(pl.col(n).filter(is_told(n)).last() for n in fields),
        pl.coalesce(
            pl.col("status").filter(is_open).last(),
            pl.col("status").drop_nulls().last(),
        ).alias("status"),
        pl.col("told").bitwise_or(),
        pl.col("details").drop_nulls(),
    )
    told = told.with_columns(_merged(told["details"]))
    own = [n for n in rows.columns if n in told.columns and n not in key]
    first = rows.unique(key, keep="first", maintain_order=True).drop(own)
    return first.join(
        told, on=key, how="left", nulls_equal=True, maintain_order="left"
    ).select(rows.columns)


def _merged(details: pl.Series) -> pl.Series:
    """The further details of each sum; most rows have none."""
    if not details.list.len().sum():
        return pl.Series(details.name, [None] * details.len(), dtype=pl.String)
    return details.map_elements(merged, return_dtype=pl.String)
