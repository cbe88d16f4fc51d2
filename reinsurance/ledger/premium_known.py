"""Premiums as they were known at a moment, and as at a day: which stood, and as what.

An entry names only the load that took it out of sight last; what stood at an earlier
moment is worked out anew, as an undo works it out, from the loads that stood then.
Of policies that no load and no undo has touched since it is what stands now.  As at a
day, what lists of the year to date told is worked out from what they told up to then,
whatever is stored: a list of a later period has changed that since.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.models import Q

from reinsurance.ledger.premium_keys import FIRM, PARTS
from reinsurance.ledger.premium_restating import as_they_stand, keyed
from reinsurance.ledger.premium_standing import (
    COLUMNS,
    GROUP,
    KEY,
    corrections,
    is_filled,
    lacked,
    tellings,
)
from reinsurance.models import Load, PremiumEntry

POLICY = ["treaty_reference", "policy_reference"]
_READ = ["id", *KEY, "period_end", *(n for n in COLUMNS if n != "details")]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment (none: now), and the loads (keys) that tell it from now.

    ``stood``: they stood then; ``since``: loaded or undone since; ``undone_since``:
    those of them that were undone.
    """

    at: datetime.datetime | None
    listing: Collection[int]
    stood: list[int] = field(default_factory=list)
    since: list[int] = field(default_factory=list)
    undone_since: list[int] = field(default_factory=list)


def moment_of(at: datetime.datetime | None, *, listing: Collection[int]) -> Moment:
    """``listing``: keys of senders whose files list the year to date."""
    loads = Load.objects.order_by("pk")
    if at is None:
        return Moment(
            at, listing, list(loads.filter(undone_at=None).values_list("pk", flat=True))
        )
    undone_since = Q(undone_at__gt=at)
    stood = Q(loaded_at__lte=at) & (Q(undone_at=None) | undone_since)

    def keys(which: Q) -> list[int]:
        return list(loads.filter(which).values_list("pk", flat=True))

    since = keys(Q(loaded_at__gt=at) | undone_since)
    return Moment(at, listing, keys(stood), since, keys(undone_since))


def known_premiums(
    policies: Sequence[tuple[int, str]],
    moment: Moment,
    *,
    day: datetime.date | None = None,
) -> list[dict[str, Any]]:
    """Entries of policies (contract and policy) that stood, with what they read then.

    ``day``: at the end of that period; of lists of the year to date also what a later
    one replaced since.  Columns are those of the Resource, and ``id``; an
    untold text is empty.
    """
    keys = pl.DataFrame(
        list(policies),
        schema={"treaty": pl.Int64, "policy": pl.String},
        orient="row",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        every = tellings(cursor, keys, moment.listing)
        if not every.height:
            return []
        then = _told_then(every, moment)
        spoken = _corrections(cursor, keys["treaty"], moment)
    changed = _changed(every, spoken, moment)
    found = pl.concat(
        [
            _as_stored(every.join(changed, on=POLICY, how="anti")),
            _as_read(then.join(changed, on=POLICY, how="semi"), spoken),
        ]
    )
    if day is not None:
        found = _up_to(day, found, then, spoken)
    return found.with_columns(pl.col(pl.String).fill_null("")).to_dicts()


def _told_then(every: pl.DataFrame, moment: Moment) -> pl.DataFrame:
    """What was told by loads that stood; what a person made was there from then on."""
    by_hand = every.filter(pl.col("load").is_null())["id"]
    there = PremiumEntry.all_objects.filter(pk__in=by_hand.to_list())
    if moment.at is not None:
        there = there.filter(created_at__lte=moment.at)
    made = pl.Series(list(there.values_list("pk", flat=True)), dtype=pl.Int64)
    is_made = pl.col("load").is_null() & pl.col("id").is_in(made.implode())
    stood = pl.col("load").is_in(moment.stood).fill_null(value=False)
    # A row was told apart from others at the undo of one beside it: not before.
    undone = ~pl.col("stands") & ~pl.col("load").is_in(moment.undone_since)
    apart = pl.col("apart") & undone.fill_null(value=False).any().over(FIRM)
    return every.with_columns(apart=apart).filter(stood | is_made)


def _corrections(cursor: Any, treaties: pl.Series, moment: Moment) -> pl.DataFrame:
    """Corrections that stand or stood then: ``stood`` and ``is_since``."""
    found = corrections(cursor, treaties, also=moment.undone_since)
    return found.with_columns(
        stood=pl.col("by").is_in(moment.stood),
        is_since=pl.col("by").is_in(moment.since),
    )


def _changed(every: pl.DataFrame, spoken: pl.DataFrame, moment: Moment) -> pl.DataFrame:
    """Policies that are perhaps not as they were: loads since told or left them out."""
    is_since = pl.any_horizontal(
        pl.col(n).is_in(moment.since).fill_null(value=False) for n in ("load", "gone")
    )
    contracts = spoken.filter("is_since")["treaty_reference"].unique()
    corrected = pl.col("treaty_reference").is_in(contracts.implode())
    by_hand = pl.col("load").is_null()
    return every.filter(is_since | corrected | by_hand).select(POLICY).unique()


def _as_stored(every: pl.DataFrame) -> pl.DataFrame:
    """Entries that stand, as the books have them."""
    standing = every.filter("stands", pl.col("gone").is_null()).unique("id")
    stored = standing.with_columns(pl.col(f"stored.{n}").alias(n) for n in PARTS)
    return stored.select(_READ)


def _as_read(
    told: pl.DataFrame, spoken: pl.DataFrame, day: datetime.date | None = None
) -> pl.DataFrame:
    """Entries that stand by these tellings and corrections, and what they read.

    ``day``: as at that.  Which premiums are one is known from lists of later periods,
    too, but not the section, or other part of the key, that only these tell.
    """
    if not told.height:
        return told.select(_READ)
    spoken = spoken.filter("stood")
    ordered = told.sort("period_end", "number", "row", "id").with_row_index("__n")
    if day is None:
        every = whole = keyed(ordered, spoken)
    else:
        is_before = pl.col("period_end") <= day
        spoken = spoken.filter(is_before)
        every = keyed(ordered, spoken)
        whole = every.filter(is_before)
    known = whole.group_by(GROUP).agg(
        (~is_filled(n)).any().alias(f"__{n}") for n in PARTS
    )
    after = as_they_stand(whole, lacked(whole, spoken, every)).filter("stays")
    ends = whole.select("id", "period_end").unique("id")
    return (
        after.with_columns(pl.col(f"now_{n}").alias(n) for n in COLUMNS)
        .join(ends, on="id", how="left")
        .join(known, on=GROUP, how="left", nulls_equal=True)
        .with_columns(pl.when(f"__{n}").then(n).alias(n) for n in PARTS)
        .select(pl.col(n).cast(told.schema[n]) for n in _READ)
    )


def _up_to(
    day: datetime.date,
    found: pl.DataFrame,
    told: pl.DataFrame,
    spoken: pl.DataFrame,
) -> pl.DataFrame:
    """Those told for periods up to the day; of lists of the year what they said then.

    What stands of a list now may read otherwise than it did, and what a later list
    replaced or left out stood until then.
    """
    is_before = pl.col("period_end") <= day
    found = found.filter(
        is_before | (pl.col("period_end").is_null() & (pl.col("effective_date") <= day))
    )
    listed = told.filter(pl.col("same_sender").is_not_null())
    was = _as_read(listed, spoken, day)
    return pl.concat([found.join(listed, on="id", how="anti"), was])
