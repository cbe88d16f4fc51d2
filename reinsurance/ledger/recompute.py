"""Positions and claims worked out anew where loads came to stand, or do not any more.

A record whose only word was that of a load that is undone is not touched: it stands by
that load, and so it is hidden.
"""

from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import MAIN, POSITION
from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.descriptions import FIELDS, table_column
from reinsurance.ledger.lineage_ranges import repeating
from reinsurance.ledger.matching import find_positions
from reinsurance.ledger.overlaps import require_no_overlap
from reinsurance.ledger.overrides import overrides_of
from reinsurance.ledger.position_keys import told_keys, write_keys
from reinsurance.ledger.statements import REPEATED, live_statements
from reinsurance.ledger.timelines import MONEY
from reinsurance.ledger.told_descriptions import described
from reinsurance.ledger.write import update
from reinsurance.models import Claim, ClaimPosition, ClaimStatement

PORTION = 50_000


def positions_to_settle(cursor: Any, load: int) -> pl.Series:
    """Positions that a load spoke of, of claims that other loads speak of, too.

    For a load that is marked as undone already.  Claims that no other load that stands
    speaks of need nothing.  Of a correction also those that it left out.
    """
    cursor.execute(
        f"""
        DROP TABLE IF EXISTS spoken;
        CREATE TEMPORARY TABLE spoken ON COMMIT DROP AS
        SELECT s.position_id AS id FROM reinsurance_claimstatement s
        WHERE s.load_id = %(load)s
        UNION
        SELECT s.position_id FROM reinsurance_lineagerange r
        JOIN reinsurance_claimstatement s ON s.id BETWEEN r.first_id AND r.last_id
        WHERE r.load_id = %(load)s AND r.model = '{REPEATED}'
        UNION
        SELECT s.position_id FROM reinsurance_load c
        JOIN reinsurance_loadperiod p ON p.load_id = c.id AND p.leaves_out
        JOIN reinsurance_claim m ON m.treaty_id = p.treaty_id
        JOIN reinsurance_claimposition q ON q.claim_id = m.id
        JOIN reinsurance_claimstatement s ON s.position_id = q.id
            AND s.period_end = p.period_end
        WHERE c.id = %(load)s AND c.is_correction;
        ANALYZE spoken
        """,  # noqa: S608 our names
        {"load": load},
    )
    return copy_out(
        cursor,
        f"""
        WITH touched AS (
            SELECT DISTINCT p.claim_id FROM spoken k
            JOIN reinsurance_claimposition p ON p.id = k.id
        ), others AS (
            SELECT DISTINCT q.claim_id FROM touched t
            JOIN reinsurance_claimposition q ON q.claim_id = t.claim_id
            WHERE EXISTS (
                SELECT FROM reinsurance_claimstatement s
                JOIN reinsurance_load l ON l.id = s.load_id AND l.undone_at IS NULL
                WHERE s.position_id = q.id
            ) OR EXISTS (
                SELECT FROM reinsurance_claimstatement s
                {repeating("s.id", REPEATED)}
                JOIN reinsurance_load l ON l.id = r.load_id AND l.undone_at IS NULL
                WHERE s.position_id = q.id
            )
        )
        SELECT k.id FROM spoken k JOIN reinsurance_claimposition p ON p.id = k.id
        JOIN others o ON o.claim_id = p.claim_id
        """,  # noqa: S608 our names
        {"id": pl.Int64()},
    )["id"]


def recompute(cursor: Any, positions: pl.Series, *, takes_back: bool = False) -> None:
    """Work the positions out anew, and what describes their claims.

    ``takes_back``: after a word was taken back; raises CountsTwiceError where that
    brings back payments which overlap others.
    """
    for start in range(0, positions.len(), PORTION):
        _portion(cursor, positions.slice(start, PORTION), takes_back=takes_back)


def _portion(cursor: Any, positions: pl.Series, *, takes_back: bool) -> None:
    live = live_statements(cursor, positions)
    if takes_back:
        require_no_overlap(live)
    claims = _claims_of(cursor, positions)
    known = find_positions(cursor, claims).filter(
        pl.col("position").is_in(positions.implode())
    )
    line = timelines.latest(timelines.timeline(live))
    after = known.select("position", "claim").join(
        line.drop("number", "row"), on="position", how="left"
    )
    for name in POSITION:
        if name not in after.columns:
            after = after.with_columns(pl.lit(None, MONEY).alias(name))
    witness = (
        live.sort("number")
        .group_by("position", maintain_order=True)
        .agg(load=pl.col("load").last())
    )
    after = after.join(witness, on="position", how="left").with_columns(
        pl.when(pl.col("period_end") != timelines.NO_PERIOD)
        .then("period_end")
        .alias("period_end"),
        *(pl.col(n).fill_null(0).cast(MONEY) for n in MAIN),
    )
    alive = after.filter(pl.col("load").is_not_null())
    columns = {n: n for n in ("period_end", *POSITION)}
    columns |= {"status_id": "status", "load_id": "load"}
    update(
        cursor,
        ClaimPosition,
        alive.rename({"position": "id"}),
        columns,
        also="lacked_by_id = NULL",
    )
    write_keys(cursor, told_keys(known, live))
    gone = after.filter(pl.col("load").is_null())["position"]
    _leave_out(cursor, ClaimPosition, gone, gone)
    _describe(cursor, claims)


def _claims_of(cursor: Any, positions: pl.Series) -> pl.Series:
    sought(cursor, "of_position", id=("bigint", positions))
    return copy_out(
        cursor,
        "SELECT DISTINCT p.claim_id FROM of_position k "
        "JOIN reinsurance_claimposition p ON p.id = k.id",
        {"id": pl.Int64()},
    )["id"]


def _leave_out(cursor: Any, model: Any, keys: pl.Series, positions: pl.Series) -> None:
    """Records of which no live statement is left, though their load stands.

    A correction left them out: they are hidden as long as it stands.  It is one that
    speaks for a period of theirs: with it undone they are worked out anew.
    """
    if not keys.len():
        return
    sought(cursor, "left_out", id=("bigint", keys))
    own = "q.claim_id" if model is Claim else "q.id"
    cursor.execute(
        f"""
        UPDATE {model._meta.db_table} x SET lacked_by_id = (
            SELECT max(c.id) FROM reinsurance_claimposition q
            JOIN reinsurance_claim m ON m.id = q.claim_id
            JOIN reinsurance_claimstatement s ON s.position_id = q.id
            JOIN reinsurance_loadperiod p
                ON p.treaty_id = m.treaty_id AND p.period_end = s.period_end
                AND p.leaves_out
            JOIN reinsurance_load c ON c.id = p.load_id
            WHERE {own} = x.id AND c.is_correction AND c.undone_at IS NULL
                AND c.record_type = 'claims'
        )
        FROM left_out k, reinsurance_load l
        WHERE x.id = k.id AND l.id = x.load_id AND l.undone_at IS NULL
        """  # noqa: S608 our names
    )


def _describe(cursor: Any, claims: pl.Series) -> None:
    """What describes the claims, from their live statements."""
    positions = find_positions(cursor, claims)
    standing = positions.filter("stands")
    live = timelines.with_periods(live_statements(cursor, positions["position"]))
    gone = claims.filter(~claims.is_in(standing["claim"].implode()))
    _leave_out(cursor, Claim, gone, gone)
    frame = described(cursor, standing, live)
    if not frame.height:
        return
    overrides = overrides_of(
        cursor,
        frame.with_columns(stands=pl.lit(value=True), is_changed=pl.lit(value=True)),
    )
    update(
        cursor,
        ClaimStatement,
        overrides.rename({"statement": "id"}),
        {"values": "values"},
    )
    witness = (
        live.sort("number")
        .group_by("claim", maintain_order=True)
        .agg(load=pl.col("load").last())
    )
    frame = frame.join(witness, on="claim", how="left").filter(
        pl.col("load").is_not_null()
    )
    columns = {table_column(n): n for n in FIELDS}
    columns |= {"status_id": "status", "details": "details", "load_id": "load"}
    update(
        cursor,
        Claim,
        frame.rename({"claim": "id"}),
        columns,
        also="lacked_by_id = NULL, updated_at = now()",
    )
