"""What an undo would do, in the API, before it is asked for."""

from typing import ClassVar

from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from importers.api.base import user_of
from importers.models import Ingestion
from importers.services import undo_preview
from reinsurance.api.base import Door


def _names() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(), help_text="The first of them by name."
    )


class AffectedSerializer(serializers.Serializer):
    """So many records that would be removed, changed or brought back."""

    what = serializers.CharField(help_text="Kind of the records.")
    effect = serializers.ChoiceField(("removed", "changed", "brought back"))
    count = serializers.IntegerField()
    examples = _names()

    class Meta:
        ref_name = "UndoAffects"


class EditedSerializer(serializers.Serializer):
    """What a person changed in a record of the load; it stands in the way."""

    user = serializers.CharField(source="user.username", allow_null=True, default=None)
    model = serializers.CharField()
    object_id = serializers.IntegerField()
    fields_changed = serializers.SerializerMethodField()
    at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)

    class Meta:
        ref_name = "UndoEdited"

    def get_fields_changed(self, edit: undo_preview.Edit) -> list[str]:
        """Names of the columns."""
        return sorted(edit.after)


class ReferringSerializer(serializers.Serializer):
    """Records of others that refer to what the load created; they stand in the way."""

    what = serializers.CharField(help_text="Kind of the records.")
    count = serializers.IntegerField()
    examples = _names()

    class Meta:
        ref_name = "UndoReferring"


class UndoPreviewSerializer(serializers.Serializer):
    """What an undo would do, and what stands in its way."""

    is_possible = serializers.BooleanField(help_text="Nothing stands in the way.")
    affected = AffectedSerializer(many=True)
    edits = EditedSerializer(many=True)
    referring = ReferringSerializer(many=True)
    refusal = serializers.CharField(
        help_text="Why it is refused where something would count twice; else empty."
    )
    breaches = serializers.ListField(
        child=serializers.CharField(),
        help_text="What limits of contracts would say of claims that change.",
    )
    contracts = serializers.ListField(
        child=serializers.CharField(),
        help_text="Contracts whose inception or cedant nobody would tell any more, or "
        "whose period would leave claims or premium outside.",
    )


class UndoPreviewDoor(Door):
    """What undoing a load would do."""

    queryset = Ingestion.objects.all()
    serializer_class = UndoPreviewSerializer
    problems: ClassVar = {"*": ("not_found", "state_problem")}

    @swagger_auto_schema(responses={200: UndoPreviewSerializer})
    def retrieve(self, request: Request, pk: int) -> Response:
        """What an undo would remove, change and bring back; nothing is done."""
        found = undo_preview.preview(self.found(pk), user=user_of(request))
        return Response(UndoPreviewSerializer(found).data)
