"""The bordereaux that a loaded file is recorded as, by contract and period."""

from django.db.models.functions import Now
from django.utils import timezone

from importers.models import Ingestion
from importers.record_types import RecordType
from importers.services.sequence import Periods
from reinsurance.choices import BordereauStatus
from reinsurance.models import Bordereau, Load, LoadPeriod


def receive(record: Ingestion, kind: RecordType, periods: Periods) -> None:
    """The sender's bordereaux of the file's contracts and periods are here.

    Inside the load's transaction.  A file without periods is no bordereau.
    """
    if kind.bordereau is None:
        return
    load = Load.objects.get(number=record.pk, user=None)
    for treaty, start, end in periods:
        if treaty is None or end is None:
            continue
        Bordereau.objects.update_or_create(
            kind=kind.bordereau,
            party=record.source.party,
            treaty_id=treaty,
            period_end=end,
            defaults={
                "load": load,
                "status": BordereauStatus.LOADED,
                "received_date": timezone.localdate(record.received_at),
                "period_start": start,
                "is_nil": False,
            },
        )


def receive_nil(record: Ingestion, kind: RecordType) -> None:
    """The sender has nothing to report for the period of the form.

    Inside the load's transaction.
    """
    if kind.bordereau is None:
        return
    values = {
        "load": Load.objects.get(number=record.pk, user=None),
        "status": BordereauStatus.LOADED,
        "received_date": timezone.localdate(record.received_at),
        "is_nil": True,
    }
    expected = Bordereau.objects.filter(
        kind=kind.bordereau,
        party=record.source.party,
        period_end=record.period_end,
        status=BordereauStatus.EXPECTED,
    )
    if not expected.update(updated_at=Now(), **values):
        Bordereau.objects.update_or_create(
            kind=kind.bordereau,
            party=record.source.party,
            treaty=None,
            period_end=record.period_end,
            defaults={"period_start": record.period_start, **values},
        )


def take_back(record: Ingestion) -> None:
    """The bordereaux are here and not in the books, unless another file of them is.

    Inside the transaction that undoes the file's load.
    """
    mine = Bordereau.objects.filter(load__number=record.pk, load__user=None)
    for bordereau in mine.select_related("load"):
        other = (
            LoadPeriod.objects.filter(
                treaty=bordereau.treaty_id,
                period_end=bordereau.period_end,
                load__sender=record.source_id,
                load__record_type=record.record_type,
                load__undone_at=None,
            )
            .order_by("-load__number")
            .first()
        )
        status = BordereauStatus.LOADED if other else BordereauStatus.RECEIVED
        Bordereau.objects.filter(pk=bordereau.pk).update(
            load=other.load_id if other else bordereau.load_id,
            status=status,
            updated_at=Now(),
        )
