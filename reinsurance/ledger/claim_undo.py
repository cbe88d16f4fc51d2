"""Claims as they will stand once a load is undone: worked out, and nothing is written.

:mod:`recompute` writes the same.
"""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import QuerySet

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import MAIN, POSITION
from reinsurance.ledger.claims_above import AMOUNTS, said_of
from reinsurance.ledger.descriptions import FIELDS
from reinsurance.ledger.kept_apart import require_kept_apart
from reinsurance.ledger.matching import WAS, find_positions
from reinsurance.ledger.overlaps import require_no_overlap
from reinsurance.ledger.position_keys import told_keys
from reinsurance.ledger.recompute import PORTION, positions_to_settle
from reinsurance.ledger.statements import live_statements
from reinsurance.ledger.timelines import KEY, MONEY
from reinsurance.ledger.told_descriptions import described
from reinsurance.models import Claim

_EVENTS = {"claim": pl.Int64, "loss_event": pl.Int64, "was_event": pl.Int64}


@dataclass(frozen=True, slots=True)
class Without:
    """What is left of a load's claims without it.

    ``positions``: ``position``, ``claim``, ``currency``, ``period_end`` and main
    amounts, ``stays`` and ``differs`` (now, or at the end of an earlier period) of
    those of which others speak, too; ``claims``: keys of claims that are described
    otherwise, or stand at another status; ``events``: ``claim``, ``loss_event`` then
    and ``was_event`` of those that stay.
    """

    positions: pl.DataFrame
    claims: pl.Series
    events: pl.DataFrame


def without(cursor: Any, load: int) -> Without:
    """How claims stand without a load that was marked as undone.

    Leaves the temporary table of :func:`recompute.positions_to_settle`.  Raises
    CountsTwiceError where payments would overlap, or positions not be kept apart.
    """
    keys = positions_to_settle(cursor, load)
    require_kept_apart(cursor, keys, load=load)
    portions = [
        _positions(cursor, keys.slice(start, PORTION), load)
        for start in range(0, max(keys.len(), 1), PORTION)
    ]
    positions = pl.concat(portions)
    claims = positions["claim"].unique()
    changed, events = zip(
        *(
            _otherwise_described(cursor, claims.slice(start, PORTION), positions)
            for start in range(0, max(claims.len(), 1), PORTION)
        ),
        strict=True,
    )
    return Without(positions, pl.concat(changed), pl.concat(events))


def breaches(cursor: Any, after: Without, seen: QuerySet[Claim]) -> list[str]:
    """What limits say of claims that stand otherwise without it, of those ``seen``.

    Of the event of a claim also where nothing but that is another one.
    """
    is_other = pl.col("loss_event").ne_missing(pl.col("was_event"))
    moved = after.events.filter(is_other)["claim"]
    changed = (
        pl.col("claim").is_in(moved.implode()) | ~pl.col("stays") | pl.col("differs")
    )
    found = after.positions.filter(changed)
    keys = seen.filter(pk__in=found["claim"].unique().to_list())
    mine = pl.Series(list(keys.values_list("pk", flat=True)), dtype=pl.Int64)
    found = found.filter(pl.col("claim").is_in(mine.implode()))
    amounts = found.filter(~pl.col("stays") | pl.col("differs"))["claim"]
    return said_of(cursor, found, after.events, named=amounts)


def _positions(cursor: Any, keys: pl.Series, load: int) -> pl.DataFrame:
    """The positions with ``claim``, ``status``, ``period_end``, and how they fare."""
    left = live_statements(cursor, keys)
    require_no_overlap(left)
    told = live_statements(cursor, keys, also=load)
    before, after = _lines(told), _lines(left)
    is_other = [
        one.join(other, on=one.columns, how="anti", nulls_equal=True)["position"]
        for one, other in ((before, after), (after, before))
    ]
    claims = pl.concat([told["claim"], left["claim"]])
    known = find_positions(cursor, claims).filter(
        pl.col("position").is_in(keys.implode())
    )
    otherwise = pl.concat([*is_other, told_keys(known, left)["position"]])
    now = timelines.latest(after).select("position", "status", "period_end", *AMOUNTS)
    return (
        known.select("position", "claim", "currency")
        .join(now, on="position", how="left")
        .with_columns(
            stays=pl.col("position").is_in(left["position"].implode()),
            differs=pl.col("position").is_in(otherwise.implode()),
            period_end=pl.when(pl.col("period_end") != timelines.NO_PERIOD).then(
                "period_end"
            ),
        )
    )


def _lines(live: pl.DataFrame) -> pl.DataFrame:
    """What holds at the end of each period, whoever told it."""
    line = timelines.timeline(live)
    untold = [pl.lit(None, MONEY).alias(n) for n in POSITION if n not in line.columns]
    return line.with_columns(untold).select(
        *KEY,
        "status",
        *(pl.col(n).fill_null(0) if n in MAIN else pl.col(n) for n in POSITION),
    )


def _otherwise_described(
    cursor: Any, claims: pl.Series, positions: pl.DataFrame
) -> tuple[pl.Series, pl.DataFrame]:
    """Claims that stay and read otherwise than they are stored; events of those."""
    known = find_positions(cursor, claims)
    standing = (
        known.join(positions, on="position", how="left", suffix="_now")
        .with_columns(is_touched=pl.col("stays").is_not_null())
        .filter(pl.when("is_touched").then("stays").otherwise("stands"))
        .with_columns(
            pl.when("is_touched").then(now).otherwise(f"was_{now}").alias(f"was_{now}")
            for now in ("status", "period_end")
        )
    )
    live = timelines.with_periods(live_statements(cursor, known["position"]))
    frame = described(cursor, standing, live)
    if not frame.height:
        return claims.clear(), pl.DataFrame(schema=_EVENTS)
    differs = pl.any_horizontal(
        pl.col("status").ne_missing(pl.col("was_status")),
        *(pl.col(n).ne_missing(pl.col(WAS + n)) for n in FIELDS),
    )
    events = frame.select("claim", "loss_event", was_event=WAS + "loss_event")
    return frame.filter(differs | _other_details(frame))["claim"], events


def _other_details(frame: pl.DataFrame) -> pl.Series:
    """Which claims have other further details, in whatever order they are written."""
    empty = pl.lit("{}")
    now, was = (
        pl.col("details").fill_null(empty),
        pl.col("was_details").fill_null(empty),
    )
    written = frame.select("claim", now=now, was=was).filter(
        pl.col("now") != pl.col("was")
    )
    others = [
        claim
        for claim, after, before in written.iter_rows()
        if json.loads(after) != json.loads(before)
    ]
    return frame["claim"].is_in(others)
