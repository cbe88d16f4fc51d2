"""What has to be looked at after an undo, which is done and taken back for it.

What limits say of what stands then, and what contracts lose of their keys.  Of claims
it is worked out without writing (:mod:`reinsurance.ledger.claim_undo`).
"""

from dataclasses import dataclass, field

import polars as pl
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from importers.exceptions import LoadConflict
from importers.models import RowChange
from importers.pipeline.standing_panels import panels_now
from importers.pipeline.undo import take_back
from importers.record_types import RecordType
from reinsurance.ledger.above_limits import above_limits, premium_above
from reinsurance.ledger.lost_keys import known_of, lost
from reinsurance.ledger.lowered_limits import lowered, terms_of
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.models import Layer, Load, Participation, PremiumEntry, Treaty
from reinsurance.resources.panel_rules import panel_issues


@dataclass(frozen=True, slots=True)
class After:
    """Sentences about what stands then: above limits, and on contracts unclear."""

    limits: list[str] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)


def after_undo(record_type: RecordType, load: Load) -> After:
    """What would stand above a limit, and contracts; nothing where it is refused.

    Of registers: limits that come back lower than they are, panels that do not hold
    together, and contracts whose inception or cedant nobody tells any more.  Of
    premium: the premium income of contracts that have a limit.
    """
    is_register = record_type.is_register
    keys = _contracts_of(load) if is_register else _limited_by(load)
    if not keys:
        return After()
    before, known = terms_of(keys), known_of(keys) if is_register else {}
    said = _panels(keys) if is_register else premium_above(before)["message"].to_list()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
            take_back(cursor, record_type, load)
            terms = terms_of(keys)
            above = (
                above_limits(lowered(terms, before))
                if is_register
                else premium_above(terms)
            )
            found = above["message"].to_list() + (_panels(keys) if is_register else [])
            found = [each for each in found if each not in said]
            after = After(found, lost(known, known_of(known)))
            transaction.set_rollback(True)
    except (IntegrityError, LoadConflict, CountsTwiceError):
        return After()
    return after


def _contracts_of(load: Load) -> list[int]:
    """Contracts of which a register told terms, or those of a layer, or lines."""
    rows = RowChange.objects.filter(ingestion=load.number)
    contracts = rows.filter(model="treaty").values("object_id")
    layers = rows.filter(model="layer").values("object_id")
    lines = rows.filter(model="participation")
    told = Participation.objects.filter(pk__in=lines.values("object_id"))
    left = lines.filter(before__layer_id__isnull=False)
    panels = {
        *told.values_list("layer_id", flat=True),
        *left.values_list("before__layer_id", flat=True),
    }
    of_layers = Layer.objects.filter(Q(pk__in=layers) | Q(pk__in=panels))
    found = Treaty.objects.filter(
        Q(pk__in=contracts) | Q(pk__in=of_layers.values("treaty"))
    )
    return sorted(found.values_list("pk", flat=True))


def _panels(contracts: list[int]) -> list[str]:
    """What is wrong with the panels of contracts as they stand."""
    found = panel_issues(panels_now(contracts))
    return found.filter(pl.col("severity") == "breach")["message"].to_list()


def _limited_by(load: Load) -> list[int]:
    """Contracts with a premium income limit that a premium file told of."""
    entries = PremiumEntry.all_objects.filter(treaty=OuterRef("pk"))
    found = Treaty.objects.filter(
        Exists(entries.filter(load=load)) | Exists(entries.filter(replaced_by=load)),
        premium_income_limit__isnull=False,
    )
    return sorted(found.values_list("pk", flat=True))
