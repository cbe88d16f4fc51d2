"""Contracts and periods that a correction, or a later list of the year, does not have.

What its sender told of them stays (of corrections: :mod:`periods_left`).  Where the
files that it corrects told of such a contract, the rows may have gone to another
renewal, or under another number, and would count under both.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl
from django.utils.formats import date_format

from reinsurance.ledger.contract_names import contract_names
from reinsurance.ledger.contracts_left import Spoken, contracts_left, its
from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.held_out import is_held_then
from reinsurance.ledger.kept_by_rejected import kept_by_rejected, sentences_of_kept
from reinsurance.ledger.lineage_ranges import holds
from reinsurance.ledger.list_periods import is_within
from reinsurance.ledger.listed_then import may_have_stood, only_stood
from reinsurance.ledger.periods_left import (
    NAME_IT,
    REJECTED,
    STAYS,
    in_words,
    periods_left,
    sentences,
)
from reinsurance.resources.issues import issues_at, no_issues

LEFT, LACKS, BOTH = "contract_not_corrected", "list_lacks", "counts_under_both"
MOST_NAMED = 20
NEW_CLAIMS = {
    "row": pl.Int64(),
    "treaty_reference": pl.Int64(),
    "claim_reference": pl.String(),
    "period_end": pl.Date(),
}
OWN = {"transaction_type": pl.String(), "effective_date": pl.Date()}
NEW_PREMIUMS = {
    **{n: t for n, t in NEW_CLAIMS.items() if n != "claim_reference"},
    **{"policy_reference": pl.String(), **OWN, "currency": pl.String()},
}
"""Rows of records that are new under their contract."""

_LISTED = (
    "Contract {}: number {} listed {} of it to {}, and this later list of the year to "
    "date does not name the contract: they still count. If they should not, or its "
    "rows were moved to another contract, have them corrected there, or undo number {}."
)
_TWICE = (
    "“{}” stands under contract {} as well, where number {} told it for the period to "
    "{}, and this file does not {}: it would count under both. If it was moved, "
    "correct that contract as well, or undo number {}."
)


def not_named(
    cursor: Any, spoken: Spoken, new: pl.DataFrame, present: pl.DataFrame
) -> pl.DataFrame:
    """Issues of contracts that stay as they are; inside a transaction.

    ``new``: rows of :data:`NEW_CLAIMS` or :data:`NEW_PREMIUMS`.  Breaches of those
    that stand under such a contract, warnings of the file for each other contract.
    ``present``: what its rows tell again, as of :func:`lacking.lacked_by`.
    """
    left = contracts_left(cursor, spoken)
    stays = named = pl.DataFrame()
    if spoken.is_correction:
        stays = periods_left(cursor, spoken)
        named = kept_by_rejected(cursor, spoken, present)
    frames = (left, stays, named)
    keys = [key for frame in frames if frame.height for key in frame["treaty"]]
    if not keys:
        return no_issues()
    names = contract_names(keys)
    what = "claim" if spoken.ledger == "claims" else "premium"
    said = [*sentences(stays, names, what=what)]
    said += sentences_of_kept(named, names, what=what)
    if spoken.lists_year and left.height:
        said += _of_lists(cursor, left.filter("is_shared"), spoken, names)
    of_file = _of_file(said, LEFT if spoken.is_correction else LACKS)
    if not left.height:
        return of_file
    return pl.concat([of_file, _of_rows(cursor, left, spoken, new, names)])


def _of_file(said: list[str], code: str) -> pl.DataFrame:
    """Warnings of the file, of the first of all."""
    more = len(said) - MOST_NAMED
    if more > 0:
        said = [*said[:MOST_NAMED], f"And {more:,} more that it leaves as they are."]
    return issues_at(
        pl.DataFrame(
            {"row": [0] * len(said), "said": said},
            schema={"row": pl.Int64, "said": pl.String},
        ),
        column="",
        value=None,
        code=code,
        severity="warning",
        message=pl.col("said"),
    )


def _of_lists(
    cursor: Any, left: pl.DataFrame, spoken: Spoken, names: dict[int, str]
) -> Iterator[str]:
    """A sentence for each contract of which something stays in the year of a list."""
    counts = _counts(cursor, left, spoken) if left.height else {}
    columns = ("treaty", "period_end", "number", "is_rejected")
    for treaty, end, number, is_rejected in left.select(columns).rows():
        if count := counts.get(treaty):
            noun = f"{count:,} premium{'s' * (count > 1)}"
            told = (names[treaty], number, noun)
            if is_rejected:
                yield REJECTED.format(*told, in_words([end]), NAME_IT)
            elif spoken.is_correction:
                yield STAYS.format(*told, in_words([end]), number)
            else:
                yield _LISTED.format(*told, date_format(end, "j F Y"), number)


def _counts(cursor: Any, left: pl.DataFrame, spoken: Spoken) -> dict[int, int]:
    """How many premiums of each contract stay."""
    _seek(cursor, left.select("treaty", period_end="ends").explode("period_end"))
    named = spoken.rejected_rows.select("treaty", "reference").drop_nulls().unique()
    sought(
        cursor,
        "rejected_policy",
        treaty=("bigint", named["treaty"]),
        policy=("varchar", named["reference"]),
    )
    cursor.execute(
        "SELECT k.treaty, count(*) FROM left_contract k "  # noqa: S608 our names
        f"{_ENTRIES} {_loads(spoken)} WHERE g.id IS NULL AND NOT EXISTS (SELECT "
        "FROM rejected_policy r WHERE r.treaty = e.treaty_id "
        "AND r.policy = e.policy_reference) GROUP BY k.treaty"
    )
    counts = dict(cursor.fetchall())
    for treaty, count in _stood_then(cursor, spoken).group_by("treaty").len().rows():
        counts[treaty] = counts.get(treaty, 0) + count
    return counts


def _stood_then(cursor: Any, spoken: Spoken) -> pl.DataFrame:
    """Entries that stood at the end of a list alone: a later list replaced them."""
    last = max(end for _, _, end in spoken.periods if end is not None)
    found = copy_out(
        cursor,
        "SELECT e.id, k.treaty, e.policy_reference, k.period_end, "  # noqa: S608
        f"DATE '{last!s}', true FROM left_contract k {_ENTRIES} {_loads(spoken)} "
        f"WHERE g.id IS NOT NULL AND {may_have_stood([last], lists_year=True)}",
        {
            "key": pl.Int64(),
            "treaty": pl.Int64(),
            "policy": pl.String(),
            "period_end": pl.Date(),
            "own_end": pl.Date(),
            "is_replaced": pl.Boolean(),
        },
    )
    return only_stood(cursor, found, number=spoken.number, sender=spoken.sender)


_ENTRIES = (
    "JOIN reinsurance_premiumentry e ON e.treaty_id = k.treaty "
    "AND e.period_end = k.period_end"
)


def _loads(spoken: Spoken) -> str:
    """SQL: joins loads of entries ``e`` of the sender, and ``g`` that replaced them."""
    return (
        f"JOIN reinsurance_load l ON l.id = e.load_id AND {its('l', spoken)} "
        "LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id "
        "AND g.undone_at IS NULL"
    )


def _seek(cursor: Any, pairs: pl.DataFrame) -> None:
    sought(
        cursor,
        "left_contract",
        treaty=("bigint", pairs["treaty"]),
        period_end=("date", pairs["period_end"]),
    )


def _of_rows(
    cursor: Any,
    left: pl.DataFrame,
    spoken: Spoken,
    new: pl.DataFrame,
    names: dict[int, str],
) -> pl.DataFrame:
    """Breaches of new rows whose record stands under a contract that is not named."""
    if not new.height:
        return no_issues()
    _seek(cursor, left.select("treaty", period_end="asked").explode("period_end"))
    is_claims = spoken.ledger == "claims"
    name = "claim_reference" if is_claims else "policy_reference"
    key = [name] if is_claims else [name, *OWN, "currency"]
    there = (
        _claims(cursor, new, spoken) if is_claims else _premiums(cursor, new, spoken)
    )
    both = (
        new.rename({"period_end": "own_end"})
        .join(there, on=key)
        .filter(is_within(lists_year=spoken.lists_year))
    )
    if not is_claims:
        both = only_stood(
            cursor,
            both.with_columns(policy=name),
            number=spoken.number,
            sender=spoken.sender,
        )
    both = (
        _without_rejected(both, name, spoken)
        .sort("row", "period_end", "number", "treaty")
        .unique("row", keep="last", maintain_order=True)
        .with_columns(
            called=pl.col("treaty").replace_strict(names, default=""),
            lacks=_lacks(spoken),
        )
    )
    end = pl.col("period_end").dt.strftime("%-d %B %Y")
    return issues_at(
        both,
        column=name,
        value=pl.col(name),
        code=BOTH,
        severity="breach",
        message=pl.format(_TWICE, name, "called", "number", end, "lacks", "number"),
    )


def _without_rejected(both: pl.DataFrame, name: str, spoken: Spoken) -> pl.DataFrame:
    """Without records that rejected rows are about there: the file tells both."""
    key = ["treaty", name]
    rejected = spoken.rejected_rows.rename(
        {"reference": name, "period_end": "held_end"}
    )
    told = both.with_row_index("__n")
    own = told.join(rejected, on=key).filter(
        is_held_then("own_end", lists=pl.lit(spoken.lists_year))
    )
    return told.join(own, on="__n", how="anti").drop("__n")


def _lacks(spoken: Spoken) -> pl.Expr:
    """In words: whether the file has the contract for another period alone, or not."""
    is_named = pl.col("treaty").is_in(spoken.own_ends["treaty"].implode())
    then = pl.when(is_named).then(pl.lit("have that contract for that period"))
    return then.otherwise(pl.lit("name that contract"))


def _claims(cursor: Any, new: pl.DataFrame, spoken: Spoken) -> pl.DataFrame:
    """Claims of the references that stand: contract, ``period_end`` and ``number``."""
    sought(cursor, "new_record", name=("varchar", new["claim_reference"].unique()))
    return copy_out(
        cursor,
        f"""
        SELECT k.name, t.treaty, t.period_end, max(l.number)
        FROM new_record k CROSS JOIN left_contract t
        JOIN reinsurance_claim c ON c.treaty_id = t.treaty AND c.reference = k.name
        JOIN reinsurance_claimposition p ON p.claim_id = c.id
        JOIN reinsurance_load h ON h.id = p.load_id AND h.undone_at IS NULL
        LEFT JOIN reinsurance_load g ON g.id = p.lacked_by_id AND g.undone_at IS NULL
        JOIN reinsurance_claimstatement s ON s.position_id = p.id
            AND s.period_end = t.period_end
        JOIN LATERAL (SELECT l.number FROM reinsurance_load l
            WHERE l.id = s.load_id AND {its("l", spoken)}
            UNION ALL SELECT l.number FROM reinsurance_lineagerange r
            JOIN reinsurance_load l ON l.id = r.load_id AND {its("l", spoken)}
            WHERE r.model = 'claimstatement' AND r.action = 'repeated'
                AND {holds("s.id")}) l ON true
        WHERE g.id IS NULL GROUP BY k.name, t.treaty, t.period_end
        """,  # noqa: S608 our names and numbers
        {
            "claim_reference": pl.String(),
            "treaty": pl.Int64(),
            "period_end": pl.Date(),
            "number": pl.Int64(),
        },
    )


def _premiums(cursor: Any, new: pl.DataFrame, spoken: Spoken) -> pl.DataFrame:
    """The same of premiums, with what tells one transaction from another."""
    sought(cursor, "new_record", name=("varchar", new["policy_reference"].unique()))
    counts = may_have_stood(new["period_end"].unique(), lists_year=spoken.lists_year)
    return copy_out(
        cursor,
        "SELECT k.name, e.transaction_type, e.effective_date, e.currency_id, "  # noqa: S608
        "t.treaty, t.period_end, l.number, e.id, g.id IS NOT NULL FROM new_record k "
        "CROSS JOIN left_contract t JOIN reinsurance_premiumentry e "
        "ON e.treaty_id = t.treaty AND e.policy_reference = k.name "
        f"AND e.period_end = t.period_end {_loads(spoken)} "
        f"WHERE {counts}",
        {
            "policy_reference": pl.String(),
            **OWN,
            "currency": pl.String(),
            "treaty": pl.Int64(),
            "period_end": pl.Date(),
            "number": pl.Int64(),
            "key": pl.Int64(),
            "is_replaced": pl.Boolean(),
        },
    )
