"""What the sender of a file told about it, as the stages take it."""

from datetime import date
from typing import Any

from importers.models import Ingestion
from importers.pipeline.clean import ROW_IN_FILE
from importers.pipeline.held_out import in_order, names_told
from importers.services import limits
from importers.services.follow_up_parents import (
    parts_of_one_file,
    spoken_by_parents,
    told_by_parents,
)
from importers.values import Declared
from reinsurance.ledger.contracts_left import Rejected
from reinsurance.resources.conventions import Conventions, FileContext, HeldOutLine


def conventions_of(record: Ingestion) -> Conventions:
    """How the rows of the file are meant, and what they may be about."""
    source = record.source
    return Conventions(
        sender=source.pk,
        party=source.party_id,
        is_house=source.is_house,
        cedants=limits.cedants_for(record),
        frequency=source.frequency,
        return_sign=source.return_sign,
        blank_is_zero=source.blank_is_zero,
        several_currencies=source.several_currencies,
        equal_rows_add=source.equal_rows_add,
        premium_lists=source.premium_lists,
        premium_amounts_are=source.premium_amounts_are,
        other_contracts=source.other_contracts,
        incurred_factor=source.incurred_factor,
        is_correction=record.declared == Declared.CORRECTION,
        is_additional=is_additional(record),
        contracts={str(text): int(key) for text, key in record.contracts.items()},
    )


def is_additional(record: Ingestion) -> bool:
    """Whether the file adds to another one: by declaration, or as its mended rows.

    Those have the column that rows held out are given.
    """
    if record.declared:
        return bool(record.declared == Declared.ADDITIONAL)
    header = record.table.get("header", ())
    return any(str(name).startswith(ROW_IN_FILE) for name in header)


def context_of(record: Ingestion) -> FileContext:
    """The file as the stages see it."""
    held_out: dict[str, Any] = record.effect_parts.get("held_out", {})
    of_parents = told_by_parents(record)
    rejected = _rejected(held_out)
    return FileContext(
        number=record.pk,
        conventions=conventions_of(record),
        period_start=record.period_start,
        period_end=record.period_end,
        held_out=in_order({*names_told(rejected), *of_parents}),
        rejected=rejected,
        held_out_lines=tuple(map(HeldOutLine.of_json, held_out.get("lines", ()))),
        parts=tuple(sorted(parts_of_one_file(record))),
        of_parents=spoken_by_parents(record),
    )


def _rejected(held_out: dict[str, Any]) -> tuple[Rejected, ...]:
    """Contract, reference and period's end of rows held out."""
    return tuple(
        (int(treaty), text, end and date.fromisoformat(end))
        for treaty, text, end in held_out.get("rejected", ())
    )
