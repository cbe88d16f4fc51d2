"""Rules of a ledger's whole file, at its check and its load.

Its parts are settled each by itself, and what a correction leaves out is known only
after the last of them.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl
from django.db import connection, transaction

from importers.pipeline.befores import of_issues
from importers.pipeline.effects import Effect, lists_year
from importers.pipeline.frames import no_issues
from importers.pipeline.settling import takes_the_place
from importers.record_types import RecordType
from reinsurance.ledger.claim_events import events_after, with_events
from reinsurance.ledger.claim_shares import left_out, with_left_out
from reinsurance.ledger.contracts_left import Rejected, Spoken
from reinsurance.ledger.event_limits import event_issues
from reinsurance.ledger.lacking import PRESENT_CLAIMS, PRESENT_PREMIUMS, Lacked
from reinsurance.ledger.limit_rules import whole_claims
from reinsurance.ledger.not_named import not_named
from reinsurance.ledger.premium_income import income_issues
from reinsurance.ledger.told_elsewhere import elsewhere_issues
from reinsurance.resources.conventions import FileContext


def judge_together(
    effect: Effect, record_type: RecordType, context: FileContext, *, is_loaded: bool
) -> pl.DataFrame:
    """Issues of what all rows add up to; ``effect`` counts them.

    The premium income of contracts, events, and the claims of a correction.
    ``is_loaded``: the books have the file already, without what it leaves out.
    """
    whole = {name: pl.concat(frames) for name, frames in effect.together.items()}
    new, both = whole.pop("new", None), whole.pop("elsewhere", None)
    keys = whole.pop("elsewhere_keys", None)
    rejected = context.rejected if is_loaded else effect.rejected()
    spoken = _spoken(effect, record_type, context, rejected)
    others = _of_other_contracts(effect, spoken, new)
    if both is not None and keys is not None:
        others = _told_elsewhere(effect, both, keys)
    if not any(frame.height for frame in whole.values()):
        return others
    with transaction.atomic(), connection.cursor() as cursor:
        if record_type.ledger == "premiums":
            lacked = _lacked(cursor, effect, record_type, context)
            found = income_issues(
                whole["income"],
                lacked=[each.key for each in lacked if each.takes_away],
                back=[key for each in lacked for key in each.back],
                is_loaded=is_loaded,
            )
        elif context.conventions.is_correction:
            lacked = _lacked(cursor, effect, record_type, context)
            changes = effect.changes(cursor, context, lacked)
            after = events_after(
                cursor,
                lacked,
                whole["shares"],
                number=context.number,
                sender=context.conventions.sender,
                own=effect.own_events,
            )
            told = with_events(whole["shares"], after)
            gone = left_out(told, changes.positions, after)
            shares = with_left_out(told, gone, is_loaded=is_loaded)
            claims = whole_claims(shares, gone, whole["paid"], changes.periods)
            events = event_issues(cursor, shares, gone, is_loaded=is_loaded)
            found = pl.concat([events, claims])
        else:
            found = event_issues(cursor, whole["shares"], is_loaded=is_loaded)
    effect.note_changes(None, found)
    return pl.concat([found, others])


def _of_other_contracts(
    effect: Effect, spoken: Spoken | None, new: pl.DataFrame | None
) -> pl.DataFrame:
    """Contracts that the file leaves as they are, and its rows stand under as well."""
    if new is None or spoken is None:
        return no_issues()
    with transaction.atomic(), connection.cursor() as cursor:
        schema = PRESENT_CLAIMS if spoken.ledger == "claims" else PRESENT_PREMIUMS
        present = pl.concat([pl.DataFrame(schema=schema), *effect.present])
        found = not_named(cursor, spoken, new, present.unique())
    effect.note_changes(None, found)
    effect.note_before({"other contracts": of_issues(found)})
    return found


def _told_elsewhere(
    effect: Effect, both: pl.DataFrame, keys: pl.DataFrame
) -> pl.DataFrame:
    """New rows that its sender told under another contract, too, and the file not."""
    told = [frame.to_series() for frame in effect.present]
    present = pl.concat([pl.Series(dtype=pl.Int64), *told])
    found = elsewhere_issues(both, keys, present)
    effect.note_changes(None, found)
    effect.note_before({"other contracts": of_issues(found)})
    return found


def _spoken(
    effect: Effect,
    record_type: RecordType,
    context: FileContext,
    rejected: Sequence[Rejected],
) -> Spoken | None:
    """What the file is for, where it takes the place of others; else None."""
    told = context.conventions
    if not takes_the_place(context, record_type):
        return None
    return Spoken(
        record_type.slug,
        context.number,
        told.sender,
        list(effect.periods),
        list(rejected),
        is_correction=told.is_correction,
        lists_year=lists_year(record_type, context),
    )


def _lacked(
    cursor: Any, effect: Effect, record_type: RecordType, context: FileContext
) -> list[Lacked]:
    """What a correction leaves out; other files do not."""
    if not context.conventions.is_correction:
        return []
    return effect.lacked(cursor, record_type, context)
