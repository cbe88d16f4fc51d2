"""Positions of claims as exported: what the ledger holds, section by section."""

from collections.abc import Sequence
from typing import Any

import tablib
from django.db.models import QuerySet

from reinsurance.models import ClaimPosition
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.claim_exports import claims_of, claims_table
from reinsurance.resources.claims import ClaimResource


class ClaimPositionResource(DomainResource):
    """Positions as they stand, as a claims file; statements make them."""

    class Meta(DomainResource.Meta):
        model = ClaimPosition
        name = "Claims"
        import_id_fields = ()

    def get_user_visible_fields(self) -> Sequence[Column]:
        """The columns that the export page names."""
        return list(ClaimResource.columns().values())

    def export(self, queryset: QuerySet | None = None, **kwargs: Any) -> tablib.Dataset:
        """A claims file of the positions."""
        positions = ClaimPosition.objects.all() if queryset is None else queryset
        return claims_table(ClaimResource.columns(), claims_of(positions))
