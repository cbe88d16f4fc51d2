"""What limits of contracts say of claims by name: at a move, and before an undo.

Files and amounts by hand are held against the limits at their rows; here whole claims
are, as they stand or would stand.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger.cash_losses import cash_losses, paid_in_periods
from reinsurance.ledger.claim_events import with_events
from reinsurance.ledger.contract_names import contract_names
from reinsurance.ledger.event_limits import event_issues
from reinsurance.ledger.limit_rules import of_claims, watched
from reinsurance.ledger.paid_periods import paid_of
from reinsurance.ledger.timelines import MONEY, NO_PERIOD
from reinsurance.models import Claim, ClaimPosition

AMOUNTS = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")


@dataclass(frozen=True, slots=True)
class _Standing:
    """Claims and their positions, as :func:`limit_rules.watched` looks at them."""

    claims: pl.DataFrame
    positions: pl.DataFrame


def said_of(
    cursor: Any,
    positions: pl.DataFrame,
    events: pl.DataFrame | None = None,
    *,
    named: pl.Series | None = None,
) -> list[str]:
    """Sentences about claims that stand above limits; inside a transaction.

    ``positions``: ``position``, ``claim``, ``currency``, ``period_end`` and
    :data:`AMOUNTS` of those that are not as the books have them; ``events``: ``claim``
    and ``loss_event`` then, where the books may have another.  ``named``: the claims
    that are held against limits of their own (None: all).
    """
    whole = _whole(positions)
    if whole is None:
        return []
    if events is not None:
        whole = with_events(whole, events)
    own = (
        whole if named is None else whole.filter(pl.col("claim").is_in(named.implode()))
    )
    subject = pl.format("Claim “{}” of contract “{}”", "name", "contract")
    issues = pl.concat(
        [
            *of_claims(own.sort("claim"), subject),
            event_issues(cursor, whole.sort("claim"), is_loaded=False),
        ]
    )
    return issues["message"].unique(maintain_order=True).to_list()


def said_of_event(claim: Claim) -> list[str]:
    """Sentences about the event that a claim is given, if it stood above the limits."""
    if claim.loss_event_id is None:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        whole = _whole(positions_of([claim.pk]))
        if whole is None:
            return []
        event = pl.lit(claim.loss_event_id, pl.Int64)
        given = whole.with_columns(loss_event=event)
        said: list[str] = event_issues(cursor, given, is_loaded=False)[
            "message"
        ].to_list()
    return said


def said_of_payments(claim: Claim) -> list[str]:
    """Sentences about periods in which a cash loss of the claim was paid.

    Inside a transaction.
    """
    placed = positions_of([claim.pk]).with_columns(treaty=pl.lit(claim.treaty_id))
    found = watched(_Standing(_claims(placed["claim"]), placed))
    if found is None:
        return []
    paid = paid_of(placed["position"].to_list())
    periods = paid.select("period_end").unique().sort("period_end")
    seen = periods.join(found.totals, how="cross").with_row_index("row")
    whole = paid_in_periods(seen, seen.clear(), found.positions, paid)
    day = pl.col("period_end")
    named = pl.format(" to {}", day.cast(pl.String))
    where = pl.when(day != NO_PERIOD).then(named).otherwise("where")
    issues = pl.concat(cash_losses(whole.with_columns(where=where)))
    said: list[str] = issues["message"].to_list()
    return [f"Claim “{claim.reference}”: {text}" for text in said]


def _whole(positions: pl.DataFrame) -> pl.DataFrame | None:
    """What claims stand at, with the limits of their contracts, if any has one."""
    claims = _claims(positions["claim"])
    placed = positions.join(claims.select("claim", "treaty"), on="claim")
    found = watched(_Standing(claims, placed))
    if found is None:
        return None
    return found.totals.join(
        claims.select("claim", "name", "contract", "loss_event"), on="claim"
    ).with_columns(row=pl.lit(0, pl.Int64))


def positions_of(claims: list[int]) -> pl.DataFrame:
    """The standing positions of claims as the books have them (:func:`said_of`)."""
    rows = ClaimPosition.objects.filter(claim__in=claims)
    schema: dict[str, pl.DataType] = {
        "position": pl.Int64(),
        "claim": pl.Int64(),
        "currency": pl.String(),
        "period_end": pl.Date(),
        **dict.fromkeys(AMOUNTS, MONEY),
    }
    names = ("pk", "claim", "currency", "period_end", *AMOUNTS)
    return pl.DataFrame(list(rows.values_list(*names)), schema=schema, orient="row")


def _claims(keys: pl.Series) -> pl.DataFrame:
    found = Claim.all_objects.filter(pk__in=keys.unique().to_list())
    rows = list(found.values_list("pk", "treaty", "reference", "loss_event"))
    schema = {
        "claim": pl.Int64,
        "treaty": pl.Int64,
        "name": pl.String,
        "loss_event": pl.Int64,
    }
    names = contract_names(treaty for _, treaty, *_ in rows)
    called = pl.col("treaty").replace_strict(names, return_dtype=pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(contract=called)
