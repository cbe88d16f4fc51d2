"""Where a record's values came from: which row of which file changed what."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from importers.models import RowChange
from reinsurance.api.base import Fields, ListDoor, text_of
from reinsurance.visibility import seen_by


class LineageSerializer(Fields):
    """One change of the record: by which row of which file, from what to what."""

    file_name = text_of("ingestion.file_name", "Name of the file.")
    source = text_of("ingestion.source.code", "Code of the sender.")
    status = text_of("ingestion.status", "Where the ingestion stands.")
    loaded_at = text_of("ingestion.loaded_at", "When it was loaded.")

    class Meta:
        model = RowChange
        fields = (
            "id", "ingestion", "file_name", "source", "status", "loaded_at", "row",
            "action", "before", "after",
        )  # fmt: skip


class LineageDoor(ListDoor):
    """The changes of one record, the newest first."""

    queryset = RowChange.objects.select_related("ingestion__source")
    serializer_class = LineageSerializer
    orderings: ClassVar = ("-id",)
    called = "lineage"
    records: Any = None
    problems: ClassVar = {"*": ("not_found",)}

    def get_queryset(self) -> QuerySet:
        """Changes of the record of the address; Http404 where none is seen."""
        if getattr(self, "swagger_fake_view", False):
            return RowChange.objects.none()
        records = seen_by(self.records.all(), self.request.user)
        record = get_object_or_404(records, pk=self.kwargs["pk"])
        name = str(self.records.model._meta.model_name)
        return RowChange.objects.filter(model=name, object_id=record.pk).select_related(
            "ingestion__source"
        )
