"""Settle: what the rows of a claims file make of the books, before and while loading.

Rows of one claim have to be settled together.  Nothing is written here; the same is
asked before the approval and inside the load, so that what was approved is what is
loaded.
"""

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from reinsurance.ledger import describing, timelines
from reinsurance.ledger.actions import actions, repeats
from reinsurance.ledger.amounts import TOLD
from reinsurance.ledger.claim_corrections import corrections_of, lacking_dropped
from reinsurance.ledger.contradictions import UNALLOCATED, contradictions
from reinsurance.ledger.described_twice import described_twice
from reinsurance.ledger.descriptions import FIELDS, PARTS, told_bits
from reinsurance.ledger.further_details import details_of
from reinsurance.ledger.later_periods import later_periods
from reinsurance.ledger.matching import find_claims, find_positions
from reinsurance.ledger.other_parts import claims_of_other_parts
from reinsurance.ledger.paid_periods import paid_by_period
from reinsurance.ledger.periods import END, START
from reinsurance.ledger.position_matching import match_positions
from reinsurance.ledger.positions_after import positions_after
from reinsurance.ledger.repeated import told_again
from reinsurance.ledger.settled_frame import settled_frame
from reinsurance.ledger.settlement import Settlement
from reinsurance.ledger.statements import (
    live_statements,
)
from reinsurance.ledger.timelines import MONEY
from reinsurance.ledger.told_since import claims_told_since
from reinsurance.ledger.told_twice import of_added, told_twice, with_added
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.positions import STATEMENT_OF

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


def settle(
    cursor: Any,
    rows: pl.DataFrame,
    *,
    number: int,
    conventions: Conventions,
    labels: Mapping[str, str],
    parts: Collection[int] = (),
) -> Settlement:
    """Settle good rows of an ingestion (``number``); inside a transaction.

    ``rows`` is a row frame of claims with ``treaty_reference`` (key) and periods;
    ``labels`` are the names of the columns of further details, ``parts`` numbers of
    other ingestions with rows of the same file.
    """
    told = _as_told(rows, conventions, labels)
    again = told_again(
        cursor, told, number=number, conventions=conventions, parts=parts
    )
    told = told.join(again, on="row", how="anti", maintain_order="left")
    told, claims = _with_claims(cursor, told)
    positions = find_positions(cursor, claims.get_column("claim"))
    matched = match_positions(
        told, positions, several_currencies=conventions.several_currencies
    )
    issues = [matched.issues]
    good = _without(matched.rows, matched.issues)
    good = _with_new_positions(good)
    added, repeated = told_twice(good, adds=conventions.equal_rows_add)
    issues.append(repeated)
    every, good = _without(good, repeated), _without(added, repeated)
    new = _as_statements(good, number=number, conventions=conventions)
    places = positions.join(claims.select("claim", "treaty"), on="claim")
    old = live_statements(cursor, positions.get_column("position"), places=places)
    twice = claims_of_other_parts(
        good, old, claims, parts, adds=conventions.equal_rows_add
    )
    since = claims_told_since(
        cursor,
        _without(new, twice),
        old,
        good.select("claim", "treaty", "reference").unique(),
        number=number,
        parts=parts,
    )
    twice = pl.concat([twice, since])
    wrong = pl.concat([twice, contradictions(old, _without(new, twice))])
    if conventions.equal_rows_add:
        wrong = of_added(wrong, every)
    issues.append(wrong)
    good, new = _without(good, wrong), _without(new, wrong)
    new = new.drop(UNALLOCATED.values(), strict=False)
    live = _live(cursor, old, new, good)
    counting = live.filter(pl.col("statement").is_null()).get_column("row")
    counts = good.filter(pl.col("row").is_in(counting.implode()))
    issues.append(described_twice(_without(every, pl.concat(issues)), counts, labels))
    line = timelines.timeline(live)
    line_before = timelines.timeline(old)
    told_before = timelines.best(old) if old.height else None
    whole = timelines.with_periods(live)
    silent = new.filter(~pl.col("row").is_in(counting.implode()))
    mine = pl.concat(
        [whole.filter(pl.col("statement").is_null()).select(new.columns), silent]
    )
    after = positions_after(good, positions, line, matched.fills)
    described = describing.describe(
        cursor,
        good,
        mine,
        whole.filter(pl.col("statement").is_not_null()),
        claims,
        positions,
        after,
        counting,
        number=number,
    )
    did = actions(
        mine,
        told_before,
        positions.filter("stands").get_column("position"),
        described.changed_rows,
        counting,
        line_before if old.height else None,
        is_correction=conventions.is_correction,
    )
    statements = described.statements
    repeated_rows = repeats(statements, old, did, is_off=conventions.is_correction)
    statements = statements.filter(~pl.col("row").is_in(repeated_rows["row"].implode()))
    held_out = pl.concat(issues).filter(pl.col("severity") == "error")["row"].unique()
    periods = mine.select("row", "period_end")
    rows_after = (
        good.select("row", "claim", "position")
        .join(periods, on="row", how="left", maintain_order="left")
        .join(did, on="row", how="left", maintain_order="left")
    )
    if conventions.equal_rows_add:
        rows_after = with_added(rows_after, _without(every, wrong))
    unchanged = again.drop("statement").with_columns(__action=pl.lit(UNCHANGED))
    return Settlement(
        rows=pl.concat([rows_after, unchanged.select(rows_after.columns)]),
        held_out=held_out,
        issues=pl.concat(issues),
        claims=described.claims,
        positions=after,
        statements=statements,
        repeats=pl.concat([repeated_rows, again.select("row", "statement")]),
        overrides=described.overrides,
        settled=settled_frame(good, mine, line, counting),
        paid=paid_by_period(whole, line),
        later=later_periods(line, line_before, mine, counting, good),
    )


def _as_told(
    rows: pl.DataFrame, conventions: Conventions, labels: Mapping[str, str]
) -> pl.DataFrame:
    """The rows with the ledger's names: amounts as statements tell them."""
    columns = set(rows.columns)
    amounts = {own: name for own, name in STATEMENT_OF.items() if own in columns}
    nil = pl.lit(0, MONEY)
    fields = [name for name in FIELDS if name in columns]

    def part(name: str) -> pl.Expr:
        found = pl.col(name).fill_null("") if name in columns else pl.lit("")
        return found.alias(name)

    return rows.select(
        pl.col("row").cast(pl.Int64),
        pl.col("treaty_reference").alias("treaty"),
        pl.col("claim_reference").alias("reference"),
        part("section"),
        part("risk_code"),
        "currency",
        START,
        END,
        (
            pl.col("claim_status")
            if "claim_status" in columns
            else pl.lit(None, pl.String)
        ).alias("status"),
        *(
            (pl.col(own).fill_null(nil) if conventions.blank_is_zero else pl.col(own))
            .cast(MONEY)
            .alias(name)
            for own, name in amounts.items()
        ),
        *(pl.col(name) for name in fields),
        told_bits([*fields, *(part for part in PARTS if part in columns)]),
        details_of(rows, labels),
        *(
            pl.col(name).alias(f"told_{name}")
            for name in ("incurred", "incurred_indemnity", "incurred_fees")
            if name in columns
        ),
        *(name for name in UNALLOCATED.values() if name in columns),
    )


def _with_claims(cursor: Any, told: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their claim's key (below zero: a new one), and the claims known."""
    claims = find_claims(cursor, told)
    rows = told.join(
        claims.select("treaty", "reference", "claim"),
        on=["treaty", "reference"],
        how="left",
        maintain_order="left",
    )
    new = -pl.struct("treaty", "reference").rank("dense").cast(pl.Int64)
    return rows.with_columns(claim=pl.coalesce("claim", new)), claims


def _with_new_positions(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows without a position get the key of a new one, below zero."""
    key = pl.struct("claim", "section", "risk_code", "currency")
    return rows.with_columns(
        position=pl.coalesce("position", -key.rank("dense").cast(pl.Int64))
    )


def _without(rows: pl.DataFrame, issues: pl.DataFrame) -> pl.DataFrame:
    errors = issues.filter(pl.col("severity") == "error")["row"]
    if not errors.len():
        return rows
    return rows.filter(~pl.col("row").is_in(errors.unique().implode()))


def _as_statements(
    rows: pl.DataFrame, *, number: int, conventions: Conventions
) -> pl.DataFrame:
    """The rows as statements that are not stored yet: their ``statement`` is null."""
    amounts = [name for name in (*TOLD, *UNALLOCATED.values()) if name in rows.columns]
    return rows.select(
        pl.lit(None, dtype=pl.Int64).alias("statement"),
        "position",
        "claim",
        "treaty",
        pl.lit(number, dtype=pl.Int64).alias("number"),
        pl.lit(conventions.sender, dtype=pl.Int64).alias("sender"),
        pl.lit(conventions.is_correction).alias("is_correction"),
        "row",
        pl.col(START).alias("period_start"),
        pl.col(END).alias("period_end"),
        "status",
        "told",
        "details",
        *amounts,
    )


def _live(
    cursor: Any, old: pl.DataFrame, new: pl.DataFrame, good: pl.DataFrame
) -> pl.DataFrame:
    """Old and new statements together, without what later corrections lack."""
    every = pl.concat([old, new], how="diagonal_relaxed")
    named = good.select("claim", "treaty", "reference")
    corrections = corrections_of(cursor, new.get_column("treaty"), new=named)
    return lacking_dropped(every, corrections)
