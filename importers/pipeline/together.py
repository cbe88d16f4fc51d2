"""Rules of a ledger's whole file, at its check and its load.

Its parts are settled each by itself, and what a correction leaves out is known only
after the last of them.
"""

from typing import Any

import polars as pl
from django.db import connection, transaction

from importers.pipeline.effects import Effect
from importers.pipeline.frames import no_issues
from importers.record_types import RecordType
from reinsurance.ledger.claim_shares import left_out
from reinsurance.ledger.event_limits import event_issues
from reinsurance.ledger.lacking import Lacked
from reinsurance.ledger.limit_rules import whole_claims
from reinsurance.ledger.premium_income import income_issues
from reinsurance.resources.conventions import FileContext


def judge_together(
    effect: Effect, record_type: RecordType, context: FileContext, *, is_loaded: bool
) -> pl.DataFrame:
    """Issues of what all rows add up to; ``effect`` counts them.

    The premium income of contracts, events, and the claims of a correction.
    ``is_loaded``: the books have the file already, without what it leaves out.
    """
    whole = {name: pl.concat(frames) for name, frames in effect.together.items()}
    if not any(frame.height for frame in whole.values()):
        return no_issues()
    with transaction.atomic(), connection.cursor() as cursor:
        if record_type.ledger == "premiums":
            lacked = _lacked(cursor, effect, record_type, context)
            found = income_issues(
                whole["income"],
                lacked=[each.key for each in lacked],
                back=[key for each in lacked for key in each.back],
                is_loaded=is_loaded,
            )
        elif context.conventions.is_correction:
            lacked = _lacked(cursor, effect, record_type, context)
            changes = effect.changes(cursor, context, lacked)
            gone = left_out(whole["shares"], changes.positions)
            claims = whole_claims(whole["shares"], gone, whole["paid"], changes.periods)
            events = event_issues(cursor, whole["shares"], gone, is_loaded=is_loaded)
            found = pl.concat([events, claims])
        else:
            found = event_issues(cursor, whole["shares"], is_loaded=is_loaded)
    effect.note_changes(None, found)
    return found


def _lacked(
    cursor: Any, effect: Effect, record_type: RecordType, context: FileContext
) -> list[Lacked]:
    """What a correction leaves out; other files do not."""
    if not context.conventions.is_correction:
        return []
    return effect.lacked(cursor, record_type, context)
