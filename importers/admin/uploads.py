"""The upload page: bytes in, an ingestion out."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from importers import record_types
from importers.admin.forms import UploadForm
from importers.admin.page import user_of
from importers.exceptions import DuplicateFile, ImporterError
from importers.models import Ingestion
from importers.services import ingestions, permissions

if TYPE_CHECKING:
    from importers.admin.ingestions import IngestionAdmin

DOOR = "admin upload"


def upload(admin: "IngestionAdmin", request: HttpRequest) -> HttpResponse:
    """Show the form; hand a file over to the service and go to its page."""
    if not permissions.may_submit(user_of(request)):
        raise PermissionDenied
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, user=user_of(request))
        if form.is_valid():
            answer = _submit(request, form)
            if answer is not None:
                return answer
    else:
        kind = request.GET.get("type", "")
        initial = {"record_type": kind if kind in record_types.RECORD_TYPES else ""}
        initial["source"] = request.GET.get("source", "")
        form = UploadForm(initial=initial, user=user_of(request))
    context = admin.context(
        request,
        title="Upload a file",
        form=form,
        main=[form[name] for name in ("record_type", "source", "file")],
        more=[form[name] for name in ("declared", "sheet", "mapping")],
        kinds=permissions.kinds_for(user_of(request)),
    )
    return TemplateResponse(request, "importers/upload.html", context)


def _submit(request: HttpRequest, form: UploadForm) -> HttpResponse | None:
    """Hand the file over; None where the form has to be shown again."""
    data = form.cleaned_data
    mapping, file = data["mapping"], data["file"]
    try:
        ingestion: Ingestion = ingestions.submit(
            blocks=file.chunks(),
            file_name=file.name,
            record_type=data["record_type"],
            source=data["source"] or ingestions.source_of(None),
            door=DOOR,
            user=user_of(request),
            mapping=mapping.name if mapping else "",
            sheet=data["sheet"],
            period_start=data["period_start"],
            period_end=data["period_end"],
            declared=data["declared"],
        )
    except DuplicateFile as problem:
        messages.warning(request, problem.message)
        return redirect("admin:importers_ingestion_change", problem.ingestion)
    except ImporterError as problem:
        form.add_error(None, problem.message)
        return None
    messages.success(request, f"Received {file.name} as number {ingestion.pk}.")
    return redirect("admin:importers_ingestion_change", ingestion.pk)
