"""Rules of a ledger's whole file, at its check and its load.

Its parts are settled each by itself, and what a correction leaves out is known only
after the last of them.
"""

import polars as pl
from django.db import connection, transaction

from importers.pipeline.effects import Effect
from importers.pipeline.frames import no_issues
from importers.record_types import RecordType
from reinsurance.ledger.claim_shares import left_out
from reinsurance.ledger.event_limits import event_issues
from reinsurance.ledger.lacking import Lacked
from reinsurance.ledger.lacking_moves import NO_CHANGES, Changes
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
    lacked, changes = _left_out(effect, record_type, context)
    if record_type.ledger == "premiums":
        keys = [each.key for each in lacked]
        found = income_issues(whole["income"], lacked=keys, is_loaded=is_loaded)
    else:
        shares = whole["shares"]
        gone = left_out(shares, changes.positions)
        found = event_issues(shares, gone, is_loaded=is_loaded)
        if context.conventions.is_correction:
            more = whole_claims(shares, gone, whole["paid"], changes.periods)
            found = pl.concat([found, more])
    effect.note_changes(None, found)
    return found


def _left_out(
    effect: Effect, record_type: RecordType, context: FileContext
) -> tuple[list[Lacked], Changes]:
    """What a correction leaves out, and what that does to positions of claims."""
    if not context.conventions.is_correction:
        return [], NO_CHANGES
    with transaction.atomic(), connection.cursor() as cursor:
        lacked = effect.lacked(cursor, record_type, context)
        if record_type.ledger == "premiums":
            return lacked, NO_CHANGES
        return lacked, effect.changes(cursor, context, lacked)
