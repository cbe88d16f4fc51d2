"""Ingestions in the API: a file in, its story and its moves out."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_yasg import openapi
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from importers import attachments
from importers.api.base import Doing, accepted, content_length, user_of
from importers.api.forms import (
    Approval,
    Declaration,
    MappingChoice,
    OptionalReason,
    Reason,
    Upload,
    reason_of,
)
from importers.api.shown import (
    RELATED,
    IngestionDetailSerializer,
    IngestionFilters,
    IngestionSerializer,
)
from importers.api.uploads import Measured, require_size
from importers.models import Ingestion
from importers.services import ingestions
from reinsurance.api.base import ListDoor

DOOR = "api"
FILE = openapi.Response("The file.", openapi.Schema(type=openapi.TYPE_FILE))


class IngestionsDoor(Doing, ListDoor):
    """The ingestion log, and the door that files come in by."""

    queryset = Ingestion.objects.select_related(*RELATED)
    serializer_class = IngestionSerializer
    filterset_class = IngestionFilters
    orderings: ClassVar = ("-id",)
    called = "ingestions"
    parser_classes = (MultiPartParser,)
    problems: ClassVar = {
        "create": (
            "unknown_source", "unknown_mapping", "unknown_record_type",
            "duplicate_file", "wrong_file_kind", "not_found",
        )
    }  # fmt: skip

    def initialize_request(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Request:
        """Have what arrives measured, whoever reads the body first."""
        self.measured = Measured(most_bytes())
        if request.method == "POST":
            request.upload_handlers = [self.measured]
        return super().initialize_request(request, *args, **kwargs)

    def require_size(self, request: Request) -> None:
        """A file may be larger than any other body."""
        require_size(content_length(request), most_bytes())

    def file_print(self, file: Any) -> str:
        """Files of the same bytes and name are the same."""
        return f"{file.name}:{self.measured.prints.get('file', '')}"

    @swagger_auto_schema(
        request_body=Upload, responses={202: IngestionDetailSerializer}
    )
    def create(self, request: Request) -> Response:
        """Hand a file in; the cluster checks it next.

        The answer tells its number; `Location` is where to follow it. The bytes are
        kept exactly as they are. A file that is on its way already is refused.
        `declared` says what a second file of one sender, contract and period is.
        """
        form = Upload(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        ingestion = ingestions.submit(
            blocks=data["file"].chunks(),
            file_name=data["file"].name,
            record_type=data["record_type"],
            source=ingestions.source_of(data["source"], user=user_of(request)),
            door=DOOR,
            user=user_of(request),
            mapping=data.get("mapping", ""),
            sheet=data.get("sheet", ""),
            period_start=data.get("period_start"),
            period_end=data.get("period_end"),
            declared=data.get("declared", ""),
        )
        return told(self, ingestion.pk)


def most_bytes() -> int:
    """The largest file that may be handed in."""
    return int(settings.MAX_UPLOAD_MB) << 20


def told(view: Any, pk: int) -> Response:
    """The ingestion as it stands now, and where to follow it."""
    record = Ingestion.objects.select_related(*RELATED).get(pk=pk)
    context = {"request": view.request}
    data = IngestionDetailSerializer(record, context=context).data
    return accepted(data, reverse("api:ingestions-detail", args=[pk]))


class IngestionDoor(Doing):
    """One ingestion and what may be done with it."""

    queryset = Ingestion.objects.select_related(*RELATED)
    serializer_class = IngestionDetailSerializer
    produces: ClassVar = {
        "file": ("application/octet-stream",),
        "rejected_rows": ("text/csv",),
    }
    problems: ClassVar = {
        "file": ("cleared",),
        "rejected_rows": ("cleared",),
        "map": ("state_problem", "bad_mapping", "duplicate_file", "cleared"),
        "declare": ("state_problem",),
        "approve": ("state_problem", "stale_approval"),
        "reject": ("state_problem",),
        "cancel": ("state_problem",),
        "retry": ("state_problem",),
        "undo": ("state_problem", "load_conflict"),
    }

    def retrieve(self, request: Request, pk: int) -> Response:
        """Where it stands: status, counts, totals, progress, what may be done.

        Ask again every few seconds as long as `progress.is_moving`; with the ETag of
        the last answer nothing is sent while nothing has changed.
        """
        return Response(self.get_serializer(self.found(pk)).data)

    @swagger_auto_schema(responses={200: FILE})
    def file(self, request: Request, pk: int) -> HttpResponseBase:
        """The file exactly as it was received."""
        return attachments.original(self.found(pk))

    @swagger_auto_schema(responses={200: FILE})
    def rejected_rows(self, request: Request, pk: int) -> HttpResponseBase:
        """The rows held out, as the sender wrote them, with what is wrong (CSV)."""
        return attachments.rejected_rows(self.found(pk))

    @swagger_auto_schema(
        request_body=MappingChoice, responses={202: IngestionDetailSerializer}
    )
    def map(self, request: Request, pk: int) -> Response:
        """Say what the columns mean; it is remembered, and the file checked by it."""
        form = MappingChoice(data=request.data)
        form.is_valid(raise_exception=True)
        ingestions.confirm_mapping(
            self.found(pk).pk,
            columns=form.validated_data["columns"],
            constants=form.validated_data.get("constants", {}),
            user=user_of(request),
        )
        return told(self, pk)

    @swagger_auto_schema(
        request_body=Declaration, responses={202: IngestionDetailSerializer}
    )
    def declare(self, request: Request, pk: int) -> Response:
        """Say what a second file of a contract and period is; it is checked by that.

        A file with `needs_declaration` is not loaded before; its `message` names what
        is in the books already.
        """
        form = Declaration(data=request.data)
        form.is_valid(raise_exception=True)
        declared = form.validated_data["declared"]
        ingestions.declare(self.found(pk).pk, declared, user=user_of(request))
        return told(self, pk)

    @swagger_auto_schema(
        request_body=Approval, responses={202: IngestionDetailSerializer}
    )
    def approve(self, request: Request, pk: int) -> Response:
        """Let a checked file into the books; the cluster loads it next.

        Approved is what was looked at: `effect` is that of the ingestion's answer, a
        fingerprint of content, mapping and of what loading does. Where it would do
        something else by now the answer is `stale_approval`, and where the books move
        before the load the approval is withdrawn: `withdrawn` then tells why.
        """
        form = Approval(data=request.data)
        form.is_valid(raise_exception=True)
        ingestions.approve(
            self.found(pk).pk, user=user_of(request), seen=form.validated_data["effect"]
        )
        return told(self, pk)

    @swagger_auto_schema(
        request_body=Reason, responses={202: IngestionDetailSerializer}
    )
    def reject(self, request: Request, pk: int) -> Response:
        """Send a checked file back with a reason; nothing of it is loaded."""
        ingestions.reject(
            self.found(pk).pk, user=user_of(request), reason=reason_of(request)
        )
        return told(self, pk)

    @swagger_auto_schema(
        request_body=OptionalReason, responses={202: IngestionDetailSerializer}
    )
    def cancel(self, request: Request, pk: int) -> Response:
        """Withdraw a file that is not loaded yet; the original is kept."""
        form = OptionalReason(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data.get("reason") or "Withdrawn by the API."
        ingestions.cancel(self.found(pk).pk, user=user_of(request), reason=said)
        return told(self, pk)

    @swagger_auto_schema(
        request_body=no_body, responses={202: IngestionDetailSerializer}
    )
    def retry(self, request: Request, pk: int) -> Response:
        """Take a failed ingestion up where it stood."""
        ingestions.retry(self.found(pk).pk, user=user_of(request))
        return told(self, pk)

    @swagger_auto_schema(
        request_body=Reason, responses={202: IngestionDetailSerializer}
    )
    def undo(self, request: Request, pk: int) -> Response:
        """Take a load back; the cluster does it next."""
        ingestions.undo(
            self.found(pk).pk, user=user_of(request), reason=reason_of(request)
        )
        return told(self, pk)
