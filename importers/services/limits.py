"""A file of a user who is limited to certain cedants stays within those cedants."""

from importers.exceptions import LoadConflict
from importers.models import Ingestion, RowChange
from importers.record_types import RecordType
from reinsurance.models import LoadPeriod
from reinsurance.visibility import Cedants, cedants_of, of_cedants

BEYOND = (
    "Some rows are about treaties that are not in the books for who handed the file "
    "in. Nothing was loaded; take it up again, and it is checked anew."
)


def cedants_for(record: Ingestion) -> Cedants:
    """The cedants whose records the file may refer to.

    Those that who handed it in was limited to then (a client may be limited to fewer
    than its user), as far as the user still is.  What nobody handed in, a scheduled
    sync, is not limited.
    """
    now = cedants_of(record.submitted_by) if record.submitted_by else None
    if record.only_cedants is None:
        return now
    then = frozenset(record.only_cedants)
    return then if now is None else then & now


def require_within(record: Ingestion, kind: RecordType) -> None:
    """Raise LoadConflict where the load changed records of other cedants.

    For the transaction of the load: limits and treaties may have changed since the
    check.  No query where the user is not limited, but for that.  Money has no row
    changes: what a load of it is about are the contracts that it has rows for.
    """
    cedants = cedants_for(record)
    if cedants is None:
        return
    if kind.ledger is not None:
        periods = LoadPeriod.objects.filter(load__number=record.pk, load__user=None)
        within = of_cedants(periods, cedants).order_by()
        if periods.exclude(pk__in=within.values("pk")).exists():
            raise LoadConflict(BEYOND)
        return
    for resource in kind.resources:
        model = resource.model()
        changes = RowChange.objects.filter(
            ingestion=record.pk, model=model._meta.model_name
        )
        rows = model._default_manager.filter(pk__in=changes.values("object_id"))
        within = of_cedants(model._default_manager.all(), cedants).order_by()
        if rows.exclude(pk__in=within.values("pk")).exists():
            raise LoadConflict(BEYOND)
