"""The mapping form: a clerk says once what a sender's columns mean."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from importers import record_types
from importers.admin.forms import ColumnsForm
from importers.admin.page import user_of
from importers.exceptions import BadMapping, ImporterError
from importers.models import Ingestion
from importers.services import ingestions, permissions

if TYPE_CHECKING:
    from importers.admin.ingestions import IngestionAdmin


def map_columns(
    admin: "IngestionAdmin", request: HttpRequest, ingestion: Ingestion
) -> HttpResponse:
    """Show headers with samples and choices; have the file checked by the answers."""
    if not permissions.may_submit(user_of(request)):
        raise PermissionDenied
    if ingestion.status not in ingestions.MAPPABLE:
        messages.warning(
            request,
            f"This file is “{ingestion.status}”; its columns cannot be mapped now.",
        )
        return redirect("admin:importers_ingestion_change", ingestion.pk)
    kind = record_types.get(ingestion.record_type)
    form = ColumnsForm(
        request.POST or None,
        ingestion=ingestion,
        kind=kind,
        samples=ingestion.table.get("samples", {}),
    )
    if request.method == "POST" and form.is_valid():
        try:
            ingestions.confirm_mapping(
                ingestion.pk,
                columns=form.chosen_columns(),
                constants=form.chosen_constants(),
                user=user_of(request),
            )
        except BadMapping as problem:
            form.add_error(None, problem.message)
        except ImporterError as problem:
            messages.error(request, problem.message)
            return redirect("admin:importers_ingestion_change", ingestion.pk)
        else:
            messages.success(
                request, "Mapping confirmed and remembered. The file is checked next."
            )
            return redirect("admin:importers_ingestion_change", ingestion.pk)
    context = admin.context(
        request,
        title="Map columns",
        ingestion=ingestion,
        form=form,
        shares=sorted(form.shares),
    )
    return TemplateResponse(request, "importers/columns.html", context)
