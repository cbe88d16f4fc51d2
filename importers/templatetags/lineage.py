"""``{% lineage_of record %}``: where a domain record comes from, on its own page."""

from typing import Any

from django import template
from django.db import models

from importers.admin import lineage
from reinsurance.models import Bordereau
from reinsurance.visibility import seen_by

register = template.Library()


@register.inclusion_tag("importers/lineage.html", takes_context=True)
def lineage_of(context: dict[str, Any], record: models.Model) -> dict[str, Any]:
    """The record's changes by file and row, for who may read lineage."""
    user = context["request"].user
    if isinstance(record, Bordereau):
        may_see = user.has_perm("importers.view_ingestion")
        files = seen_by(record.ingestions.all(), user)
        files = files.select_related("submitted_by").order_by("-pk")
        return {"may_see_files": may_see, "files": files[: lineage.MOST_CHANGES]}
    may_see = user.has_perm("importers.view_rowchange") and lineage.is_traced(record)
    return {
        "may_see": may_see,
        "changes": lineage.lineage_of(record, user) if may_see else [],
    }
