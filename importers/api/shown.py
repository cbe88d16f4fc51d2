"""An ingestion as the API shows it, and how the log is narrowed."""

from typing import Any

from drf_yasg.utils import swagger_serializer_method
from rest_framework import serializers

from importers import record_types
from importers.models import Ingestion
from importers.services.doable import MOVING, doable
from importers.services.follow_ups import may_answer
from importers.services.withdrawals import withdrawn
from importers.values import OPEN, Status
from reinsurance.api.base import Fields, text_of
from reinsurance.api.filters import (
    ListFilters,
    choice,
    moment_from,
    moment_to,
    one_of,
    starts,
)

RELATED = ("source", "mapping", "submitted_by", "approved_by")
"""What showing an ingestion needs of others, so that none costs a query."""


class IngestionSerializer(Fields):
    """A file on its way into the books: where it stands and what became of its rows."""

    source = text_of("source.code", "Code of the sender.")
    mapping = text_of("mapping.name", "The mapping it is read by.")
    submitted_by = text_of("submitted_by.username", "Who handed it in.")
    approved_by = text_of("approved_by.username", "Who approved it.")

    class Meta:
        model = Ingestion
        fields: tuple[str, ...] = (
            "id", "status", "record_type", "source", "mapping", "parent",
            "period_start", "period_end", "declared", "needs_declaration", "effect",
            "door", "file_name", "file_size", "sha256", "sheet", "message",
            "rows_read", "rows_created", "rows_updated", "rows_unchanged",
            "rows_rejected", "totals", "issue_counts", "seconds",
            "attempts", "submitted_by", "approved_by", "received_at", "checked_at",
            "approved_at", "loaded_at", "cleared_at",
        )  # fmt: skip


class Progress(serializers.Serializer):
    """How far it is: whether the cluster has work to do on it, or somebody has."""

    is_moving = serializers.BooleanField(help_text="The cluster is, or will be, at it.")
    is_ended = serializers.BooleanField(help_text="Nothing more happens by itself.")
    waits_for = serializers.CharField(
        allow_blank=True,
        help_text="mapping, declaration, approval or retry: by a person.",
    )


class Doables(serializers.Serializer):
    """What the caller may do with it now."""

    map = serializers.BooleanField()
    approve = serializers.BooleanField()
    reject = serializers.BooleanField()
    cancel = serializers.BooleanField()
    retry = serializers.BooleanField()
    undo = serializers.BooleanField()
    declare = serializers.BooleanField()
    pick_contracts = serializers.BooleanField()
    why_not_approve = serializers.CharField(allow_blank=True)


class Moves(serializers.Serializer):
    """By how much loading changes the books, and what a correction leaves out."""

    moves = serializers.DictField(
        child=serializers.CharField(),
        help_text="“paid USD”, “incurred USD”, “premium USD” to the amount; premium "
        "that is told at a share apart: “premium USD at 100 %”, “premium USD our "
        "share”.",
    )
    lacking = serializers.IntegerField(
        help_text="So many positions or entries a correction leaves out."
    )


class IngestionDetailSerializer(IngestionSerializer):
    """With what it does, how far it is and what the caller may do."""

    changes_books = serializers.SerializerMethodField()
    withdrawn = serializers.SerializerMethodField(
        help_text="What was different where its approval was withdrawn."
    )
    follow_ups = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    may = serializers.SerializerMethodField()

    class Meta(IngestionSerializer.Meta):
        fields = (
            *IngestionSerializer.Meta.fields, "changes_books", "withdrawn",
            "follow_ups", "progress", "may",
        )  # fmt: skip

    @swagger_serializer_method(serializer_or_field=Moves())
    def get_changes_books(self, ingestion: Ingestion) -> dict[str, Any]:
        """By how much loading changes the books."""
        effect = ingestion.effect_parts.get("effect", {})
        return {
            "moves": {n: str(a) for n, a in effect.get("moves", {}).items()},
            "lacking": effect.get("lacking", 0),
        }

    @swagger_serializer_method(serializer_or_field=serializers.CharField())
    def get_withdrawn(self, ingestion: Ingestion) -> str:
        """Why an approval was withdrawn."""
        return withdrawn(ingestion)

    @swagger_serializer_method(
        serializer_or_field=serializers.ListField(child=serializers.IntegerField())
    )
    def get_follow_ups(self, ingestion: Ingestion) -> list[int]:
        """Numbers of files that go on with rows held out of this one."""
        numbers = ingestion.follow_ups.order_by("pk")
        return list(numbers.values_list("pk", flat=True))

    @swagger_serializer_method(serializer_or_field=Progress())
    def get_progress(self, ingestion: Ingestion) -> dict[str, Any]:
        """How far it is."""
        status = Status(ingestion.status)
        waits_for = {
            Status.NEEDS_MAPPING: "mapping",
            Status.READY: "declaration" if ingestion.needs_declaration else "approval",
            Status.FAILED: "retry",
        }.get(status, "")
        return {
            "is_moving": status in MOVING,
            "is_ended": status not in OPEN and status not in MOVING,
            "waits_for": waits_for,
        }

    @swagger_serializer_method(serializer_or_field=Doables())
    def get_may(self, ingestion: Ingestion) -> dict[str, Any]:
        """What the caller may do."""
        user = self.context["request"].user
        may = doable(ingestion, user)
        return {
            "map": may.map_columns,
            "approve": may.approve,
            "reject": may.reject,
            "cancel": may.cancel,
            "retry": may.retry,
            "undo": may.undo,
            "declare": may.declare,
            "pick_contracts": may_answer(ingestion, user),
            "why_not_approve": may.why_not_approve,
        }


class IngestionFilters(ListFilters):
    """How the log is narrowed."""

    status = choice("status", [(s.value, s.value) for s in Status], "Where it stands.")
    record_type = choice("record_type", record_types.choices(), "What its rows hold.")
    source = one_of("source__code", "Code of the sender.")
    sha256 = one_of("sha256", "Fingerprint of the file.")
    file_name = starts("file_name", "The file's name begins with.")
    received_from = moment_from("received_at", "Received at this time or later.")
    received_to = moment_to("received_at", "Received at this time or earlier.")
