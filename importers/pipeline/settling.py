"""Stage settle: what the rows of a ledger's files make of the books, and its rules.

The same is asked before the approval and inside the load.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from importers.models import Source
from importers.models.sources import PremiumLists
from importers.pipeline.frames import ROW, no_issues
from importers.pipeline.rules import named
from importers.pipeline.waiting_rows import waiting
from importers.record_types import RecordType
from reinsurance.ledger.later_words import later_claims
from reinsurance.ledger.limit_rules import shares_of, watched
from reinsurance.ledger.not_named import NEW_CLAIMS, NEW_PREMIUMS
from reinsurance.ledger.periods import END
from reinsurance.ledger.premium_later_words import later_premiums
from reinsurance.ledger.premium_writing import write_premiums
from reinsurance.ledger.premiums import settle_premiums
from reinsurance.ledger.recompute import recompute
from reinsurance.ledger.settle import settle
from reinsurance.ledger.settled_rules import claim_issues
from reinsurance.ledger.told_elsewhere import elsewhere
from reinsurance.ledger.write import write
from reinsurance.resources.conventions import FileContext


@dataclass(frozen=True, slots=True)
class Settled:
    """What a chunk of rows does: ``actions`` has ``row`` and ``__action``.

    ``issues`` are named as the sender calls the columns; ``held_out`` are rows that do
    not hold together with the books.  ``together``: what rules of the whole file add
    up, of premium the ``income`` of contracts, of claims what they come to.
    """

    actions: pl.DataFrame
    issues: pl.DataFrame
    held_out: pl.Series
    settlement: Any
    together: dict[str, pl.DataFrame]


def year_listing() -> list[int]:
    """Keys of the senders whose premium files list the year to date."""
    senders = Source.objects.filter(premium_lists=PremiumLists.YEAR_TO_DATE)
    return list(senders.values_list("pk", flat=True))


def settle_rows(
    cursor: Any,
    record_type: RecordType,
    frame: pl.DataFrame,
    *,
    context: FileContext,
    headers: Mapping[str, str],
) -> Settled:
    """Settle good rows; those that do not hold are left out of what is settled.

    A row held out may change what others make of the books, and it is not there any
    more at the load: the rest is settled again, until all of it holds.
    """
    labels = {n: str(c.column_name) for n, c in record_type.columns.items()}
    held_out = pl.Series(dtype=pl.Int64)
    parts = set(context.parts) - {context.number}
    found = [no_issues()]
    while True:
        rows = frame.filter(~pl.col(ROW).is_in(held_out.implode()))
        if record_type.ledger == "claims":
            settlement: Any = settle(
                cursor,
                rows,
                number=context.number,
                conventions=context.conventions,
                labels=labels,
                parts=parts,
            )
            settlement, over = later_claims(
                cursor,
                settlement,
                number=context.number,
                conventions=context.conventions,
            )
            limited = watched(settlement)
            ruled = claim_issues(settlement, context.conventions, limited)
            correction = context.conventions.is_correction
            together = shares_of(settlement, limited, is_correction=correction)
        else:
            settlement = settle_premiums(
                cursor,
                rows,
                number=context.number,
                conventions=context.conventions,
                labels=labels,
                listing=year_listing,
                parts=parts,
            )
            over = later_premiums(settlement, number=context.number)
            ruled = settlement.ruled
            together = {"income": settlement.income}
        new = new_records(settlement.rows, rows, record_type)
        together |= _beside_others(cursor, new, context, record_type)
        issues = pl.concat([settlement.issues, ruled, over])
        errors = issues.filter(pl.col("severity") == "error")[ROW]
        if not errors.len():
            found.append(issues)
            break
        waits = _waiting(errors, rows, record_type, context)
        wrong = pl.concat([errors, waits[ROW]]).unique()
        found += [waits, issues.filter(pl.col(ROW).is_in(wrong.implode()))]
        held_out = pl.concat([held_out, wrong])
    return Settled(
        settlement.rows.select(ROW, "__action"),
        named(pl.concat(found).unique(maintain_order=True), headers),
        held_out.unique(),
        settlement,
        together,
    )


def takes_the_place(context: FileContext, record_type: RecordType) -> bool:
    """Whether the file takes the place of others: a correction, or a list of the year.

    Not where it adds to another, or goes on with rows whose contract somebody answered.
    """
    told = context.conventions
    lists = record_type.ledger == "premiums" and told.premium_lists == "year"
    is_additional = told.is_additional and not told.is_correction
    is_part = bool(told.contracts) or is_additional
    return not is_part and (told.is_correction or lists)


def _beside_others(
    cursor: Any, new: pl.DataFrame, context: FileContext, record_type: RecordType
) -> dict[str, pl.DataFrame]:
    """New records that may have stood under another contract before, or stand there."""
    if takes_the_place(context, record_type):
        return {"new": new}
    return elsewhere(
        cursor,
        new,
        ledger=record_type.slug,
        sender=context.conventions.sender,
        parts=(context.number, *context.parts),
        lists_year=record_type.ledger == "premiums"
        and context.conventions.premium_lists == "year",
    )


def new_records(
    settled: pl.DataFrame, rows: pl.DataFrame, record_type: RecordType
) -> pl.DataFrame:
    """Rows of records that are new under their contract."""
    schema = NEW_CLAIMS if record_type.ledger == "claims" else NEW_PREMIUMS
    new = settled.filter(pl.col("__action") == "created")[ROW]
    frame = rows.filter(pl.col(ROW).is_in(new.cast(rows.schema[ROW]).implode()))
    names = {"period_end": END}
    return frame.select(
        pl.col(names.get(n, n)).cast(t).alias(n) for n, t in schema.items()
    )


def _waiting(
    errors: pl.Series,
    rows: pl.DataFrame,
    record_type: RecordType,
    context: FileContext,
) -> pl.DataFrame:
    """Issues of rows that add up with one that does not hold."""
    if not context.conventions.equal_rows_add or record_type.ledger is None:
        return no_issues()
    is_wrong = pl.col(ROW).is_in(errors.cast(rows.schema[ROW]).implode())
    return waiting(rows.filter(is_wrong), rows.filter(~is_wrong), record_type.ledger)


def write_settlement(
    cursor: Any, record_type: RecordType, settlement: Any, *, load: int
) -> None:
    """Write what was settled for a load."""
    if record_type.ledger == "claims":
        recompute(cursor, write(cursor, settlement, load=load))
    else:
        write_premiums(cursor, settlement, load=load, listing=year_listing())
