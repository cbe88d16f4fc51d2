"""What a caller has to know to hand a file in: senders, mappings, kinds of records."""

from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from importers import record_types
from importers.models import Mapping, Source
from importers.record_types import RecordType
from reinsurance.api.base import Door, Fields, ListDoor, text_of
from reinsurance.api.filters import ListFilters, choice, one_of, yes_no


class SourceSerializer(Fields):
    """A sender of files and how its files are read."""

    party = text_of("party.code", "Code of the party behind it.")

    class Meta:
        model = Source
        fields = (
            "id", "code", "name", "party", "is_house", "frequency", "date_order",
            "decimal_mark", "policy", "equal_rows_add", "blank_is_zero", "return_sign",
            "several_currencies", "premium_lists", "premium_amounts_are",
            "other_contracts", "incurred_factor", "is_active",
        )  # fmt: skip


class SourceFilters(ListFilters):
    """How the list of senders is narrowed."""

    code = one_of("code", "Its code.")
    party = one_of("party__code", "Code of the party behind it.")
    is_active = yes_no("is_active", "Whether files are taken from it.")


class SourceDoor(ListDoor):
    """Senders of files."""

    queryset = Source.objects.select_related("party")
    serializer_class = SourceSerializer
    filterset_class = SourceFilters
    orderings: ClassVar = ("id", "code")
    called = "sources"


class MappingSerializer(Fields):
    """Which header means which field, as confirmed once for a sender."""

    source = text_of("source.code", "Code of the sender; null: for all.")

    class Meta:
        model = Mapping
        fields = (
            "id", "name", "source", "record_type", "columns", "constants",
            "confirmed_at",
        )  # fmt: skip


class MappingFilters(ListFilters):
    """How the list of mappings is narrowed."""

    name = one_of("name", "Its name.")
    source = one_of("source__code", "Code of the sender.")
    record_type = choice("record_type", record_types.choices(), "What it maps.")


class MappingDoor(ListDoor):
    """Mappings that files can be read by."""

    queryset = Mapping.objects.select_related("source")
    serializer_class = MappingSerializer
    filterset_class = MappingFilters
    orderings: ClassVar = ("id",)
    called = "mappings"


class ColumnOfType(serializers.Serializer):
    """A column that a file of the kind may have."""

    name = serializers.CharField(help_text="As mappings call it.")
    label = serializers.CharField(help_text="As templates call it.")
    required = serializers.BooleanField()
    explanation = serializers.CharField(allow_blank=True)


class RecordTypeSerializer(serializers.Serializer):
    """A kind of file."""

    slug = serializers.CharField()
    label = serializers.CharField()
    carries_money = serializers.BooleanField(
        help_text="Somebody else than who handed the file in has to approve it."
    )
    columns = ColumnOfType(many=True)


def _told(kind: RecordType) -> dict[str, Any]:
    return {
        "slug": kind.slug,
        "label": kind.label,
        "carries_money": kind.carries_money,
        "columns": [
            {
                "name": name,
                "label": str(column.column_name),
                "required": column.required,
                "explanation": column.explanation,
            }
            for name, column in kind.columns.items()
        ],
    }


class RecordTypeDoor(Door):
    """Kinds of files and their columns."""

    queryset = Source.objects.none()
    serializer_class = RecordTypeSerializer

    def list(self, request: Request) -> Response:
        """Every kind of file that can be handed in."""
        return Response([_told(kind) for kind in record_types.RECORD_TYPES.values()])

    def retrieve(self, request: Request, pk: str) -> Response:
        """One kind of file."""
        if pk not in record_types.RECORD_TYPES:
            raise Http404
        return Response(_told(record_types.RECORD_TYPES[pk]))
