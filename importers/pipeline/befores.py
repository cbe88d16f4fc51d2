"""What stood in the books before the rows change it, as digests to be compared.

A change is shown as before and after; so an approval is of the before, too.  The
digests are kept small and made by columns, as a file may change a million records.
They do not depend on how the rows are cut into chunks.
"""

from collections.abc import Iterable
from typing import Any

import polars as pl

from importers.pipeline.changes import Change
from importers.pipeline.compare import WAS
from importers.pipeline.frames import ROW
from reinsurance.ledger.amounts import POSITION
from reinsurance.ledger.descriptions import FIELDS
from reinsurance.ledger.premiums import PremiumSettlement
from reinsurance.models import Claim, ClaimPosition, PremiumEntry

SEED = 23


def of_change(change: Change) -> dict[str, int]:
    """Digest of the records of a chunk that rows change, by the kind of record."""
    changed = {name: change.compared.changed(name) for name in change.compared.names}
    label = str(change.resource._meta.model._meta.verbose_name)
    return {label: _digest(change.updated, ROW, changed)}


def of_settlement(settlement: Any) -> dict[str, int]:
    """The same of what rows of a ledger change."""
    if isinstance(settlement, PremiumSettlement):
        return _of_premiums(settlement)
    return _of_claims(settlement)


def of_issues(issues: pl.DataFrame) -> int:
    """Digest of what issues say, without how the sender calls the columns."""
    return _hashed(issues, [pl.col(ROW, "value", "code", "message")])


def _of_claims(settlement: Any) -> dict[str, int]:
    claims = settlement.claims.filter("stands", "is_changed")
    described = [n for n in (*FIELDS, "status", "details") if n in claims.columns]
    held = settlement.positions.filter("stands", "is_changed")
    return {
        str(Claim._meta.verbose_name): _digest(
            claims.rename(
                {"was_status": WAS + "status", "was_details": WAS + "details"}
            ),
            "claim",
            _differing(described),
        ),
        str(ClaimPosition._meta.verbose_name): _digest(
            held.rename({"was_status": WAS + "status"}),
            "position",
            _differing(["status", *POSITION]),
        ),
    }


def _of_premiums(settlement: PremiumSettlement) -> dict[str, int]:
    entries = settlement.counted.filter(pl.col("__action") == "updated")
    tells = {
        name: pl.col(name).is_not_null()
        & (pl.col(name).cast(pl.String) != "")
        & differs
        for name, differs in _differing(
            n for n in entries.columns if WAS + n in entries.columns
        ).items()
    }
    adds = entries.rename({"was_total": WAS + "total"}).with_columns(
        total=pl.lit(None, pl.Int64)
    )
    return {
        str(PremiumEntry._meta.verbose_name): _digest(
            adds, ROW, {**tells, "total": pl.lit(value=True)}
        ),
        "premium as at": of_issues(settlement.as_at),
    }


def _differing(names: Iterable[str]) -> dict[str, pl.Expr]:
    return {n: pl.col(n).ne_missing(pl.col(WAS + n)) for n in names}


def _digest(rows: pl.DataFrame, key: str, changed: dict[str, pl.Expr]) -> int:
    """Of each row which columns change (``changed``), and what they held."""
    before = [
        part
        for name, differs in changed.items()
        for part in (
            differs.alias(f"{name} changes"),
            pl.when(differs).then(WAS + name).cast(pl.String).alias(name),
        )
    ]
    return _hashed(rows, [pl.col(key), *before])


def _hashed(rows: pl.DataFrame, parts: list[pl.Expr]) -> int:
    if not rows.height:
        return 0
    return int(rows.select(pl.struct(parts).hash(SEED).bitwise_xor()).item())
