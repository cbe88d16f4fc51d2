"""The bordereau that a loaded file is recorded as."""

from django.utils import timezone

from importers.models import Ingestion
from importers.record_types import RecordType
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
