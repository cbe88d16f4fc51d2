"""New rows whose claim or premium its sender told under another contract as well.

A clerk may have picked that contract for the same rows, while the register lacked the
one that they name: handed in again they would count under both.  Who tells of one thing
under two contracts in one file, or did so before, means it.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from reinsurance.ledger.contract_names import contract_names
from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.lineage_ranges import holds
from reinsurance.ledger.list_periods import is_within
from reinsurance.ledger.listed_then import may_have_stood, only_stood
from reinsurance.ledger.not_named import BOTH, OWN
from reinsurance.resources.issues import issues_at, no_issues

_CLAIM = ["treaty", "name", "period_end"]
_PREMIUM = [*_CLAIM, *OWN, "currency"]
_FOUND = {
    "treaty": pl.Int64(),
    "name": pl.String(),
    "period_end": pl.Date(),
    **OWN,
    "currency": pl.String(),
    "key": pl.Int64(),
    "number": pl.Int64(),
    "is_replaced": pl.Boolean(),
}
"""What stands: of a contract, by reference and period; its key, and who told it."""
_TWICE = (
    "“{}” is new under contract {}, and number {} told it{} under contract {}, where "
    "it still stands: it would count under both. Where it belongs to one of them only, "
    "undo number {}, or reject this file and hand it in without the row."
)


def elsewhere(
    cursor: Any,
    new: pl.DataFrame,
    *,
    ledger: str,
    sender: int | None,
    parts: Sequence[int],
    lists_year: bool,
) -> dict[str, pl.DataFrame]:
    """What stands of new rows under other contracts; inside a transaction.

    ``new``: rows of :data:`not_named.NEW_CLAIMS` or :data:`not_named.NEW_PREMIUMS`;
    ``parts``: number of the file, and of those that have rows of the same one;
    ``lists_year``: it lists premium of the year to date, which is its period.
    ``elsewhere``: rows with their contract (``own``) and what stands beside them, and
    ``elsewhere_keys``: the keys of that.  Nothing is looked up where no other file of
    the sender is for the periods.
    """
    its = _its(sender, parts)
    if not new.height or not _contracts(
        cursor, new, ledger, its, lists_year=lists_year
    ):
        return {}
    is_claims = ledger == "claims"
    reference = "claim_reference" if is_claims else "policy_reference"
    rows = new.rename(
        {"treaty_reference": "own", reference: "name", "period_end": "own_end"}
    )
    sought(cursor, "new_record", name=("varchar", rows["name"].unique()))
    counts = may_have_stood(rows["own_end"].unique(), lists_year=lists_year)
    query = _claims(its) if is_claims else _premiums(its, parts[0], counts)
    with by_index(cursor):
        there = copy_out(cursor, query, _FOUND)
    key = _CLAIM if is_claims else _PREMIUM
    both = rows.join(
        there,
        on=[n for n in key if n not in {"treaty", "period_end"}],
        nulls_equal=True,
    ).filter(pl.col("treaty") != pl.col("own"), is_within(lists_year=lists_year))
    if lists_year:
        named = both.with_columns(policy="name")
        both = only_stood(cursor, named, number=parts[0], sender=sender)
    if not both.height:
        return {}
    pairs = both.select("own", "treaty", "name").unique()
    if is_claims:
        meant = _told_claims(cursor, pairs, its)
    else:
        meant = _told_policies(cursor, pairs, its, lists_year=lists_year)
    both = both.join(meant, on=meant.columns, how="anti")
    found = both.group_by("row", "own", *key).agg(pl.col("number").max())
    return {
        "elsewhere": found.select("row", "own", "number", *key),
        "elsewhere_keys": both.select(*key, "key").unique(),
    }


def elsewhere_issues(
    both: pl.DataFrame, keys: pl.DataFrame, present: pl.Series
) -> pl.DataFrame:
    """Breaches of rows that would count under two contracts.

    ``both`` and ``keys``: of :func:`elsewhere`; ``present``: keys of what the file
    tells anew.
    """
    told = keys.filter(pl.col("key").is_in(present.implode())).drop("key")
    both = (
        both.join(told, on=told.columns, how="anti", nulls_equal=True)
        .sort("row", "number", "treaty", "period_end")
        .unique("row", keep="last", maintain_order=True)
    )
    if not both.height:
        return no_issues()
    contracts = pl.concat([both["treaty"], both["own"]]).unique().to_list()
    names = contract_names(contracts)
    end = pl.format(
        " for the period to {}", pl.col("period_end").dt.strftime("%-d %B %Y")
    )
    both = both.with_columns(
        own=pl.col("own").replace_strict(names, default=""),
        called=pl.col("treaty").replace_strict(names, default=""),
        end=end.fill_null(""),
    )
    return issues_at(
        both,
        column="treaty_reference",
        value=pl.col("name"),
        code=BOTH,
        severity="breach",
        message=pl.format(_TWICE, "name", "own", "number", "end", "called", "number"),
    )


def _its(sender: int | None, parts: Sequence[int]) -> str:
    """SQL: whether a load ``l`` of a file stands and is another one of the sender."""
    whose = "NULL" if sender is None else f"{sender:d}"
    numbers = ", ".join(f"{number:d}" for number in parts)
    return (
        "l.undone_at IS NULL AND l.user_id IS NULL "
        f"AND l.number NOT IN ({numbers}) AND l.sender IS NOT DISTINCT FROM {whose}"
    )


def _contracts(
    cursor: Any, new: pl.DataFrame, ledger: str, its: str, *, lists_year: bool
) -> bool:
    """Whether the sender told of contracts beside those of each period; kept."""
    ends = new.group_by(own_end="period_end").agg(
        only=pl.col("treaty_reference").first(),
        contracts=pl.col("treaty_reference").n_unique(),
    )
    sought(cursor, "own_period", period_end=("date", ends["own_end"]))
    is_told = "p.period_end IS NOT DISTINCT FROM k.period_end"
    if lists_year:
        is_told = (
            "p.period_end >= date_trunc('year', k.period_end)::date AND "
            "p.period_end < (date_trunc('year', k.period_end) + interval '1 year')"
        )
    told = copy_out(
        cursor,
        "SELECT DISTINCT p.treaty_id, p.period_end, k.period_end "  # noqa: S608
        f"FROM own_period k JOIN reinsurance_loadperiod p ON {is_told} "
        "JOIN reinsurance_load l ON l.id = p.load_id "
        f"WHERE l.record_type = '{ledger}' AND {its}",
        {"treaty": pl.Int64(), "period_end": pl.Date(), "own_end": pl.Date()},
    )
    others = (
        told.join(ends, on="own_end", nulls_equal=True)
        .filter((pl.col("contracts") > 1) | (pl.col("treaty") != pl.col("only")))
        .select("treaty", "period_end")
        .unique()
    )
    if not others.height:
        return False
    sought(
        cursor,
        "other_contract",
        treaty=("bigint", others["treaty"]),
        period_end=("date", others["period_end"]),
    )
    return True


_IS_OTHER = (
    "({}, coalesce({}, '-infinity')) IN "
    "(SELECT treaty, coalesce(period_end, '-infinity') FROM other_contract)"
)


def _premiums(its: str, own: int, counts: str) -> str:
    """SQL: entries of the policies and periods under other contracts.

    ``counts``: SQL, which of them (:func:`may_have_stood`).

    What the file itself (``own``) replaces stood, as it did at its check.  Reference by
    reference, by the index (OFFSET keeps the planner to that order).
    """
    is_other = _IS_OTHER.format("e.treaty_id", "e.period_end")
    return f"""
        SELECT e.treaty_id, k.name, e.period_end, e.transaction_type,
            e.effective_date, e.currency_id, e.id, l.number, g.id IS NOT NULL
        FROM new_record k CROSS JOIN LATERAL (
            SELECT e.* FROM reinsurance_premiumentry e
            WHERE e.policy_reference = k.name AND {is_other} OFFSET 0
        ) e
        JOIN reinsurance_load l ON l.id = e.load_id AND {its}
        LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id
            AND g.undone_at IS NULL AND g.number <> {own:d}
        WHERE {counts}
        """  # noqa: S608 our names and numbers


def _told_policies(
    cursor: Any, pairs: pl.DataFrame, its: str, *, lists_year: bool
) -> pl.DataFrame:
    """Pairs of contracts under both of which a policy was told for one period.

    Of lists of the year to date that is the year.
    """
    ends = [pairs.select("name", treaty=n) for n in ("own", "treaty")]
    asked = pl.concat(ends).unique()
    sought(
        cursor,
        "told_policy",
        treaty=("bigint", asked["treaty"]),
        name=("varchar", asked["name"]),
    )
    with by_index(cursor):
        told = copy_out(
            cursor,
            "SELECT DISTINCT k.treaty, k.name, e.period_end FROM told_policy k "  # noqa: S608
            "CROSS JOIN LATERAL (SELECT e.* FROM reinsurance_premiumentry e WHERE "
            "e.treaty_id = k.treaty AND e.policy_reference = k.name OFFSET 0) e "
            f"JOIN reinsurance_load l ON l.id = e.load_id AND {its}",
            {"treaty": pl.Int64(), "name": pl.String(), "period_end": pl.Date()},
        )
    if lists_year:
        told = told.with_columns(pl.col("period_end").dt.truncate("1y")).unique()
    own = pairs.join(told.rename({"treaty": "own"}), on=["own", "name"])
    both = own.join(told, on=["treaty", "name", "period_end"], how="semi")
    return both.select("own", "treaty", "name").unique()


def _telling(its: str) -> str:
    """SQL: joins the numbers of files that told a statement ``s``."""
    return (
        "CROSS JOIN LATERAL (SELECT l.number FROM reinsurance_load l "  # noqa: S608
        f"WHERE l.id = s.load_id AND {its} "
        "UNION ALL SELECT l.number FROM reinsurance_lineagerange r "
        f"JOIN reinsurance_load l ON l.id = r.load_id AND {its} "
        "WHERE r.model = 'claimstatement' AND r.action = 'repeated' "
        f"AND {holds('s.id')}) l"
    )


def _claims(its: str) -> str:
    """SQL: positions of the claims and periods under other contracts."""
    is_other = _IS_OTHER.format("c.treaty_id", "s.period_end")
    return f"""
        SELECT c.treaty_id, k.name, s.period_end, NULL, NULL, NULL, p.id,
            max(l.number), false
        FROM new_record k CROSS JOIN LATERAL (
            SELECT c.* FROM reinsurance_claim c WHERE c.reference = k.name OFFSET 0
        ) c
        CROSS JOIN LATERAL (
            SELECT p.* FROM reinsurance_claimposition p
            WHERE p.claim_id = c.id OFFSET 0
        ) p
        CROSS JOIN LATERAL (
            SELECT s.* FROM reinsurance_claimstatement s
            WHERE s.position_id = p.id AND {is_other} OFFSET 0
        ) s
        JOIN reinsurance_load h ON h.id = p.load_id AND h.undone_at IS NULL
        LEFT JOIN reinsurance_load g ON g.id = p.lacked_by_id AND g.undone_at IS NULL
        {_telling(its)}
        WHERE g.id IS NULL GROUP BY c.treaty_id, k.name, s.period_end, p.id
        """  # noqa: S608 our names and numbers


def _told_claims(cursor: Any, pairs: pl.DataFrame, its: str) -> pl.DataFrame:
    """Contracts under which a claim was told before as well."""
    sought(
        cursor,
        "told_claim",
        treaty=("bigint", pairs["own"]),
        name=("varchar", pairs["name"]),
    )
    with by_index(cursor):
        return copy_out(
            cursor,
            "SELECT DISTINCT k.treaty, k.name FROM told_claim k "  # noqa: S608
            "CROSS JOIN LATERAL (SELECT c.id FROM reinsurance_claim c WHERE "
            "c.treaty_id = k.treaty AND c.reference = k.name OFFSET 0) c "
            "CROSS JOIN LATERAL (SELECT p.id FROM reinsurance_claimposition p "
            "WHERE p.claim_id = c.id OFFSET 0) p "
            "CROSS JOIN LATERAL (SELECT s.id, s.load_id FROM "
            "reinsurance_claimstatement s WHERE s.position_id = p.id OFFSET 0) s "
            f"{_telling(its)}",
            {"own": pl.Int64(), "name": pl.String()},
        )
