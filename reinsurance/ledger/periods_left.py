"""What a correction leaves as it is of the files that it corrects.

Such a file told of a contract and period of the correction, and of another contract or
period, of which the correction has no row: that stays.  What a file of its own told is
no matter.
"""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from django.utils.formats import date_format

from reinsurance.ledger.contracts_left import Spoken, file_of, its
from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.lacking import lacked_claims
from reinsurance.ledger.lineage_ranges import holds

MOST_LISTED = 3
STAYS = (
    "Contract {}: number {} told {} of it for {}, and this correction does not name "
    "the contract: they stay. If its rows were moved to another renewal or number, "
    "correct that contract as well, or undo number {}."
)
_OTHER = (
    "Contract {}: number {} told {} of it for {}, and this correction does not have it "
    "for {}: they stay. If they should not, correct {} as well, or undo number {}."
)
REJECTED = (
    "Contract {}: number {} told {} of it for {} that this file does not have, and "
    "only rejected rows of the file {}: they stay. Mend these rows, and hand the whole "
    "file in again in place of this one."
)
NAME_IT = "name the contract"
_PAIR = ["treaty", "period"]


def periods_left(cursor: Any, spoken: Spoken) -> pl.DataFrame:
    """Contracts and files that told of them what stays, of a correction.

    ``treaty``; ``number``, the file by whose word it stands; ``ends`` of the periods;
    ``count`` of claims or premiums; ``is_named``: the correction has the contract, for
    another period; ``is_rejected``: rejected rows are of it, or may be.  Of lists of
    the year, whose period is the year, only the years that :mod:`contracts_left` does
    not look at.
    """
    left = _left(cursor, spoken)
    if not left.height:
        return left
    pairs = left.select("treaty", "period_end").unique()
    of_ledger = _claims if spoken.ledger == "claims" else premiums_told
    stays = _without_rejected(of_ledger(cursor, pairs, spoken), spoken)
    return (
        stays.join(left, on=["treaty", "period_end", "number"])
        .group_by("treaty", "number", "is_named", "is_rejected")
        .agg(
            ends=pl.col("period_end").unique().sort(), count=pl.col("record").n_unique()
        )
        .sort("number", "treaty", "is_named", "is_rejected")
    )


def sentences(
    left: pl.DataFrame, names: Mapping[int, str], *, what: str
) -> Iterator[str]:
    """What to say of each row of :func:`periods_left`; ``what``: claim or premium."""
    for row in left.iter_rows(named=True):
        count, number = row["count"], row["number"]
        noun = f"{count:,} {what}{'s' * (count > 1)}"
        told = (names[row["treaty"]], number, noun, in_words(row["ends"]))
        that = "that period" if len(row["ends"]) == 1 else "those periods"
        if row["is_rejected"]:
            of_it = f"are, or may be, of {that}"
            yield REJECTED.format(*told, of_it if row["is_named"] else NAME_IT)
        elif row["is_named"]:
            yield _OTHER.format(*told, that, that, number)
        else:
            yield STAYS.format(*told, number)


def in_words(ends: list[datetime.date]) -> str:
    """The periods that end on these days, for people."""
    days = [date_format(end, "j F Y") for end in ends]
    if len(days) == 1:
        return f"the period to {days[0]}"
    if len(days) <= MOST_LISTED:
        return f"the periods to {', '.join(days[:-1])} and {days[-1]}"
    return f"the {len(days)} periods that end from {days[0]} to {days[-1]}"


def period_of(end: str, spoken: Spoken) -> pl.Expr:
    """What is one period of a contract: of lists of the year to date the year."""
    return pl.col(end).dt.truncate("1y") if spoken.lists_year else pl.col(end)


def _left(cursor: Any, spoken: Spoken) -> pl.DataFrame:
    """Contracts, periods and files (``number``) that told of them, as to be looked at.

    Files that told of a contract and period of the correction; of a period that its
    rejected rows are of any file.
    """
    mine = spoken.own_ends.with_columns(period=period_of("own_end", spoken))
    rejected = spoken.rejected_rows.with_columns(period=period_of("period_end", spoken))
    any_period = rejected.filter(pl.col("period").is_null())["treaty"]
    exact = rejected.select(_PAIR).drop_nulls().unique()
    told = _told(cursor, mine, rejected, spoken)
    told = told.with_columns(period=period_of("period_end", spoken))
    left = told.join(mine, on=_PAIR, how="anti").join(
        exact.with_columns(is_exact=pl.lit(value=True)), on=_PAIR, how="left"
    )
    is_exact = pl.col("is_exact").fill_null(value=False)
    is_any = pl.col("treaty").is_in(any_period.implode())
    left = left.filter(pl.col("is_shared") | is_exact).select(
        "treaty",
        "period_end",
        "number",
        is_named=pl.col("treaty").is_in(mine["treaty"].implode()),
        is_rejected=is_exact | is_any,
    )
    if not spoken.lists_year:
        return left
    is_own_year = period_of("period_end", spoken).is_in(mine["period"].implode())
    return left.filter(pl.col("is_named") | ~is_own_year)


def _told(
    cursor: Any, mine: pl.DataFrame, rejected: pl.DataFrame, spoken: Spoken
) -> pl.DataFrame:
    """What files received before told of: ``treaty``, ``period_end`` and ``number``.

    ``is_shared``: the file told of a contract and period of the correction, too; of
    others only the contracts of ``rejected`` rows.
    """
    sought(
        cursor,
        "own_period",
        treaty=("bigint", mine["treaty"]),
        period_end=("date", mine["own_end"]),
    )
    sought(cursor, "rejected_contract", id=("bigint", rejected["treaty"].unique()))
    return copy_out(
        cursor,
        "SELECT p.treaty_id, p.period_end, l.number, o.file IS NOT NULL "  # noqa: S608
        "FROM reinsurance_load l JOIN reinsurance_loadperiod p ON p.load_id = l.id "
        f"LEFT JOIN (SELECT DISTINCT {file_of('f')} AS file FROM own_period k "
        "JOIN reinsurance_loadperiod q ON q.treaty_id = k.treaty "
        "AND q.period_end = k.period_end JOIN reinsurance_load f ON f.id = q.load_id "
        f"AND f.record_type = '{spoken.ledger}' AND {its('f', spoken)}) o "
        f"ON o.file = {file_of('l')} "
        f"WHERE l.record_type = '{spoken.ledger}' AND l.user_id IS NULL "
        f"AND {its('l', spoken)} AND l.number < {spoken.number:d} "
        "AND p.period_end IS NOT NULL AND (o.file IS NOT NULL "
        "OR p.treaty_id IN (SELECT id FROM rejected_contract))",
        {
            "treaty": pl.Int64(),
            "period_end": pl.Date(),
            "number": pl.Int64(),
            "is_shared": pl.Boolean(),
        },
    )


def listed_before(cursor: Any, pairs: pl.DataFrame, spoken: Spoken) -> pl.DataFrame:
    """Ends until those of the pairs that lists of the sender told, of the same year.

    ``pairs``: ``treaty`` and ``period_end``.
    """
    sought(
        cursor,
        "list_end",
        treaty=("bigint", pairs["treaty"]),
        period_end=("date", pairs["period_end"]),
    )
    return copy_out(
        cursor,
        "SELECT DISTINCT p.treaty_id, p.period_end FROM list_end k "  # noqa: S608
        "JOIN reinsurance_loadperiod p ON p.treaty_id = k.treaty AND p.period_end "
        "BETWEEN date_trunc('year', k.period_end)::date AND k.period_end "
        "JOIN reinsurance_load l ON l.id = p.load_id "
        f"WHERE l.record_type = '{spoken.ledger}' AND {its('l', spoken)}",
        {"treaty": pl.Int64(), "period_end": pl.Date()},
    )


def _claims(cursor: Any, pairs: pl.DataFrame, spoken: Spoken) -> pl.DataFrame:
    """Claims that count: contract, reference, period, and who told them last."""
    found = lacked_claims(cursor, pairs, number=spoken.number, sender=spoken.sender)
    return found.select(
        "treaty", "reference", "period_end", "number", record=pl.col("claim")
    )


def premiums_told(cursor: Any, pairs: pl.DataFrame, spoken: Spoken) -> pl.DataFrame:
    """The same of premiums; who repeated one told it as well."""
    sought(
        cursor,
        "left_period",
        treaty=("bigint", pairs["treaty"]),
        period_end=("date", pairs["period_end"]),
    )
    return copy_out(
        cursor,
        f"""
        SELECT k.treaty, e.policy_reference, k.period_end, max(l.number), e.id
        FROM left_period k
        JOIN reinsurance_premiumentry e ON e.treaty_id = k.treaty
            AND e.period_end = k.period_end
        LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id
            AND g.undone_at IS NULL
        CROSS JOIN LATERAL (SELECT e.load_id AS id
            UNION ALL SELECT r.load_id FROM reinsurance_lineagerange r
            WHERE r.model = 'premiumentry' AND r.action = 'repeated'
                AND {holds("e.id")}) t
        JOIN reinsurance_load l ON l.id = t.id AND {its("l", spoken)}
        WHERE g.id IS NULL GROUP BY k.treaty, e.policy_reference, k.period_end, e.id
        """,  # noqa: S608 our names and numbers
        {
            "treaty": pl.Int64(),
            "reference": pl.String(),
            "period_end": pl.Date(),
            "number": pl.Int64(),
            "record": pl.Int64(),
        },
    )


def _without_rejected(stays: pl.DataFrame, spoken: Spoken) -> pl.DataFrame:
    """Without what rejected rows name for the period, or for one not known."""
    rejected = spoken.rejected_rows.with_columns(period=period_of("period_end", spoken))
    then = rejected.filter(pl.col("period").is_not_null())
    some = rejected.filter(pl.col("period").is_null())
    key = ["treaty", "reference"]
    return (
        stays.with_columns(period=period_of("period_end", spoken))
        .join(then, on=[*key, "period"], how="anti")
        .join(some, on=key, how="anti")
        .drop("period")
    )
