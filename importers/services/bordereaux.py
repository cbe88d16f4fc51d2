"""The bordereau that a loaded file is recorded as."""

from django.db.models.functions import Now
from django.utils import timezone

from importers.models import Ingestion
from importers.record_types import RecordType
from importers.values import Status
from reinsurance.choices import BordereauStatus
from reinsurance.models import Bordereau


def bordereau_for(ingestion: Ingestion, kind: RecordType) -> Bordereau | None:
    """The sender's bordereau of the file's period, made if need be.

    None for record types that are no bordereaux.  Inside the load's transaction.
    """
    if kind.bordereau is None:
        return None
    values = {
        "status": BordereauStatus.LOADED,
        "received_date": timezone.localdate(ingestion.received_at),
        "period_start": ingestion.period_start,
    }
    if ingestion.period_end is None:
        return Bordereau.objects.create(
            kind=kind.bordereau, party=ingestion.source.party, **values
        )
    bordereau, _ = Bordereau.objects.update_or_create(
        kind=kind.bordereau,
        party=ingestion.source.party,
        treaty=None,
        period_end=ingestion.period_end,
        defaults=values,
    )
    return bordereau


def take_back(ingestion: Ingestion) -> None:
    """The bordereau is here and not in the books, unless another file of it is.

    Inside the transaction that undoes the file's load.
    """
    others = Ingestion.objects.filter(
        bordereau=ingestion.bordereau_id, status=Status.LOADED
    ).exclude(pk=ingestion.pk)
    if ingestion.bordereau_id is not None and not others.exists():
        Bordereau.objects.filter(
            pk=ingestion.bordereau_id, status=BordereauStatus.LOADED
        ).update(status=BordereauStatus.RECEIVED, updated_at=Now())
