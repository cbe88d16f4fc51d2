"""One history a record: what rows of files did to it, and what people did."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from importers.services import history
from reinsurance.api.whole import WholeDoor
from reinsurance.visibility import seen_by

ACTIONS = (
    "created", "updated", "deleted", "repeated", "told", "earlier", "replaced", "added",
    "changed", "proposed", "refused", "withdrawn",
)  # fmt: skip


class LineageSerializer(serializers.Serializer):
    """One thing that was done to the record, from what to what, by whom and why."""

    id = serializers.CharField(source="key", help_text="Tells it from the others.")
    action = serializers.ChoiceField(
        ACTIONS,
        help_text="By files: created, updated, deleted, repeated, told (a claim's "
        "money), earlier and replaced (premium of the same period). By people: added, "
        "changed, deleted, proposed, refused, withdrawn (an amount told by hand).",
    )
    at = serializers.DateTimeField(allow_null=True, help_text="When it was done.")
    ingestion = serializers.IntegerField(
        source="number", allow_null=True, help_text="The file; null: a person did it."
    )
    file_name = serializers.CharField(
        source="ingestion.file_name", allow_null=True, default=None
    )
    source = serializers.CharField(
        source="ingestion.source.code",
        allow_null=True,
        default=None,
        help_text="Code of the sender.",
    )
    status = serializers.CharField(
        source="ingestion.status",
        allow_null=True,
        default=None,
        help_text="Where the ingestion stands.",
    )
    row = serializers.IntegerField(allow_null=True, help_text="Row of the file.")
    undone_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the file was undone, or the amount withdrawn; null: it counts.",
    )
    position = serializers.CharField(
        allow_blank=True, help_text="Section, risk code and currency of a statement."
    )
    user = serializers.CharField(
        source="user.username", allow_null=True, default=None, help_text="Who did it."
    )
    confirmed_by = serializers.CharField(
        source="confirmed_by.username",
        allow_null=True,
        default=None,
        help_text="The second person, who applied or refused it.",
    )
    reason = serializers.CharField(allow_blank=True)
    before = serializers.JSONField(help_text="Values before, by name.")
    after = serializers.JSONField(help_text="Values after, or what was told.")

    class Meta:
        ref_name = "Lineage"


class LineageDoor(WholeDoor):
    """What files and people did to one record, the newest first."""

    serializer_class = LineageSerializer
    records: Any = None
    problems: ClassVar = {"*": ("not_found",)}

    def get_queryset(self) -> QuerySet:
        """The records, of which the address names one."""
        return seen_by(self.records.all(), self.request.user)

    def list(self, request: Request, pk: int) -> Response:
        """All of it on one page."""
        self.asked(request)
        record = get_object_or_404(self.get_queryset(), pk=pk)
        user: Any = request.user
        entries = history.of(record, user=user)
        return self.listed(list(LineageSerializer(entries, many=True).data))
