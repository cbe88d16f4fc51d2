"""Forms that say who changed what and why, and that propose where two have to agree."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from reinsurance.admin import breaches, edits
from reinsurance.admin.meanwhile import MeanwhileAdmin
from reinsurance.models import Edit
from reinsurance.models.loads import EditStatus

_PROPOSED = "_proposed_edits"
WAITS = (
    "The contract has claims or premium on it, so its terms are changed by two people. "
    "What you entered waits on the contract's page until another person applies it."
)
NO_REASON = "Nothing was deleted. Say why it is to be deleted."
NOT_WITH_IT = "What you entered below it was left out: add it once the record is made."


class MeantForm(forms.ModelForm):
    """A record's form that asks whether it is meant, where a file would be warned."""

    breach_is_meant = forms.BooleanField(
        required=False,
        label="It is meant",
        help_text="Save it although it breaks what is said above.",
    )
    breaches: ClassVar[tuple[str, ...]] = ()

    def clean(self) -> dict[str, Any] | None:
        """Raise ValidationError with what is said of it, if anything is."""
        if self.breaches:
            advice = "Nothing was saved. Correct it, or tick “It is meant”."
            raise forms.ValidationError([*self.breaches, advice])
        return super().clean()


class ReasonForm(MeantForm):
    """A record's form that asks why it is changed."""

    reason = forms.CharField(
        max_length=400,
        widget=forms.TextInput(attrs={"class": "vTextField form-control"}),
        help_text="Why it is changed; it stays with the change, for everybody to read.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:
            self.fields["reason"].required = self.instance.pk is not None


class EditedAdmin(MeanwhileAdmin):
    """An admin of records of which every change by hand is kept.

    Forms that are a :class:`ReasonForm` ask for the reason of a change.  Records are
    deleted one by one, so that of each is told what became of it.
    """

    delete_confirmation_template = "reinsurance/delete.html"

    def doubts_of(self, record: Any, was: Any) -> list[str]:
        """What a file with the record would be held out or warned for, in words.

        ``was``: the record as the books have it; None where they have none.
        """
        return []

    @property
    def needs_reason(self) -> bool:
        """Whether somebody who changes or deletes a record has to say why."""
        return issubclass(self.form, ReasonForm)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """All but deleting many at once."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fields, and below them the reason where somebody may change them."""
        found = super().get_fieldsets(request, obj)
        if not issubclass(self.form, MeantForm):
            return found
        if {"reason", breaches.MEANT} & set(flatten_fieldsets(found)):
            found = [
                (title, {**options, "fields": _without(options["fields"])})
                for title, options in found
            ]
        names = []
        may_change = obj is not None and self.has_change_permission(request, obj)
        if self.needs_reason and may_change:
            names.append("reason")
        if breaches.found(request):
            names.append(breaches.MEANT)
        return [*found, ("Why", {"fields": names})] if names else found

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form; one that was taken back says what it would have broken."""
        form = super().get_form(request, *args, **kwargs)
        found = breaches.found(request)
        if found and issubclass(self.form, MeantForm):
            return type(form.__name__, (form,), {"breaches": tuple(found)})
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form's page; what breaks a contract's rules is shown again, not saved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except breaches.BreachError as broken:
            breaches.show_again(request, broken.breaches)
            return super().changeform_view(request, *args, **kwargs)

    # ------------------------------------------------------------------ what is done
    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Save the record, or propose the change; where it is in doubt, if meant."""
        was = edits.stored(obj) if change else None
        known = self.doubts_of(was, was) if was else []
        new = [doubt for doubt in self.doubts_of(obj, was) if doubt not in known]
        if new and not request.POST.get(breaches.MEANT):
            raise breaches.BreachError(new)
        self._save(request, obj, form)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Save what stands below, and look at the contract as a whole."""
        super().save_related(request, form, formsets, change)
        if self.needs_reason:
            breaches.require_meant(request, form.instance, _proposed(request))

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:
        """Save the records below, or propose the changes."""
        formset.save(commit=False)
        if form.instance.pk is None:
            if formset.new_objects:
                messages.warning(request, NOT_WITH_IT)
            return
        for record in formset.deleted_objects:
            self._note(
                request,
                edits.delete(record=record, user=_user(request), reason=_reason(form)),
            )
        for record in [*(r for r, _ in formset.changed_objects), *formset.new_objects]:
            self._save(request, record, form)
        formset.save_m2m()

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page to confirm a deletion, which asks for the reason."""
        has_reason = bool(request.POST.get("reason", "").strip())
        if request.method == "POST" and self.needs_reason and not has_reason:
            messages.error(request, NO_REASON)
            return HttpResponseRedirect(request.path)
        extra = {"needs_reason": self.needs_reason, **(extra_context or {})}
        return super().delete_view(request, object_id, extra)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the record and say so to who follows, or propose to."""
        reason = request.POST.get("reason", "")[:400]
        self._note(
            request, edits.delete(record=obj, user=_user(request), reason=reason)
        )

    def _save(self, request: HttpRequest, record: models.Model, form: Any) -> None:
        breaches.note_before(request, record)
        self._note(
            request,
            edits.save(record=record, user=_user(request), reason=_reason(form)),
        )

    def _note(self, request: HttpRequest, edit: Edit | None) -> None:
        if edit is not None and edit.status == EditStatus.PROPOSED:
            setattr(request, _PROPOSED, [*_proposed(request), edit])

    # ------------------------------------------------------------------ what is said
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django's own log; not of what is only proposed."""
        return (
            None if _proposed(request) else super().log_addition(request, obj, message)
        )

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django's own log; not of what is only proposed."""
        return None if _proposed(request) else super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Django's own log; not of what will only be proposed."""
        gone: Any = [r for r in queryset if not edits.needs_second_person(r)]
        return super().log_deletions(request, gone) if gone else []

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        """Where to go on, with word of what waits."""
        if not _proposed(request):
            return super().response_add(request, obj, post_url_continue)
        messages.warning(request, WAITS)
        return self.response_post_save_add(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Where to go on, with word of what waits."""
        if not _proposed(request):
            return super().response_change(request, obj)
        messages.warning(request, WAITS)
        return self.response_post_save_change(request, obj)

    def response_delete(
        self, request: HttpRequest, obj_display: str, obj_id: Any
    ) -> HttpResponse:
        """Where to go on, with word of what waits."""
        if not _proposed(request):
            return super().response_delete(request, obj_display, obj_id)
        messages.warning(request, WAITS)
        return self.response_post_save_change(request, None)


def _without(fields: Any) -> list[Any]:
    return [name for name in fields if name not in ("reason", breaches.MEANT)]


def _proposed(request: HttpRequest) -> list[Edit]:
    found: list[Edit] = getattr(request, _PROPOSED, [])
    return found


def _user(request: HttpRequest) -> Any:
    return request.user


def _reason(form: Any) -> str:
    return str(form.cleaned_data.get("reason") or "")
