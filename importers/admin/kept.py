"""What services, feeds, inboxes and webhooks share: the machine writes them as well."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from importers.admin.own_pages import MOST_ID
from reinsurance.admin.base import ONE_WAY_TO_SAVE, PlainAdmin


class KeptAdmin(PlainAdmin):
    """A page whose save touches what was edited alone, and leads back to itself.

    ``in_words``: for a field, what is shown of it to who may only look.
    """

    in_words: ClassVar[Mapping[str, str]] = {}

    def opened(self, request: HttpRequest, object_id: str) -> Any:
        """The record of a page; None where there is none that the user may see."""
        is_known = object_id.isdecimal() and int(object_id) <= MOST_ID
        record = self.get_object(request, object_id) if is_known else None
        is_seen = record is not None and self.has_view_permission(request, record)
        return record if is_seen else None

    def head(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """What the page tells above the form: where the record stands, its buttons."""
        return {}

    def instead(
        self, request: HttpRequest, record: Any, head: dict[str, Any]
    ) -> HttpResponse | None:
        """A page in the place of the form; None: the form."""
        return None

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form below where the record stands."""
        record = self.opened(request, object_id)
        head: dict[str, Any] = {}
        if record is not None:
            head = self.head(request, record)
            if page := self.instead(request, record, head):
                return page
        extra = {**head, **ONE_WAY_TO_SAVE, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; saving leads to the record's page."""
        extra = {**ONE_WAY_TO_SAVE, **(extra_context or {})}
        return super().add_view(request, form_url, extra)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code that programs name stays; in words for who may only look."""
        if obj is None:
            return ()
        is_edited = self.has_change_permission(request, obj)
        return ("code",) if is_edited else ("code", *self.in_words.values())

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """In words, and without secrets, for who may only look."""
        sets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return sets
        return [
            (
                title,
                {"fields": [self.in_words.get(str(n), n) for n in options["fields"]]},
            )
            for title, options in sets
        ]

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Save what was edited, and only that: a worker may write the rest."""
        if change:
            obj.save(update_fields=[n for n in form.changed_data if n in form.fields])
        else:
            obj.save()

    def response_post_save_add(
        self, request: HttpRequest, obj: Any
    ) -> HttpResponseRedirect:
        """On to the record's page."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=[obj.pk]))

    def response_post_save_change(
        self, request: HttpRequest, obj: Any
    ) -> HttpResponseRedirect:
        """Back to the record's page."""
        return self.response_post_save_add(request, obj)
