"""What a load did, record by record: the rows, and what each created or changed.

Records of most kinds have a row change each.  Money has none: the statements of a
claim, and the entries of premium, are its lineage.  Here they are told alike.
"""

import datetime
from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from importers import record_types
from importers.models import Ingestion, RowChange
from importers.values import Action
from reinsurance.ledger.amounts import TOLD
from reinsurance.models import Claim, ClaimStatement, Load, PremiumEntry

MODEL, RECORD, DID = "of_model", "of_record", "did"
BEFORE, AFTER = "was", "became"
ANNOTATED = (MODEL, RECORD, DID, BEFORE, AFTER)
"""What every line has beside ``pk`` and ``row``: model and key of the record, what was
done, and values by column, as text."""

_TELLING = ("period_start", "period_end", "status_id", *TOLD, "details")
_HIDDEN = (
    "id", "created_at", "updated_at", "load_id", "row", "replaced_by_id", "told",
    "treaty_id",
)  # fmt: skip
_OF_ONE_PREMIUM = (
    "treaty", "policy_reference", "certificate_reference", "section", "risk_code",
    "transaction_type", "effective_date", "currency",
)  # fmt: skip
_FIRST_DAY = Value(datetime.date.min, models.DateField())


class _Image(models.Func):
    """The values of a record by column, as text, without those that are none."""

    output_field = models.JSONField()

    def __init__(self, model: type[models.Model], columns: tuple[str, ...]) -> None:
        super().__init__(F("pk"))
        listed = ", ".join(f"'{name}'" for name in columns)
        self.template = (
            "(SELECT jsonb_object_agg(x.key, x.value) "  # noqa: S608 names are ours
            f"FROM {model._meta.db_table} r, jsonb_each_text(to_jsonb(r)) x "
            "WHERE r.id = %(expressions)s AND x.value <> ALL(ARRAY['', '{}']) "
            f"AND x.key IN ({listed}))"
        )


def changes_of(ingestion: Ingestion) -> QuerySet[Any]:
    """The lines, each with ``row`` and what :data:`ANNOTATED` names; in no order."""
    kind = record_types.RECORD_TYPES.get(ingestion.record_type)
    ledger = kind.ledger if kind else None
    if ledger is None:
        return RowChange.objects.filter(ingestion=ingestion).annotate(
            of_model=F("model"),
            of_record=F("object_id"),
            did=F("action"),
            was=F("before"),
            became=F("after"),
        )
    load = Load.objects.filter(number=ingestion.pk, user=None).first()
    return _statements(load) if ledger == "claims" else _entries(load)


def _statements(load: Load | None) -> QuerySet[Any]:
    before = ClaimStatement.objects.filter(
        _stood_before(), position=OuterRef("position"), pk__lt=OuterRef("pk")
    ).exclude(load=OuterRef("load"))
    return _told(
        ClaimStatement.objects.filter(load=load) if load else _none(ClaimStatement),
        Claim,
        record=F("position__claim_id"),
        before=before,
        image=_Image(ClaimStatement, _TELLING),
    )


def _entries(load: Load | None) -> QuerySet[Any]:
    before = PremiumEntry.all_objects.annotate(
        number=Coalesce("instalment_number", -1),
        ends=Coalesce("period_end", _FIRST_DAY),
    ).filter(
        _stood_before(),
        pk__lt=OuterRef("pk"),
        number=Coalesce(OuterRef("instalment_number"), -1),
        ends=Coalesce(OuterRef("period_end"), _FIRST_DAY),
        **{name: OuterRef(name) for name in _OF_ONE_PREMIUM},
    )
    columns = tuple(
        str(field.column)
        for field in PremiumEntry._meta.concrete_fields
        if field.column not in _HIDDEN
    )
    rows = PremiumEntry.all_objects
    return _told(
        rows.filter(load=load) if load else rows.none(),
        PremiumEntry,
        record=F("pk"),
        before=before,
        image=_Image(PremiumEntry, columns),
    )


def _stood_before() -> Q:
    """Loads that were in the books when this one came."""
    return Q(load__undone_at=None) | Q(load__undone_at__gt=OuterRef("load__loaded_at"))


def _none(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.none()
    return rows


def _told(
    rows: QuerySet[Any], model: Any, *, record: F, before: QuerySet[Any], image: Any
) -> QuerySet[Any]:
    """Lines of a ledger: the first word of a record created it, others updated it."""
    return rows.annotate(
        of_model=Value(model._meta.model_name, models.CharField()),
        of_record=record,
        did=Case(
            When(Exists(before), then=Value(Action.UPDATED.value)),
            default=Value(Action.CREATED.value),
            output_field=models.CharField(),
        ),
        was=Value(None, models.JSONField()),
        became=image,
    )


__all__ = ["ANNOTATED", "changes_of"]
