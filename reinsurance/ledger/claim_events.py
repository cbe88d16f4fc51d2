"""The events of claims of which a correction leaves something out.

A row tells an event for its claim.  Where a correction leaves that row out, the claim
comes under the event that the rest tells, or under none: rules of the whole file look
at that, before the load as after it (:mod:`recompute` writes the same).
"""

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND
from reinsurance.ledger.descriptions import has_bit
from reinsurance.ledger.hand_edits import with_edits
from reinsurance.ledger.lacking import Lacked
from reinsurance.ledger.matching import find_positions
from reinsurance.ledger.statements import live_statements, places_of, without_lacked
from reinsurance.models import Claim

_EVENT = "loss_event"
EVENTS: dict[str, pl.DataType] = {"claim": pl.Int64(), _EVENT: pl.Int64()}
TELLINGS: dict[str, pl.DataType] = {
    "claim": pl.Int64(),
    "position": pl.Int64(),
    "row": pl.Int64(),
    "period_end": pl.Date(),
    "told": pl.Int64(),
    _EVENT: pl.Int64(),
}
"""What a statement tells of its claim's event; ``told`` has the bits of its fields."""

OwnEvents = Callable[[pl.Series], pl.DataFrame]
"""What rows of a file that is not loaded yet tell of claims (:data:`TELLINGS`)."""


def events_after(
    cursor: Any,
    lacked: Iterable[Lacked],
    shares: pl.DataFrame,
    *,
    number: int,
    sender: int | None,
    own: OwnEvents | None,
) -> pl.DataFrame:
    """Claims of which a correction leaves something out (:data:`EVENTS`), then.

    Those on contracts of ``shares`` that limit an occurrence.  ``own``: what the rows
    of the correction (``number``) tell; None: the books have it already.  Inside a
    transaction.
    """
    pairs = pl.DataFrame(
        [(x.key, x.period_end) for x in lacked],
        schema={"position": pl.Int64, "period_end": pl.Date},
        orient="row",
    )
    limited = shares.filter(pl.col("event_top").is_not_null())["treaty"]
    if not pairs.height or not limited.len():
        return pl.DataFrame(schema=EVENTS)
    places = places_of(cursor, pairs["position"].unique())
    places = places.filter(pl.col("treaty").is_in(limited.unique().implode()))
    claims = places["claim"].unique().sort()
    stored = _stored(claims)
    if own is None or not claims.len():
        return stored
    positions = find_positions(cursor, claims)
    told = live_statements(cursor, positions["position"])
    goes = (
        pl.col("sender").eq_missing(pl.lit(sender, pl.Int64))
        & (pl.col("number") < number)
        & (pl.col("row") < FIRST_ROW_BY_HAND)
    )
    gone = told.filter(goes).join(pairs, on=["position", "period_end"], how="semi")
    word = ["position", "number", "row"]
    left = told.join(gone, on=word, how="anti")
    treaties = places.select("claim", "treaty").unique("claim")
    mine = _own(cursor, own(claims).join(treaties, on="claim"), number, sender)
    return _told_last(stored, _of_books(left, stored), mine)


def with_events(shares: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """``shares`` with the events that claims have after the load."""
    if not events.height:
        return shares
    now = events.select("claim", now=_EVENT, is_other=pl.lit(value=True))
    event = pl.when("is_other").then("now").otherwise(_EVENT)
    return (
        shares.join(now, on="claim", how="left", maintain_order="left")
        .with_columns(event.alias(_EVENT))
        .drop("now", "is_other")
    )


def _stored(claims: pl.Series) -> pl.DataFrame:
    found = Claim.all_objects.filter(pk__in=claims.to_list()).order_by("pk")
    rows = list(found.values_list("pk", _EVENT))
    return pl.DataFrame(rows, schema=EVENTS, orient="row")


def _own(
    cursor: Any, told: pl.DataFrame, number: int, sender: int | None
) -> pl.DataFrame:
    """What the rows tell and no later correction leaves out."""
    mine = told.with_columns(
        number=pl.lit(number, pl.Int64), sender=pl.lit(sender, pl.Int64)
    )
    return without_lacked(cursor, mine).with_columns(load=pl.lit(None, pl.Int64))


def _of_books(left: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Statements with the event that each tells: its own, or what its claim says."""
    otherwise = pl.col("values").str.json_path_match(f"$.{_EVENT}").cast(pl.Int64)
    return (
        timelines.with_periods(left)
        .join(stored.rename({_EVENT: "stored"}), on="claim")
        .with_columns(pl.coalesce(otherwise, "stored").alias(_EVENT))
    )


def _told_last(
    stored: pl.DataFrame, books: pl.DataFrame, mine: pl.DataFrame
) -> pl.DataFrame:
    """The event told last of each claim; of one that goes altogether as it is stored.

    What a person wrote after the last word of the books counts, but not after a row.
    """
    columns = [*TELLINGS, "number", "load"]
    every = pl.concat([books.select(columns), mine.select(columns)]).sort(
        "claim", "period_end", "number", "row"
    )
    told = (
        every.filter(has_bit(_EVENT))
        .group_by("claim", maintain_order=True)
        .agg(pl.col(_EVENT, "load").last(), is_told=pl.lit(value=True))
    )
    stays = pl.col("claim").is_in(every["claim"].unique().implode())
    is_own = pl.col("is_told") & pl.col("load").is_null()
    frame = stored.filter(stays).select("claim").join(told, on="claim", how="left")
    by_rows, by_books = (
        frame.filter(is_own),
        frame.filter(~is_own.fill_null(value=False)),
    )
    return pl.concat(
        each.select(*EVENTS)
        for each in (
            stored.filter(~stays),
            by_rows,
            with_edits(by_books, every, names=[_EVENT]),
        )
    ).sort("claim")
