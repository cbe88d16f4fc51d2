"""Parties in the admin."""

from typing import Any

from django.contrib import admin

from reinsurance.admin.base import RecordAdmin
from reinsurance.admin.editing import EditedAdmin
from reinsurance.models import Party
from reinsurance.resources.parties import PartyResource


@admin.register(Party)
class PartyAdmin(EditedAdmin, RecordAdmin):
    """Companies, found by code, LEI or name."""

    resource_classes = (PartyResource,)
    import_slug = "parties"
    list_display = ("code", "name", "country", "lei")
    list_display_links = ("code", "name")
    list_select_related = ("country",)
    search_fields = ("code__startswith", "lei__startswith", "name__istartswith")
    search_help_text = "Code, name or LEI begins with"
    autocomplete_fields = ("country",)

    def get_readonly_fields(self, request: Any, obj: Party | None = None) -> Any:
        """The code files refer to stays what it was."""
        return ("code",) if obj else ()
