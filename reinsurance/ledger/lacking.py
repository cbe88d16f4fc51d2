"""What a correction leaves out of the contracts and periods that it speaks for."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.utils.formats import date_format

from reinsurance.choices import PremiumTransaction
from reinsurance.ledger.contradictions import plain
from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.lacking_others import still_counting
from reinsurance.ledger.spoken_for import Period
from reinsurance.ledger.timelines import MONEY
from reinsurance.models import ClaimPosition

PRESENT_CLAIMS = {"position": pl.Int64, "period_end": pl.Date}
PRESENT_PREMIUMS = {"entry": pl.Int64}


@dataclass(frozen=True, slots=True)
class Lacked:
    """A position or premium entry that was told for a period and is missing now.

    ``stands``: in words, what somebody else told of it for the period and stays.
    """

    key: int
    name: str
    period_end: datetime.date | None
    stands: str = ""

    @property
    def fate(self) -> str:
        """What becomes of it after the load."""
        if not self.stands:
            return "After the load that does not count any more."
        return (
            "After the load what this sender told of it does not count any more, but "
            f"{self.stands}. If that is not meant, it has to be taken back as well."
        )


def lacked_by(
    cursor: Any,
    ledger: str,
    *,
    number: int,
    sender: int | None,
    periods: Sequence[Period],
    present: Sequence[pl.DataFrame],
    named: Sequence[Sequence[Any]],
    policies: Sequence[Sequence[Any]],
    lists_year: bool = False,
) -> list[Lacked]:
    """What was told before for these contracts and periods, and is not told again.

    ``periods``: contract, start (None: any; of claims it does not matter) and end;
    ``present``: what the file tells again; ``named`` (contract and claim) and
    ``policies`` (contract and policy): what its rows held out name; ``lists_year``: the
    file lists premium of the year to date, so that the year up to each end is its
    period.
    """
    pairs = pl.DataFrame(
        list(periods),
        schema={"treaty": pl.Int64, "period_start": pl.Date, "period_end": pl.Date},
        orient="row",
    )
    if ledger == "claims":
        told = [pl.DataFrame(schema=PRESENT_CLAIMS), *present]
        found = _lacked(
            cursor,
            sender=sender,
            number=number,
            pairs=pairs.select("treaty", "period_end"),
            present=pl.concat(told).unique(),
            named=pl.DataFrame(
                [tuple(pair) for pair in named],
                schema={"treaty": pl.Int64, "reference": pl.String},
                orient="row",
            ),
        )
        return _named_positions(
            still_counting(cursor, found, number=number, sender=sender)
        )
    told = [pl.DataFrame(schema=PRESENT_PREMIUMS), *present]
    standing = _entries(
        cursor, pairs, number=number, sender=sender, lists_year=lists_year
    )
    names = {tuple(pair) for pair in policies}
    missing = standing.filter(
        ~pl.col("entry").is_in(pl.concat(told)["entry"].implode())
    ).sort("entry")
    return [
        Lacked(row["entry"], _premium_name(row), row["period_end"])
        for row in missing.iter_rows(named=True)
        if (row["treaty"], row["policy"]) not in names
    ]


def lacked_claims(
    cursor: Any, pairs: pl.DataFrame, *, number: int, sender: int | None
) -> pl.DataFrame:
    """What the sender told before for contracts and periods that a file lacks whole.

    ``treaty``, ``claim``, ``position``, ``period_end`` of what counts as yet.
    """
    found = _lacked(
        cursor,
        sender=sender,
        number=number,
        pairs=pairs,
        present=pl.DataFrame(schema=PRESENT_CLAIMS),
        named=pl.DataFrame(schema={"treaty": pl.Int64, "reference": pl.String}),
    )
    return still_counting(cursor, found, number=number, sender=sender)


def _named_positions(found: pl.DataFrame) -> list[Lacked]:
    positions = ClaimPosition.all_objects.filter(
        pk__in=found["position"].unique().to_list()
    ).select_related("claim")
    names = {position.pk: f"Claim {position}" for position in positions}
    return [
        Lacked(
            row["position"],
            names[row["position"]],
            row["period_end"],
            row["stands"] or "",
        )
        for row in found.sort("position", "period_end").iter_rows(named=True)
    ]


def _premium_name(row: dict[str, Any]) -> str:
    """The transaction so that a clerk tells it from others of its policy."""
    parts = {
        "certificate": row["certificate"],
        "section": row["section"],
        "risk code": row["risk_code"],
        "instalment": row["instalment"],
    }
    told = "".join(f", {name} {value}" for name, value in parts.items() if value)
    kind = PremiumTransaction(row["kind"]).label
    amount = "" if row["gross"] is None else f", {row['gross']} {row['currency']}"
    return (
        f"Premium of policy {row['policy']}{told}, {kind} of "
        f"{date_format(row['effective'], 'j F Y')}{amount}"
    )


def _entries(
    cursor: Any,
    pairs: pl.DataFrame,
    *,
    number: int,
    sender: int | None,
    lists_year: bool,
) -> pl.DataFrame:
    """Entries that the sender told before for the pairs, and that stand.

    Before a list of the year to date are those of an earlier period, too.
    """
    sought(
        cursor,
        "spoken_for",
        treaty=("bigint", pairs["treaty"]),
        period_start=("date", pairs["period_start"]),
        period_end=("date", pairs["period_end"]),
    )
    is_spoken_for = (
        "e.period_end = k.period_end "
        "AND (k.period_start IS NULL OR e.period_start = k.period_start)"
    )
    is_before = f"l.number < {number}"
    if lists_year:
        is_spoken_for = (
            "e.period_end BETWEEN date_trunc('year', k.period_end)::date "
            "AND k.period_end"
        )
        is_before = f"({is_before} OR e.period_end < k.period_end)"
    told = copy_out(
        cursor,
        f"""
        SELECT DISTINCT e.id, e.treaty_id, e.policy_reference, e.period_end,
            e.certificate_reference, e.section, e.risk_code, e.instalment_number,
            e.transaction_type, e.effective_date, e.gross_premium, e.currency_id
        FROM spoken_for k
        JOIN reinsurance_premiumentry e ON e.treaty_id = k.treaty AND {is_spoken_for}
        JOIN reinsurance_load l ON l.id = e.load_id AND l.undone_at IS NULL
        LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id
        WHERE (g.id IS NULL OR g.undone_at IS NOT NULL) AND {is_before}
            AND l.sender IS NOT DISTINCT FROM {"NULL" if sender is None else sender}
        """,  # noqa: S608 our names and numbers
        {
            "entry": pl.Int64(),
            "treaty": pl.Int64(),
            "policy": pl.String(),
            "period_end": pl.Date(),
            "certificate": pl.String(),
            "section": pl.String(),
            "risk_code": pl.String(),
            "instalment": pl.Int64(),
            "kind": pl.String(),
            "effective": pl.Date(),
            "gross": MONEY,
            "currency": pl.String(),
        },
    )
    return told.with_columns(plain(pl.col("gross")))


def _lacked(
    cursor: Any,
    *,
    sender: int | None,
    number: int,
    pairs: pl.DataFrame,
    present: pl.DataFrame,
    named: pl.DataFrame,
) -> pl.DataFrame:
    """Statements that a correction lacks: position, claim, contract, period.

    ``pairs``: ``treaty`` and ``period_end`` that its rows are for; ``present``:
    ``position`` and ``period_end`` of its rows; ``named``: ``treaty`` and ``reference``
    of the claims that rows held out are about.
    """
    wanted = pairs.drop_nulls().unique()
    if not wanted.height:
        return pl.DataFrame(
            schema={
                **{"position": pl.Int64, "claim": pl.Int64, "treaty": pl.Int64},
                "period_end": pl.Date,
            }
        )
    sought(
        cursor,
        "spoken_for",
        treaty=("bigint", wanted["treaty"]),
        period_end=("date", wanted["period_end"]),
    )
    told = copy_out(
        cursor,
        f"""
        SELECT DISTINCT p.id, p.claim_id, s.period_end, c.treaty_id, c.reference
        FROM spoken_for k
        JOIN reinsurance_claim c ON c.treaty_id = k.treaty
        JOIN reinsurance_claimposition p ON p.claim_id = c.id
        JOIN reinsurance_claimstatement s ON s.position_id = p.id
            AND s.period_end = k.period_end
        JOIN reinsurance_load l ON l.id = s.load_id AND l.undone_at IS NULL
        WHERE l.number < {number}
            AND l.sender IS NOT DISTINCT FROM {"NULL" if sender is None else sender}
        """,  # noqa: S608 our names and numbers
        {
            "position": pl.Int64(),
            "claim": pl.Int64(),
            "period_end": pl.Date(),
            "treaty": pl.Int64(),
            "reference": pl.String(),
        },
    )
    missing = told.join(present, on=["position", "period_end"], how="anti")
    return missing.join(named, on=["treaty", "reference"], how="anti").drop("reference")
