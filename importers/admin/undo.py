"""The page before an undo: what it would do, what is in its way, and why it is done."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from importers.admin import page
from importers.exceptions import ImporterError
from importers.models import Ingestion
from importers.services import undo_preview

if TYPE_CHECKING:
    from importers.admin.ingestions import IngestionAdmin

EFFECTS = {
    "removed": "leave the books",
    "changed": "change",
    "brought back": "come back into the books",
}


def confirm(
    admin: "IngestionAdmin", request: HttpRequest, ingestion: Ingestion
) -> HttpResponse:
    """Show what undoing the load would do; the form asks for it with a reason."""
    try:
        found = undo_preview.preview(ingestion, user=page.user_of(request))
    except ImporterError as problem:
        messages.error(request, problem.message)
        return redirect("admin:importers_ingestion_change", ingestion.pk)
    context = admin.context(
        request,
        title=f"Undo {ingestion.file_name}",
        ingestion=ingestion,
        preview=found,
        effects=[
            {
                "effect": part.effect,
                "said": f"{part.count:,} {part.what} {_verb(part.effect, part.count)}",
                "examples": part.examples,
                "more": _more(part),
            }
            for part in found.affected
        ],
        edits=[
            {
                "who": page.named(edit.user) or "Somebody",
                "fields": ", ".join(sorted(edit.after)).replace("_", " "),
                "record": f"{edit.model} {edit.reference or edit.object_id}",
                "at": edit.at,
                "reason": edit.reason,
            }
            for edit in found.edits
        ],
    )
    return TemplateResponse(request, "importers/undo.html", context)


def _more(part: undo_preview.Affected) -> str:
    """What is said of those without a name: too many, or not for this user to see."""
    rest = part.count - len(part.examples)
    if not rest:
        return ""
    if part.examples:
        return f"and {rest:,} more"
    return "of a cedant that you do not see, so not named here"


def _verb(effect: str, count: int) -> str:
    """``1 claim leaves``, ``2 claims leave``."""
    verb, *rest = EFFECTS[effect].split(" ")
    return " ".join([f"{verb}s" if count == 1 else verb, *rest])
