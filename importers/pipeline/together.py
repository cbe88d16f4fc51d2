"""Rules of a ledger's whole file, at its check and its load: contracts and events."""

import polars as pl
from django.db import connection, transaction

from importers.pipeline.effects import Effect
from importers.pipeline.frames import no_issues
from importers.record_types import RecordType
from reinsurance.ledger.claim_shares import left_out
from reinsurance.ledger.event_limits import event_issues
from reinsurance.ledger.lacking import Lacked
from reinsurance.ledger.lacking_moves import CHANGES
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
    if not effect.together:
        return no_issues()
    whole = pl.concat(effect.together)
    lacked: list[Lacked] = []
    changed = pl.DataFrame(schema=CHANGES)
    is_correction = context.conventions.is_correction
    is_claims = record_type.ledger == "claims"
    if is_correction and whole.height:
        with transaction.atomic(), connection.cursor() as cursor:
            lacked = effect.lacked(cursor, record_type, context)
            if is_claims:
                changed = effect.changes(cursor, context, lacked)
    if is_claims:
        gone = left_out(whole, changed)
        found = event_issues(whole, gone, is_loaded=is_loaded)
        if is_correction:
            found = pl.concat([found, whole_claims(whole, gone)])
    else:
        keys = [each.key for each in lacked]
        found = income_issues(whole, lacked=keys, is_loaded=is_loaded)
    effect.note_changes(None, found)
    return found
