"""The rules of a file's settled positions, for an amount that a person tells.

What its dates say is left out: a person tells none with an amount.  How much incurred
may change is set for a sender, which a person is not.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.event_limits import event_issues
from reinsurance.ledger.later_periods import later_periods
from reinsurance.ledger.limit_rules import shares_of, watched
from reinsurance.ledger.matching import WAS, find_claims
from reinsurance.ledger.paid_periods import paid_by_period
from reinsurance.ledger.settled_frame import settled_frame
from reinsurance.ledger.settled_rules import amount_issues
from reinsurance.ledger.statements import live_statements
from reinsurance.models import ClaimPosition
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import no_issues

_PARTS = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")


@dataclass(frozen=True, slots=True)
class _Settled:
    """A position as it stands, with what the rules for rows of a file look at."""

    settled: pl.DataFrame
    claims: pl.DataFrame
    positions: pl.DataFrame
    paid: pl.DataFrame
    later: pl.DataFrame


def issues_of(
    cursor: Any, position: ClaimPosition, end: date, *, was: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What a file would be told that left the position as it stands, at the period.

    Issues by ``severity`` and ``message``; inside a transaction.  ``was``: the timeline
    before what a person told, for later periods that it changes.
    """
    live = live_statements(cursor, pl.Series([position.pk], dtype=pl.Int64))
    if not live.height:
        return no_issues()
    told = timelines.with_periods(live).sort("period_end", "number", "row")
    here = told.filter(pl.col("period_end") == end)
    mine = (here if here.height else told).tail(1)
    rows = mine.select("row", "claim", currency=pl.lit(position.currency_id))
    line = timelines.timeline(live)
    counting = mine.get_column("row")
    found = _Settled(
        settled_frame(rows, mine, line, counting),
        _claims(cursor, position),
        _positions(position),
        paid_by_period(told, line),
        later_periods(line, line if was is None else was, mine, counting, rows),
    )
    limited = watched(found)
    shares = shares_of(found, limited, is_correction=False)["shares"]
    return pl.concat(
        [
            amount_issues(found, Conventions(), limited),
            event_issues(cursor, shares, is_loaded=True),
        ]
    )


def _claims(cursor: Any, position: ClaimPosition) -> pl.DataFrame:
    claim = position.claim
    key = {"treaty": [claim.treaty_id], "reference": [claim.reference]}
    return find_claims(cursor, pl.DataFrame(key)).with_columns(
        loss_event=pl.col(f"{WAS}loss_event")
    )


def _positions(position: ClaimPosition) -> pl.DataFrame:
    names = ("pk", "claim_id", "currency_id", "period_end", *_PARTS)
    rows = ClaimPosition.all_objects.filter(pk=position.pk).values_list(*names)
    schema: dict[str, Any] = {
        "position": pl.Int64,
        "claim": pl.Int64,
        "currency": pl.String,
        "period_end": pl.Date,
        **dict.fromkeys(_PARTS, timelines.MONEY),
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row").with_columns(
        treaty=pl.lit(position.claim.treaty_id, dtype=pl.Int64)
    )
