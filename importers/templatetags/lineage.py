"""``{% lineage_of record %}``: what files and people did to a record, on its page."""

from typing import Any

from django import template
from django.db import models
from django.db.models import QuerySet

from importers.admin import lineage
from importers.models import Ingestion
from reinsurance.models import Bordereau, LoadPeriod
from reinsurance.visibility import seen_by

register = template.Library()


@register.inclusion_tag("importers/lineage.html", takes_context=True)
def lineage_of(context: dict[str, Any], record: models.Model) -> dict[str, Any]:
    """The record's history, for who may read lineage."""
    user = context["request"].user
    if isinstance(record, Bordereau):
        may_see = user.has_perm("importers.view_ingestion")
        files = seen_by(_files_of(record), user).select_related("submitted_by")
        newest = files.order_by("-pk")[: lineage.MOST_CHANGES]
        return {"may_see_files": may_see, "files": newest}
    may_see = user.has_perm("importers.view_rowchange") and lineage.is_traced(record)
    return {
        "may_see": may_see,
        "changes": lineage.lineage_of(record, user) if may_see else [],
    }


def _files_of(bordereau: Bordereau) -> QuerySet[Ingestion]:
    """The files of its sender that have rows for its contract and period."""
    numbers = LoadPeriod.objects.filter(
        load__record_type=bordereau.kind,
        load__user__isnull=True,
        treaty=bordereau.treaty_id,
        period_end=bordereau.period_end,
    ).values("load__number")
    found = Ingestion.objects.filter(pk__in=numbers)
    if bordereau.party_id:
        found = found.filter(source__party=bordereau.party_id)
    if bordereau.load is None:
        return found
    return found | Ingestion.objects.filter(pk=bordereau.load.number)
