"""What a file leaves out of what was told before, in sentences for its page."""

from collections.abc import Iterator

from django.db import connection, transaction
from django.utils.formats import date_format

from importers.pipeline.effects import Effect, lists_year
from importers.record_types import RecordType
from reinsurance.ledger.lacking import Lacked
from reinsurance.resources.conventions import FileContext

CORRECTION_LACKS = "correction_lacks"
LIST_LACKS = "list_lacks"
MOST_NAMED = 200
MOST_OF_LIST = 20


def left_out(
    effect: Effect, record_type: RecordType, context: FileContext
) -> Iterator[tuple[str, str]]:
    """Code and sentence for each record that the file leaves out.

    A correction leaves out what was told of its periods, a list of the year to date
    what earlier lists of the year told; not where it adds to a list, or goes on
    with rows of one whose contract somebody answered.  Files of no ledger do not:
    who leaves a panel is known with the register.
    """
    if record_type.ledger is None:
        return
    told = context.conventions
    is_part = told.is_additional or bool(told.contracts)
    if told.is_correction:
        yield from _of_correction(effect, record_type, context)
    elif lists_year(record_type, context) and not is_part:
        yield from _of_list(effect, record_type, context)


def _of_correction(
    effect: Effect, record_type: RecordType, context: FileContext
) -> Iterator[tuple[str, str]]:
    with transaction.atomic(), connection.cursor() as cursor:
        found = effect.find_lacking(cursor, record_type, context)
        moved_away = effect.moved_away(cursor, record_type, context)
        days = effect.lacked_days(cursor, record_type, context, found[:MOST_NAMED])
    for moved in moved_away:
        yield CORRECTION_LACKS, moved
    for lacked in found[:MOST_NAMED]:
        said = (
            f"{lacked.name}: told for the period to {_day(lacked)} and missing in this "
            f"correction. {lacked.fate} {days.get((lacked.key, lacked.period_end), '')}"
        )
        yield CORRECTION_LACKS, said.rstrip()
    if len(found) > MOST_NAMED:
        more = len(found) - MOST_NAMED
        yield CORRECTION_LACKS, f"And {more:,} more that this correction lacks."


def _of_list(
    effect: Effect, record_type: RecordType, context: FileContext
) -> Iterator[tuple[str, str]]:
    """Entries of earlier lists stay: the sender may have left them out or not."""
    ends = {end for _, _, end in effect.periods}
    with transaction.atomic(), connection.cursor() as cursor:
        found = [
            lacked
            for lacked in effect.lacked(cursor, record_type, context)
            if lacked.period_end not in ends
        ]
    for lacked in found[:MOST_OF_LIST]:
        yield (
            LIST_LACKS,
            f"{lacked.name}: listed to {_day(lacked)} and missing in this later "
            "list of the year to date. It still counts. If it should not, hand "
            "this list in as a correction; else ask the sender.",
        )
    if len(found) > MOST_OF_LIST:
        more = len(found) - MOST_OF_LIST
        yield LIST_LACKS, f"And {more:,} more that this list lacks."


def _day(lacked: Lacked) -> str:
    return date_format(lacked.period_end, "j F Y") if lacked.period_end else ""
