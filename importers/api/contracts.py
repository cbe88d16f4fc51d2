"""Rows that need a contract, in the API: what waits, and the answers."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from importers.api.base import Doing, user_of
from importers.api.forms import Answers
from importers.api.ingestions import told
from importers.api.shown import IngestionDetailSerializer
from importers.models import Ingestion
from importers.services import follow_ups
from reinsurance.api.whole import WholeDoor


class GroupSerializer(serializers.Serializer):
    """Rows held out of one contract reference, which need a contract."""

    reference = serializers.CharField(help_text="As the file has it.")
    rows = serializers.IntegerField()
    codes = serializers.ListField(
        child=serializers.ChoiceField(follow_ups.CODES), help_text="Kinds of issue."
    )
    follow_up = serializers.IntegerField(
        source="follow_up.pk",
        allow_null=True,
        default=None,
        help_text="Number of the file that the rows go on in; null: they wait.",
    )

    class Meta:
        ref_name = "NeedsContract"


class ContractsDoor(Doing, WholeDoor):
    """Rows that wait for somebody to say which contract they are about."""

    queryset = Ingestion.objects.all()
    serializer_class = GroupSerializer
    problems: ClassVar = {
        "list": ("not_found",),
        "create": (
            "not_found", "state_problem", "cleared", "duplicate_file", "too_many_files",
        ),
    }  # fmt: skip

    def get_queryset(self) -> QuerySet:
        """The ingestions that the caller may see."""
        return super().get_queryset()

    def list(self, request: Request, pk: int) -> Response:
        """The references, with the number of rows, all of them on one page."""
        self.asked(request)
        record = get_object_or_404(self.get_queryset(), pk=pk)
        groups: Any = follow_ups.groups_of(record)
        return self.listed(list(GroupSerializer(groups, many=True).data))

    @swagger_auto_schema(
        request_body=Answers, responses={202: IngestionDetailSerializer}
    )
    def create(self, request: Request, pk: int) -> Response:
        """Say which contract each reference means; its rows go on as a file of theirs.

        The answer is that file, with an approval and undo of its own; `parent` is the
        first one, whose counts stay.
        """
        form = Answers(data=request.data)
        form.is_valid(raise_exception=True)
        record = get_object_or_404(self.get_queryset(), pk=pk)
        follow_up = follow_ups.answer_contracts(
            record, form.validated_data["answers"], user=user_of(request)
        )
        return told(self, follow_up.pk)
