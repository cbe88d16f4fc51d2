"""What loading a file changed, record by record, of money too."""

from typing import Any, ClassVar

from django.db.models import F, QuerySet

from importers.api.story import OfIngestion, seen_ingestion
from importers.models import RowChange
from importers.services import changes_of
from reinsurance.api.base import Fields
from reinsurance.api.filters import ListFilters, choice, number
from reinsurance.api.streams import MadeField

ACTIONS = ("created", "updated", "deleted")
TEXT: dict[str, Any] = {"type": "string"}


def _values(about: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": TEXT,
        "x-nullable": True,
        "description": about,
    }


class ChangeSerializer(Fields):
    """What one row of a file did to one record.

    Of a claim: what the row told of its money, which created or changed the claim. Of
    premium: the entry that the row added.
    """

    model = MadeField(
        F(changes_of.MODEL), {**TEXT, "description": "Kind of the record."}
    )
    object_id = MadeField(
        F(changes_of.RECORD), {"type": "integer", "description": "Its number (id)."}
    )
    action = MadeField(F(changes_of.DID), {**TEXT, "enum": list(ACTIONS)})
    before = MadeField(
        F(changes_of.BEFORE), _values("Values before, by column; null for money.")
    )
    after = MadeField(F(changes_of.AFTER), _values("Values told, by column."))

    class Meta:
        model = RowChange
        fields = ("id", "row", "model", "object_id", "action", "before", "after")


class ChangeFilters(ListFilters):
    """How the changes are narrowed."""

    action = choice(changes_of.DID, [(name, name) for name in ACTIONS], "What.")
    row = number("row", "Row of the file.", most=2**31 - 1)


class ChangesDoor(OfIngestion):
    """What loading the file changed, record by record."""

    queryset = RowChange.objects.all()
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilters
    orderings: ClassVar = ("row",)
    called = "changes"

    def get_queryset(self) -> QuerySet:
        """Those of the ingestion's load."""
        if getattr(self, "swagger_fake_view", False):
            return RowChange.objects.none()
        return changes_of.changes_of(seen_ingestion(self))
