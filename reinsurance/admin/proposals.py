"""Changes by hand in words, and the pages where a second person decides them."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from reinsurance.admin import edits
from reinsurance.admin.base import Panel, ReadOnlyAdmin
from reinsurance.admin.values import money, share
from reinsurance.models import Edit, Treaty
from reinsurance.models.base import MoneyField, ShareField
from reinsurance.models.loads import EditStatus
from reinsurance.resources.contract_breaches import breaches_of
from reinsurance.visibility import seen_by

MOST_PROPOSED = 100
MOVES = {
    "apply": (edits.apply, "Applied: the contract is changed."),
    "refuse": (edits.refuse, "Refused: the contract stays as it is."),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change by hand: what kind of record, which fields, from what to what."""

    edit: Edit
    kind: str
    differences: tuple[tuple[str, str, str], ...]

    @property
    def is_open(self) -> bool:
        """Whether it waits for a second person."""
        return self.edit.status == EditStatus.PROPOSED


def in_words(edit: Edit) -> Proposal:
    """The change with the names and values as our pages write them."""
    model = apps.get_model("reinsurance", edit.model)
    fields = edits.fields_of(model)
    names = [n for n in {**edit.before, **edit.after} if n in fields]
    differences = tuple(
        (
            str(fields[name].verbose_name).capitalize(),
            _words(fields[name], edit.before.get(name)),
            _words(fields[name], edit.after.get(name)),
        )
        for name in names
    )
    return Proposal(edit, str(model._meta.verbose_name), differences)


def _words(field: models.Field, text: Any) -> str:
    if text in (None, ""):
        return ""
    if isinstance(field, models.ForeignKey):
        found = field.related_model._base_manager.filter(pk=text).first()
        return str(found or text)
    if field.choices:
        return str(dict(field.flatchoices).get(text, text))
    if isinstance(field, ShareField):
        return share(field.to_python(text))
    if isinstance(field, MoneyField):
        return money(field.to_python(text))
    return str(text)


def waiting_for(treaty: Treaty) -> list[Panel]:
    """The panel of what waits for a second person; nothing where nothing does."""
    rows = Edit.objects.filter(treaty=treaty, status=EditStatus.PROPOSED)
    waiting = [in_words(e) for e in rows.select_related("user")[:MOST_PROPOSED]]
    if not waiting:
        return []
    template = "reinsurance/proposals.html"
    return [Panel("Waits for a second person", template, {"proposals": waiting})]


@admin.register(Edit)
class EditAdmin(ReadOnlyAdmin):
    """What people changed by hand, and what waits for a second person."""

    list_display = (
        "at",
        "kind",
        "reference",
        "action",
        "user",
        "reason",
        "status",
        "confirmed_by",
    )
    list_display_links = ("at", "reference")
    list_filter = ("status", "action")
    list_select_related = ("user", "confirmed_by")
    search_fields = ("reference__startswith",)
    search_help_text = "Name of the record begins with"
    fields = (
        "at",
        "kind",
        "reference",
        "action",
        "status",
        "user",
        "proposed_at",
        "reason",
        "confirmed_by",
        "decided_at",
    )
    readonly_fields = fields

    @admin.display(description="record", ordering="model")
    def kind(self, edit: Edit) -> str:
        """What kind of record it is."""
        return str(apps.get_model("reinsurance", edit.model)._meta.verbose_name)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The change with what it changes, and the buttons where it waits."""
        edit = self.get_object(request, object_id)
        panels = []
        if edit is not None:
            shown = {"proposals": [in_words(edit)]}
            panels = [Panel("What it changes", "reinsurance/proposals.html", shown)]
        extra = {"panels": panels, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def get_urls(self) -> list[URLPattern]:
        """With the address of the two buttons."""
        view = self.admin_site.admin_view(self.move_view)
        move = path("<int:pk>/move/<slug:move>/", view, name="reinsurance_edit_move")
        return [move, *super().get_urls()]

    def move_view(self, request: HttpRequest, pk: int, move: str) -> HttpResponse:
        """Apply or refuse what another person proposed."""
        edit = seen_by(Edit.objects.all(), request.user).filter(pk=pk).first()
        if edit is None or move not in MOVES:
            raise Http404("There is no such change.")
        user: Any = request.user
        if not user.has_perm(f"reinsurance.change_{edit.model}"):
            raise PermissionDenied
        act, done = MOVES[move]
        treaty = edit.treaty_id
        before = breaches_of(treaty) if treaty else []
        try:
            act(edit=edit, user=user)
        except edits.EditError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, done)
            for breach in breaches_of(treaty) if treaty else []:
                if breach not in before:
                    messages.warning(request, breach)
        if treaty and Treaty.objects.filter(pk=treaty).exists():
            return HttpResponseRedirect(
                reverse("admin:reinsurance_treaty_change", args=[treaty])
            )
        return HttpResponseRedirect(reverse("admin:reinsurance_edit_changelist"))
