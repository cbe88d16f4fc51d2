"""Optimistic locking: a form of a record that was changed meanwhile is not saved.

A form has all values of its record and of those below it.  Saved late, it would put
back what a file, or somebody else, has changed since it was opened; so it carries a
digest of what stood then, which is compared under lock.
"""

import json
from typing import Any

from django.contrib import admin, messages
from django.db import models, transaction
from django.forms.models import _get_foreign_key
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import constant_time_compare, salted_hmac

from reinsurance.admin import edits

OPENED = "as_opened"
"""The form's hidden field: the digest of what stood when it was opened."""
CHANGED = (
    "{} “{}” was changed meanwhile, by a file or by somebody else: nothing was saved. "
    "The form shows what stands now; History says who changed what. Look again, and "
    "enter your change anew."
)


class MeanwhileAdmin(admin.ModelAdmin):
    """An admin whose forms are saved only over what they were opened with."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form's page, with the digest; the page anew where it is another."""
        record = self.get_object(request, object_id) if object_id else None
        if record is None or not self.has_change_permission(request, record):
            return super().changeform_view(request, object_id, form_url, extra_context)
        opened = request.POST.get(OPENED, "")
        if request.method != "POST":
            extra = {OPENED: self._digest(request, record), **(extra_context or {})}
            return super().changeform_view(request, object_id, form_url, extra)
        with transaction.atomic():
            now = self._digest(request, record, locks=True)
            if opened and not constant_time_compare(opened, now):
                return self._shown_anew(request, record)
            extra = {OPENED: now, **(extra_context or {})}
            return super().changeform_view(request, object_id, form_url, extra)

    def _shown_anew(self, request: HttpRequest, record: models.Model) -> HttpResponse:
        kind = str(record._meta.verbose_name).capitalize()
        messages.error(request, CHANGED.format(kind, record))
        return HttpResponseRedirect(request.get_full_path())

    def _digest(
        self, request: HttpRequest, record: models.Model, *, locks: bool = False
    ) -> str:
        """Of all that people set in the record and in those below it."""
        found = [type(record)._base_manager.filter(pk=record.pk)]
        for inline in self.get_inline_instances(request, record):
            key = _get_foreign_key(self.model, inline.model)
            rows = inline.model._base_manager.filter(**{key.name: record.pk})
            found.append(rows.order_by("pk"))
        images = [
            [type(row).__name__, row.pk, edits.image_of(row)]
            for rows in found
            for row in (rows.select_for_update() if locks else rows)
        ]
        return digest_of(images)


def digest_of(values: Any) -> str:
    """A digest of values that nobody else can make up; they are put in as JSON."""
    text = json.dumps(values, sort_keys=True)
    return salted_hmac(__name__, text, algorithm="sha256").hexdigest()
