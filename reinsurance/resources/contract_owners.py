"""Whose contract a register's row speaks of: the sender's, or somebody else's."""

from typing import Literal

import polars as pl

from reinsurance.models import Treaty
from reinsurance.resources.contract_candidates import has_limits, is_own
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

HOLD_OUT = "hold out"
"""What a sender may be set to where it speaks of contracts of others."""


def senders_role(party: int) -> Literal["cedant", "broker"]:
    """What a sender is in the contracts that it tells of without naming the cedant.

    The broker if it is one in the books and cedant of nothing; else the cedant.
    """
    brokes = Treaty.objects.filter(broker_id=party).exists()
    cedes = Treaty.objects.filter(cedant_id=party).exists()
    return "broker" if brokes and not cedes else "cedant"


def foreign_contracts(
    compared: pl.DataFrame, *, conventions: Conventions
) -> pl.DataFrame:
    """Issues ``not_the_senders_contract`` of a register's rows.

    ``compared`` has ``row``, ``treaty_reference`` (text), ``__id`` and, as far as the
    file has them, ``cedant``, ``broker`` (keys), ``was.cedant`` and ``was.broker``; the
    books are asked where it does not.  A contract of the books is the sender's by what
    the books say, a new one by what the row says; one of which neither is told will be
    the sender's.
    """
    if not has_limits(conventions):
        return no_issues()
    compared = _with_owners(compared)

    def cell(name: str) -> pl.Expr:
        has = name in compared.columns
        return (pl.col(name) if has else pl.lit(None)).cast(pl.Int64)

    is_known = pl.col("__id").is_not_null()
    seen = compared.with_columns(
        pl.when(is_known).then(cell(f"was.{role}")).otherwise(cell(role)).alias(role)
        for role in ("cedant", "broker")
    )
    is_told = pl.col("cedant").is_not_null() | pl.col("broker").is_not_null()
    is_refused = conventions.other_contracts == HOLD_OUT
    return issues_at(
        seen.filter((is_known | is_told) & ~is_own(conventions)),
        column="treaty_reference",
        value=pl.col("treaty_reference"),
        code="not_the_senders_contract",
        severity="error" if is_refused else "breach",
        message=pl.format(
            "The sender is neither cedant nor broker of contract “{}”. "
            "Correct the row, or have somebody look at it.",
            "treaty_reference",
        ),
    )


def _with_owners(compared: pl.DataFrame) -> pl.DataFrame:
    """With ``was.cedant`` and ``was.broker`` also where the file has no such column."""
    names = [f"was.{role}" for role in ("cedant", "broker")]
    missing = [name for name in names if name not in compared.columns]
    if not missing:
        return compared
    keys = compared["__id"].drop_nulls().unique().to_list()
    owners = Treaty.objects.filter(pk__in=keys)
    known = pl.DataFrame(
        list(owners.values_list("pk", "cedant_id", "broker_id")),
        schema=dict.fromkeys(("__id", *names), pl.Int64()),
        orient="row",
    )
    return compared.with_columns(pl.col("__id").cast(pl.Int64)).join(
        known.select("__id", *missing), on="__id", how="left", maintain_order="left"
    )
